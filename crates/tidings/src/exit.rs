//! How a command ends: the exit codes, once, for programs, `--help` and the reference.

use client::Error;

/// An exit code with its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Done,
    Failed,
    Usage,
    Aborted,
    TimedOut,
    Lost,
    NotFound,
    Refused,
    Unreachable,
    Denied,
    DiskFailed,
    Detached,
    /// `run`: the command's own exit code.
    Own(u8),
}

/// Every fixed code, in order.
const ALL: &[(Exit, &str)] = &[
    (Exit::Done, "the command did what it says; the job is completed"),
    (Exit::Failed, "the job failed; or something went wrong that has no code of its own"),
    (Exit::Usage, "wrong usage, or a configuration that cannot be read"),
    (Exit::Aborted, "the job was aborted"),
    (Exit::TimedOut, "the job passed a time limit"),
    (Exit::Lost, "the job is lost: whoever ran it vanished"),
    (Exit::NotFound, "there is no such job, or it is not yours"),
    (Exit::Refused, "the server refused: not in this status, or a value out of its bounds"),
    (Exit::Unreachable, "the server cannot be reached"),
    (Exit::Denied, "not signed in, or not allowed"),
    (Exit::DiskFailed, "`serve` ended itself: the disk did not keep what was written"),
    (Exit::Detached, "Ctrl-C: the terminal let go, the job goes on"),
];

impl Exit {
    pub const fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Aborted => 3,
            Exit::TimedOut => 4,
            Exit::Lost => 5,
            Exit::NotFound => 6,
            Exit::Refused => 7,
            Exit::Unreachable => 8,
            Exit::Denied => 9,
            Exit::DiskFailed => 10,
            Exit::Detached => 130,
            Exit::Own(code) => code,
        }
    }

    /// The stable word for it, where the server gave none.
    const fn word(self) -> &'static str {
        match self {
            Exit::Done => "done",
            Exit::Failed | Exit::Own(_) => "failed",
            Exit::Usage => "usage",
            Exit::Aborted => "aborted",
            Exit::TimedOut => "timed_out",
            Exit::Lost => "lost",
            Exit::NotFound => "not_found",
            Exit::Refused => "refused",
            Exit::Unreachable => "unreachable",
            Exit::Denied => "denied",
            Exit::DiskFailed => "disk_failed",
            Exit::Detached => "detached",
        }
    }

    /// The code for a job that ended so. A status that is no end is nothing to complain of.
    pub fn of_status(status: &str) -> Exit {
        match status {
            "failed" => Exit::Failed,
            "aborted" => Exit::Aborted,
            "timed_out" => Exit::TimedOut,
            "lost" => Exit::Lost,
            _ => Exit::Done,
        }
    }
}

/// What `run` adds to the codes.
const RUN: &str = "`run` gives the command's own exit code when it failed with 1 to 125, 127 when the program was not found, 126 when it may \
                   not be executed, and 1 when it was ended by a signal that nobody asked for.";

/// For `--help`.
pub fn help() -> String {
    let lines: Vec<String> = ALL.iter().map(|(exit, meaning)| format!("  {:>3}  {meaning}", exit.code())).collect();
    format!("Exit codes:\n{}\n\n  {RUN}", lines.join("\n"))
}

/// As a page of Markdown.
pub fn reference() -> String {
    let rows: Vec<String> = ALL.iter().map(|(exit, meaning)| format!("| {} | {meaning} |", exit.code())).collect();
    format!(
        "# Exit codes\n\nPrinted by `tidings config reference --exit-codes`.\n\n| Code | Meaning |\n|---|---|\n{}\n\n{RUN}\n",
        rows.join("\n")
    )
}

/// Why a command ends without having done what it says.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    /// For people; empty when all was said before.
    pub words: String,
    /// The server's word for it; none when it is not the server's.
    pub code: Option<String>,
}

impl Failure {
    pub fn new(exit: Exit, words: impl Into<String>) -> Failure {
        Failure { exit, words: words.into(), code: None }
    }

    /// With the server's own word for it.
    pub fn coded(exit: Exit, code: impl Into<String>, words: impl Into<String>) -> Failure {
        Failure { exit, words: words.into(), code: Some(code.into()) }
    }

    /// The server refused a topic.
    pub fn of_topic(code: String, message: String) -> Failure {
        let exit = if code == "not_found" { Exit::NotFound } else { Exit::Refused };
        Failure::coded(exit, code, message)
    }

    pub fn usage(words: impl Into<String>) -> Failure {
        Failure::new(Exit::Usage, words)
    }

