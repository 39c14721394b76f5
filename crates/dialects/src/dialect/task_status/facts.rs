//! What system 4 knows of a task, taken from a job: its name, its error as a sentence, its output as text, who does it and for which project.

use domain::{Status, limits};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use wire::record::JobSummary;

use crate::dialect::status;
use crate::told;

/// Names of the labels: tags `assignee:<name>` and `project:<id>`.
pub(super) const ASSIGNEE: &str = "assignee";
pub(super) const PROJECT: &str = "project";
/// Numbers below this are exact in every client.
const EXACT: u64 = 1 << 53;

/// By the name that the app gave it, if it did.
pub(super) fn name(job: &JobSummary) -> &str {
    job.external_id.as_deref().unwrap_or(&job.id)
}

/// Bytes that the value of a label may have, for the tag that it becomes.
pub(super) const fn label_bytes(label: &str) -> usize {
    limits::TAG_BYTES - label.len() - 1
}

pub(super) fn label<'a>(job: &'a JobSummary, name: &str) -> Option<&'a str> {
    job.tags.iter().find_map(|tag| tag.strip_prefix(name)?.strip_prefix(':'))
}

/// Its output as text; a result that is `null` is none. What runs here has one when it completed; what runs elsewhere has the one that its source
/// told last.
pub(super) fn output(job: &JobSummary, result: Option<&RawValue>) -> Option<String> {
    result.filter(|_| status(job) == Status::Completed || is_mirrored(job)).and_then(as_text)
}

/// JSON as text: what is no text is told as the JSON that it is.
pub(super) fn as_text(json: &RawValue) -> Option<String> {
    match serde_json::from_str::<Option<String>>(json.get()) {
        Ok(text) => text,
        Err(_) => Some(json.get().to_owned()),
    }
}

/// What is wrong with it. An end that clients know only as `failed` begins with the word that says which it is, whoever said the rest.
pub(super) fn error(job: &JobSummary) -> Option<String> {
    let said = job.error.as_ref().map(|error| error.message.to_string()).filter(|message| !message.is_empty());
    let (which, unsaid) = match status(job) {
        Status::Aborted => ("Cancelled", "Cancelled before it was done"),
        Status::TimedOut => ("Timed out", "Timed out before it was done"),
        Status::Lost => ("Lost", "Lost: how it went is not known"),
        Status::Failed => return told::why_it_ended(job),
        Status::Retrying => return said,
        _ => return said.filter(|_| is_mirrored(job)),
    };
    Some(said.map_or_else(|| unsaid.to_owned(), |said| format!("{which}: {said}")))
}

/// Whether it is run elsewhere, and its source says how it is.
pub(super) fn is_mirrored(job: &JobSummary) -> bool {
    &*job.mode == "mirrored"
}

/// A name that was a number in the app's own database is told as that number.
pub(super) struct NameOrNumber<'a>(pub &'a str);

impl Serialize for NameOrNumber<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.parse::<u64>().ok().filter(|number| *number < EXACT && number.to_string() == self.0) {
            Some(number) => serializer.serialize_u64(number),
            None => serializer.serialize_str(self.0),
        }
    }
}
