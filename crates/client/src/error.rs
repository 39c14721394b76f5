//! Why a request brought no answer, in words that say what to do.

use wire::problem::Problem;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server refused, and says why. `code` is stable; `job` tells where the job stands.
    #[error("{}", in_words(.0))]
    Refused(Box<Problem>),
    #[error("nothing listens at {url}: start it with `tidings serve`")]
    NothingListens { url: String },
    #[error("{url} cannot be reached: {why}")]
    Unreachable { url: String, why: String },
    #[error("{url} did not answer within {seconds} s")]
    Silent { url: String, seconds: u64 },
    /// TLS was spoken to a port that does not speak it.
    #[error("{url} speaks http, not https: use {instead}")]
    SpeaksHttp { url: String, instead: String },
    /// Something answered that is not this kind of server, or a proxy in between.
    #[error("{url} answered {status}, but not as a Tidings server does: {start}")]
    Foreign { url: String, status: u16, start: String },
    #[error("{url} is not an address: expected for example http://127.0.0.1:8430")]
    BadAddress { url: String },
    /// The job that this reporter held is over or belongs to somebody else.
    #[error("the report was not taken: the reporter has ended")]
    ReporterEnded,
}

fn in_words(problem: &Problem) -> String {
    let words = if problem.detail.is_empty() { &problem.title } else { &problem.detail };
    format!("{words} [{}]", problem.code)
}

impl Error {
    /// The problem document, when the server sent one.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Error::Refused(problem) => Some(problem),
            _ => None,
        }
    }

    /// The stable code of a refusal; none when nothing of ours answered.
    pub fn code(&self) -> Option<&str> {
        self.problem().map(|problem| problem.code.as_str())
    }

    /// Whether the same request may well succeed later: no answer, an overload, a server that starts or stops.
    pub fn is_passing(&self) -> bool {
        match self {
            Error::Refused(problem) => matches!(problem.status, 408 | 425 | 429 | 500..=599),
            Error::NothingListens { .. } | Error::Unreachable { .. } | Error::Silent { .. } => true,
            Error::Foreign { status, .. } => matches!(status, 408 | 429 | 500..=599),
            Error::SpeaksHttp { .. } | Error::BadAddress { .. } | Error::ReporterEnded => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_the_server_said_and_its_code() {
        let detailed = Problem::new(409, "wrong_status", "Not now", "The job has ended.");
        let bare = Problem::new(404, "not_found", "There is no such job", "");
        for (problem, words) in [(detailed, "The job has ended. [wrong_status]"), (bare, "There is no such job [not_found]")] {
            let error = Error::Refused(Box::new(problem));
            assert_eq!(error.to_string(), words);
            assert!(!error.is_passing());
        }
    }

    #[test]
    fn what_may_pass_is_told_from_what_stays() {
        for (status, passing) in [(400, false), (401, false), (404, false), (409, false), (429, true), (503, true), (502, true)] {
            let error = Error::Refused(Box::new(Problem::new(status, "code", "", "")));
            assert_eq!(error.is_passing(), passing, "{status}");
        }
        assert!(Error::NothingListens { url: String::new() }.is_passing());
    }
}