    /// The code alone: the job's end was shown already.
    pub fn silent(exit: Exit) -> Failure {
        Failure::new(exit, "")
    }

    /// Says it on stderr: a sentence, or with `json` one object on one line. `about`: what was asked for, when there were several.
    pub fn tell(&self, json: bool, about: Option<&str>) {
        if self.words.is_empty() {
            return;
        }
        let before = about.map(|about| format!("{about}: ")).unwrap_or_default();
        if json {
            eprintln!("{}", self.as_json(&before));
            return;
        }
        let code = self.code.as_ref().map(|code| format!(" [{code}]")).unwrap_or_default();
        match self.exit {
            // The terminal has just shown ^C.
            Exit::Detached => eprintln!("\n{}", self.words),
            _ => eprintln!("tidings: {before}{}{code}", self.words),
        }
    }

    fn as_json(&self, before: &str) -> serde_json::Value {
        let code = self.code.as_deref().unwrap_or(self.exit.word());
        serde_json::json!({"error": {"code": code, "message": format!("{before}{}", self.words), "exit": self.exit.code()}})
    }
}

/// A refusal in the words of the command line.
fn refused(problem: &wire::problem::Problem) -> String {
    const MAKE: &str = "`tidings token` makes one";
    match (problem.code.as_str(), problem.detail.is_empty()) {
        ("unauthenticated", _) if problem.detail.starts_with("Send a token") => {
            format!("not signed in: set TIDINGS_TOKEN, or use --token-file; {MAKE}")
        }
        ("unauthenticated", false) => format!("not signed in: {}", problem.detail),
        ("token_expired", _) => format!("the token has expired: set another as TIDINGS_TOKEN, or use --token-file; {MAKE}"),
        (_, true) => problem.title.clone(),
        (_, false) => problem.detail.clone(),
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let exit = match &error {
            Error::Refused(problem) => match problem.status {
                401 | 403 => Exit::Denied,
                404 => Exit::NotFound,
                400..=499 => Exit::Refused,
                _ => Exit::Unreachable,
            },
            Error::NothingListens { .. }
            | Error::Unreachable { .. }
            | Error::Silent { .. }
            | Error::Foreign { .. }
            | Error::SpeaksHttp { .. } => Exit::Unreachable,
            Error::BadAddress { .. } => Exit::Usage,
            Error::ReporterEnded => Exit::Failed,
        };
        match error.problem() {
            Some(problem) => Failure::coded(exit, problem.code.clone(), refused(problem)),
            None => Failure::new(exit, error.to_string()),
        }
    }
}

impl From<crate::config::ConfigError> for Failure {
    fn from(error: crate::config::ConfigError) -> Failure {
        Failure::usage(error.to_string())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        Failure::new(Exit::Failed, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::problem::Problem;

    #[test]
    fn each_end_and_each_refusal_has_its_code() {
        for (status, code) in [("completed", 0), ("failed", 1), ("aborted", 3), ("timed_out", 4), ("lost", 5), ("running", 0)] {
            assert_eq!(Exit::of_status(status).code(), code, "{status}");
        }
        for (status, code) in [(401, 9), (403, 9), (404, 6), (409, 7), (422, 7), (429, 7), (503, 8)] {
            let error = Error::Refused(Box::new(Problem::new(status, "x", "", "")));
            assert_eq!(Failure::from(error).exit.code(), code, "{status}");
        }
        assert_eq!(Failure::from(Error::NothingListens { url: String::new() }).exit.code(), 8);
    }

    #[test]
    fn a_failure_is_told_to_programs_as_one_object() {
        let missing = Problem::new(401, "unauthenticated", "", "Send a token in the header Authorization, as Bearer.");
        let told = Failure::from(Error::Refused(Box::new(missing))).as_json("");
        let words = "not signed in: set TIDINGS_TOKEN, or use --token-file; `tidings token` makes one";
        assert_eq!(told, serde_json::json!({"error": {"code": "unauthenticated", "message": words, "exit": 9}}));
        let told = Failure::usage("no").as_json("abc: ");
        assert_eq!(told, serde_json::json!({"error": {"code": "usage", "message": "abc: no", "exit": 2}}));
    }

    #[test]
    fn codes_are_told_apart_and_all_are_documented() {
        let mut codes: Vec<u8> = ALL.iter().map(|(exit, _)| exit.code()).collect();
        codes.dedup();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 130]);
        assert!(help().contains("130  Ctrl-C") && reference().contains("| 8 | the server cannot be reached |"));
    }
}
