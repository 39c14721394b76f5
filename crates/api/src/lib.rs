//! Everything HTTP: REST, the live edges, access, the API document, the dashboard's files.
//!
//! [`router`] makes the whole of it from a [`Context`]. A handler turns bytes into a use case of the engine and its answer into bytes;
//! nothing here decides about jobs. [`access`] says who asks, [`problems`] how a refusal is told, [`limits`] how often one may ask. The
//! live edges hand bytes between sockets and the gateway. Older systems' contracts are mounted beside the routes, and translated elsewhere.

pub mod access;
mod answers;
mod body;
mod conditions;
mod context;
mod credentials;
mod dashboard;
mod dialects;
mod documents;
pub mod health;
mod jobs;
pub mod limits;
mod live;
mod metering;
mod objects;
mod operations;
mod outgoing;
mod overview;
pub mod problems;
mod queries;
mod router;

pub use access::{Access, AccessConfig, install_crypto};
pub use context::Context;
pub use documents::{asyncapi, asyncapi_json, openapi, openapi_json};
pub use health::{AskSource, SourceCounts, SourceHealth};
pub use limits::{RateLimit, RateLimits, RequestLimits};
pub use metering::RequestCounts;
pub use router::{PREFIX, router};
