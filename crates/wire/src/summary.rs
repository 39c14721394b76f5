//! Writes the summary of a job straight from the job, once for each event, without its twin between them.
//!
//! The shape is defined by [`crate::record::JobSummary`]; the tests hold this file to it, byte for byte.

use std::fmt::Write as _;

use domain::job::{Job, WishKind};
use domain::{JobId, Timestamp};

use crate::{convert, time};

/// Bytes that most summaries fit into.
const USUAL_BYTES: usize = 1_024;

/// The summary with all of its tags and its whole progress; the error message is what `message` makes of it.
pub(crate) fn write(job: &Job, message: impl Fn(&str) -> String) -> String {
    let mut out = Out { text: String::with_capacity(USUAL_BYTES) };
    out.text.push_str("{\"id\":");
    out.id(job.id);
    out.str(",\"task\":", &job.task);
    out.word(",\"mode\":\"", job.mode.as_str());
    out.word(",\"status\":\"", job.status.as_str());
    out.some(",\"reason\":", job.reason.as_deref());
    out.number(",\"rev\":", job.rev);
    out.number(",\"settlement\":", job.settlement.into());
    out.number(",\"attempt\":", job.attempt.into());
    out.str(",\"tenant\":", &job.tenant);
    out.str(",\"owner\":", &job.owner);
    if let Some(subject) = &job.subject {
        out.str(",\"subject\":{\"type\":", &subject.kind);
        out.str(",\"id\":", &subject.id);
        out.text.push('}');
    }
    out.some(",\"session\":", job.session.as_deref());
    out.some(",\"title\":", job.title.as_deref());
    out.some(",\"link\":", job.link.as_deref());
    for (number, tag) in job.tags.iter().enumerate() {
        out.str(if number == 0 { ",\"tags\":[" } else { "," }, tag);
    }
    if !job.tags.is_empty() {
        out.text.push(']');
    }
    for (name, id) in [(",\"parentId\":", job.parent), (",\"rootId\":", Some(job.root).filter(|root| *root != job.id))] {
        if let Some(id) = id {
            out.text.push_str(name);
            out.id(id);
        }
    }
    out.some(",\"batchId\":", job.batch.as_deref());
    out.some(",\"externalId\":", job.external_id.as_deref());
    if let Some(id) = job.rerun_of {
        out.text.push_str(",\"rerunOf\":");
        out.id(id);
    }
    out.text.push_str(if job.priority < 0 { ",\"priority\":-" } else { ",\"priority\":" });
    out.number("", job.priority.unsigned_abs().into());
    out.progress(job);
    if job.wish.kind != WishKind::None {
        out.word(",\"wish\":{\"kind\":\"", job.wish.kind.as_str());
        out.number(",\"number\":", job.wish.number);
        out.time(",\"at\":\"", Some(job.wish.at).filter(|_| job.wish.number > 0));
        out.some(",\"by\":", job.wish.by.as_deref());
        out.text.push('}');
    }
    out.word(",\"pause\":\"", job.policy.pause.as_str());
    out.text.push_str(",\"verbs\":[");
    for (number, verb) in domain::decide::allowed_verbs(job).into_iter().enumerate() {
        out.word(if number == 0 { "\"" } else { ",\"" }, verb);
    }
    out.text.push(']');
    if let Some(error) = &job.error {
        out.str(",\"error\":{\"kind\":", &error.kind);
        out.str(",\"message\":", &message(&error.message));
        out.text.push('}');
    }
    out.time(",\"createdAt\":\"", Some(job.created_at));
    out.time(",\"dueAt\":\"", job.due_at.filter(|_| job.status.is_active()));
    out.time(",\"startedAt\":\"", job.started_at);
    out.time(",\"endedAt\":\"", job.ended_at);
    out.time(",\"updatedAt\":\"", Some(job.updated_at));
    out.number(",\"ranMs\":", job.ran_ms_at(job.updated_at));
    out.text.push('}');
    out.text
}

/// JSON under construction. Names come with what stands before and after them.
struct Out {
    text: String,
}

impl Out {
    /// A word of ours, which needs no escapes; `name` opens its quotation marks.
    fn word(&mut self, name: &str, word: &str) {
        self.text.push_str(name);
        self.text.push_str(word);
        self.text.push('"');
    }

    fn str(&mut self, name: &str, value: &str) {
        self.text.push_str(name);
        if value.bytes().any(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
            self.text.push_str(&convert::to_json(value));
        } else {
            self.text.push('"');
            self.text.push_str(value);
            self.text.push('"');
        }
    }

    fn some(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.str(name, value);
        }
    }

    fn id(&mut self, id: JobId) {
        // Writing to a String does not fail.
        let _ = write!(self.text, "\"{id}\"");
    }

    fn number(&mut self, name: &str, mut value: u64) {
        self.text.push_str(name);
        let mut digits = [b'0'; 20];
        let mut first = digits.len();
        loop {
            first -= 1;
            digits[first] = b'0' + (value % 10) as u8;
            value /= 10;
            if value == 0 {
                break;
            }
        }
        self.text.push_str(std::str::from_utf8(&digits[first..]).unwrap_or_default());
    }

    /// `name` opens the quotation marks.
    fn time(&mut self, name: &str, at: Option<Timestamp>) {
        if let Some(at) = at {
            self.text.push_str(name);
            time::put_shown(at, &mut self.text);
            self.text.push('"');
        }
    }

    fn progress(&mut self, job: &Job) {
        let progress = &job.progress;
        self.text.push_str(",\"progress\":{");
        if let Some(percentage) = progress.percentage {
            self.text.push_str("\"percentage\":");
            self.text.push_str(&convert::to_json(&percentage));
            self.text.push(',');
        }
        let count = |out: &mut Out, name: &str, value: Option<u64>| {
            if let Some(value) = value {
                out.number(name, value);
                out.text.push(',');
            }
        };
        count(self, "\"current\":", progress.current);
        count(self, "\"total\":", progress.total);
        if let Some(message) = &progress.message {
            self.str("\"message\":", message);
            self.text.push(',');
        }
        count(self, "\"ok\":", progress.ok);
        count(self, "\"failed\":", progress.failed);
        count(self, "\"skipped\":", progress.skipped);
        self.number("\"tick\":", job.tick);
        self.text.push('}');
    }
}

#[cfg(test)]
mod tests;
