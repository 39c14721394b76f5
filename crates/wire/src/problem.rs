//! How a refusal is told over HTTP: RFC 9457 problem documents with a stable `code`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// `https://tidings.dev/problems/<code>`: names the kind of problem; nothing needs to be there.
    #[serde(rename = "type")]
    pub kind: String,
    /// The same sentence for each problem of this code.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// Stable; made for programs.
    pub code: String,
    /// What happened here and what to do about it.
    pub detail: String,
    /// For a refused verb: where the job stands, and what it may be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<ProblemJob>,
    /// The field of the request that is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The limit that was passed, in the unit that `detail` names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProblemJob {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<crate::words::StatusWord>)]
    pub status: Option<String>,
    pub rev: u64,
    #[schema(value_type = Vec<crate::words::VerbWord>)]
    pub verbs: Vec<String>,
}

impl Problem {
    pub fn new(status: u16, code: &str, title: &str, detail: impl Into<String>) -> Problem {
        Problem {
            kind: format!("https://tidings.dev/problems/{code}"),
            title: title.to_owned(),
            status,
            code: code.to_owned(),
            detail: detail.into(),
            job: None,
            field: None,
            limit: None,
        }
    }
}
