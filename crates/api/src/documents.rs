//! The API described by itself: OpenAPI 3.1 from the handlers, AsyncAPI 3.0 from the frames.

use serde_json::{Value, json};
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use wire::frame::{ClientFrame, ServerFrame};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Tidings", description = "Runs the long operations of web apps and tells everybody how they are doing.",
         license(name = "MIT OR Apache-2.0")),
    components(schemas(ClientFrame, ServerFrame, wire::record::JobSummary, wire::problem::Problem)),
    tags(
        (name = "jobs", description = "Make, read, change and list jobs"),
        (name = "verbs", description = "Ask something of jobs"),
        (name = "reports", description = "Work, and tell how it goes"),
        (name = "live", description = "Follow jobs as they change"),
        (name = "overview", description = "Counts and tasks"),
        (name = "access", description = "Who asks"),
        (name = "operations", description = "For operators"),
    ),
    modifiers(&Security),
)]
struct Base;

/// How callers say who they are.
struct Security;

impl utoipa::Modify for Security {
    fn modify(&self, openapi: &mut OpenApi) {
        use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "A JWT, an API key (tdk_…) or a token of POST /tokens. Not needed in open mode, nor where the app is asked whose session \
                 cookie a request carries.",
            ))
            .build();
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        openapi.security = Some(vec![SecurityRequirement::new("bearer", Vec::<String>::new())]);
    }
}

pub(crate) fn base() -> OpenApi {
    Base::openapi()
}

/// The OpenAPI document of every route, with the schemas of the live frames.
pub fn openapi() -> OpenApi {
    let (_, document) = crate::router::documented().split_for_parts();
    document
}

/// [`openapi`] as text, as it is served and kept in the docs.
pub fn openapi_json() -> String {
    let mut text = openapi().to_pretty_json().unwrap_or_else(|error| format!("{{\"unserializable\":{:?}}}", error.to_string()));
    text.push('\n');
    text
}

/// The AsyncAPI document of the live connection. Its schemas are those of [`openapi`].
pub fn asyncapi() -> Value {
    let document = serde_json::to_value(openapi()).unwrap_or_default();
    let schemas = document.pointer("/components/schemas").cloned().unwrap_or_default();
    let from_client = messages(&schemas, "ClientFrame");
    let from_server = messages(&schemas, "ServerFrame");
    let reference = |side: &str, names: &[(String, Value)]| -> Vec<Value> {
        names.iter().map(|(name, _)| json!({"$ref": format!("#/channels/live/messages/{side}.{name}")})).collect()
    };
    let mut channel = serde_json::Map::new();
    let mut components = serde_json::Map::new();
    for (side, list) in [("client", &from_client), ("server", &from_server)] {
        for (name, schema) in list {
            let key = format!("{side}.{name}");
            let about = schema.get("description").cloned().unwrap_or(Value::Null);
            let mut message = json!({"name": name, "title": key, "contentType": "application/json", "payload": schema});
            if about.is_string() {
                message["summary"] = about;
            }
            components.insert(key.clone(), message);
            channel.insert(key.clone(), json!({"$ref": format!("#/components/messages/{key}")}));
        }
    }
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tidings live",
            "version": document.pointer("/info/version").cloned().unwrap_or_default(),
            "description": "Protocol 1. What the frames mean is in docs/protocol.md.",
        },
        "defaultContentType": "application/json",
        "channels": {"live": {
            "address": "/api/v1/live",
            "description": "A WebSocket. The same frames come as events of /api/v1/live/events and in the answers of /api/v1/live/poll.",
            "messages": channel,
        }},
        "operations": {
            "fromClient": {
                "action": "receive", "channel": {"$ref": "#/channels/live"}, "messages": reference("client", &from_client),
            },
            "fromServer": {
                "action": "send", "channel": {"$ref": "#/channels/live"}, "messages": reference("server", &from_server),
            },
        },
        "components": {"messages": components, "schemas": schemas},
    })
}

/// [`asyncapi`] as text, as it is kept in the docs.
pub fn asyncapi_json() -> String {
    format!("{:#}\n", asyncapi())
}

/// The variants of a frame, by the word in their `type`.
fn messages(schemas: &Value, name: &str) -> Vec<(String, Value)> {
    let variants = schemas.pointer(&format!("/{name}/oneOf")).and_then(Value::as_array).cloned().unwrap_or_default();
    variants.into_iter().filter_map(|schema| Some((word(&schema)?, schema))).collect()
}

fn word(schema: &Value) -> Option<String> {
    let own = schema.pointer("/properties/type/enum/0").or_else(|| schema.pointer("/properties/type/const"));
    let parts = || schema.get("allOf")?.as_array()?.iter().find_map(word);
    own.and_then(Value::as_str).map(str::to_owned).or_else(parts)
}
