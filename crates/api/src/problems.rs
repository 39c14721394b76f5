//! The one total mapping from every way to refuse a request to its problem document (RFC 9457).
//!
//! Below HTTP errors are enums by cause; here each gets a status, a stable code, a title and a sentence that says what to do. What an
//! operator must know and a stranger must not goes to the log.

use axum::response::{IntoResponse, Response};
use domain::access::Denied;
use domain::{Refusal, Text};
use engine::Error;
use http::{HeaderValue, StatusCode, header};
use wire::problem::{Problem, ProblemJob};

macro_rules! kinds {
    ($($(#[$meta:meta])* $kind:ident = $status:literal $code:literal $title:literal),+ $(,)?) => {
        /// Every kind of problem, with its status, its stable code and its title.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Kind { $($(#[$meta])* $kind),+ }

        impl Kind {
            pub const ALL: &'static [Kind] = &[$(Kind::$kind),+];

            pub const fn status(self) -> u16 {
                match self { $(Kind::$kind => $status),+ }
            }

            pub const fn code(self) -> &'static str {
                match self { $(Kind::$kind => $code),+ }
            }

            pub const fn title(self) -> &'static str {
                match self { $(Kind::$kind => $title),+ }
            }
        }
    };
}

kinds! {
    BadJson = 400 "bad_json" "The body cannot be read as JSON.",
    Invalid = 400 "invalid" "A value of the request is out of its bounds.",
    NoParent = 400 "no_parent" "The parent job does not exist.",
    NoLease = 400 "no_lease" "A report needs the job's lease.",
    Unauthenticated = 401 "unauthenticated" "It is not known who asks.",
    TokenExpired = 401 "token_expired" "The token has expired.",
    BadTicket = 401 "bad_ticket" "The ticket does not open this.",
    MissingScope = 403 "missing_scope" "The token does not allow this.",
    OtherOwner = 403 "other_owner" "Only a service may act for another user.",
    NameAtSource = 403 "name_at_source" "Only a service may choose the name of a job that a source speaks of.",
    NotAService = 403 "not_a_service" "Only a service may ask this.",
    ForbiddenOrigin = 403 "forbidden_origin" "This web origin may not call the server.",
    ForbiddenHost = 403 "forbidden_host" "The server is not known by this name.",
    NotFound = 404 "not_found" "There is no such job.",
    NoAttempt = 404 "no_attempt" "The job has had no such attempt.",
    NoSuchRoute = 404 "no_such_route" "There is nothing at this address.",
    MethodNotAllowed = 405 "method_not_allowed" "This address does not know the method.",
    TooLate = 408 "request_timeout" "The request did not come in time.",
    WrongStatus = 409 "wrong_status" "The job's status does not allow this.",
    NotPausable = 409 "not_pausable" "The job cannot be paused once it runs.",
    NobodyToRun = 409 "nobody_to_run" "A tracked job has nobody who could run it again.",
    StopAsked = 409 "stop_asked" "The job has been asked to stop.",
    StaleLease = 409 "stale_lease" "The lease is not the current one.",
    NotHere = 409 "not_here" "The job is run elsewhere.",
    RunHere = 409 "run_here" "The job is run here.",
    RevisionChanged = 412 "revision_changed" "The job has changed since it was read.",
    TooLarge = 413 "too_large" "The request is larger than is allowed.",
    UnsupportedMediaType = 415 "unsupported_media_type" "The body must be JSON.",
    UpgradeRequired = 426 "upgrade_required" "This address speaks WebSocket.",
    KeyReused = 422 "idempotency_key_reused" "The idempotency key was used for another request.",
    UnknownTask = 422 "unknown_task" "No such task is declared.",
    TooManyPending = 429 "too_many_pending" "The owner has too many jobs that wait to start.",
    TooManyRequests = 429 "too_many_requests" "Too many requests.",
    TooManyConnections = 429 "too_many_connections" "Too many live connections.",
    Defect = 500 "defect" "The server has a defect.",
    Unavailable = 503 "unavailable" "The store cannot be used now.",
    IdentityUnavailable = 503 "identity_unavailable" "It cannot be found out now who asks.",
    DiskFull = 503 "disk_full" "The server's disk has no room.",
    OutcomeUnknown = 503 "outcome_unknown" "It is not known whether the request was carried out.",
    ShuttingDown = 503 "shutting_down" "The server is about to stop.",
}

/// A refusal on its way to the caller.
#[derive(Debug, Clone)]
pub struct ApiProblem {
    problem: Box<Problem>,
    /// Value of `Retry-After`, in seconds.
    retry_after: Option<u64>,
}

impl ApiProblem {
    pub fn new(kind: Kind, detail: impl Into<String>) -> ApiProblem {
        let problem = Problem::new(kind.status(), kind.code(), kind.title(), detail);
        ApiProblem { problem: Box::new(problem), retry_after: None }
    }

    pub fn invalid(field: &str, problem: impl AsRef<str>) -> ApiProblem {
        ApiProblem::new(Kind::Invalid, format!("{field}: {}.", problem.as_ref().trim_end_matches('.'))).field(field)
    }

    /// A foreign job and one that does not exist are told alike.
    pub fn no_job() -> ApiProblem {
        ApiProblem::new(Kind::NotFound, "No job has this id among those that you may see.")
    }

    pub fn is(&self, kind: Kind) -> bool {
        self.problem.code == kind.code()
    }

    pub fn field(mut self, field: &str) -> ApiProblem {
        self.problem.field = Some(field.to_owned());
        self
    }

    pub fn limit(mut self, limit: u64) -> ApiProblem {
        self.problem.limit = Some(limit);
        self
    }

    pub fn retry_after(mut self, seconds: u64) -> ApiProblem {
        self.retry_after = Some(seconds);
        self
    }

    fn job(mut self, status: Option<domain::Status>, rev: u64, verbs: &[&str]) -> ApiProblem {
        let status = status.map(|status| status.as_str().to_owned());
        self.problem.job = Some(ProblemJob { status, rev, verbs: verbs.iter().map(|verb| (*verb).to_owned()).collect() });
        self
    }

    pub fn problem(&self) -> &Problem {
        &self.problem
    }
}

fn one_of(verbs: &[&str]) -> String {
    match verbs {
        [] => "Nothing can be asked of it now.".to_owned(),
        verbs => format!("It may be asked: {}.", verbs.join(", ")),
    }
}

impl From<Refusal> for ApiProblem {
    fn from(refusal: Refusal) -> ApiProblem {
        match refusal {
            Refusal::NotFound => ApiProblem::no_job(),
            Refusal::WrongStatus { status, rev, allowed } => ApiProblem::new(
                Kind::WrongStatus,
                format!("The job is {status}. {}", one_of(&allowed)),
            )
            .job(Some(status), rev, &allowed),
            Refusal::NotPausable { rev, allowed } => {
                ApiProblem::new(Kind::NotPausable, format!("Its task says so. {}", one_of(&allowed))).job(None, rev, &allowed)
            }
            Refusal::NobodyToRun { rev } => ApiProblem::new(
                Kind::NobodyToRun,
                "The app does the work of this job itself: start it again there.",
            )
            .job(None, rev, &[]),
            Refusal::StopAsked { rev, allowed } => {
                let detail = format!("An abort or kill stands and is being carried out. {}", one_of(&allowed));
                ApiProblem::new(Kind::StopAsked, detail).job(None, rev, &allowed)
            }
            Refusal::StaleLease => ApiProblem::new(
                Kind::StaleLease,
                "Another attempt has begun, or the job has ended: stop the work and report nothing more about it.",
            ),
            Refusal::RevisionChanged { rev } => ApiProblem::new(
                Kind::RevisionChanged,
                format!("It is at revision {rev} now: read it again and decide anew."),
            )
            .job(None, rev, &[]),
            Refusal::KeyReused => {
                ApiProblem::new(Kind::KeyReused, "The same key came with another body before: use a new key for a new request.")
                    .field("Idempotency-Key")
            }
            Refusal::TooManyPending { owner, limit } => {
                let detail =
                    format!("{owner} has {limit} jobs that wait to start, which is the most: wait until some have started.");
                ApiProblem::new(Kind::TooManyPending, detail).limit(limit).retry_after(10)
            }
            Refusal::NoParent { parent } => {
                ApiProblem::new(Kind::NoParent, format!("There is no job {parent} that could be the parent.")).field("parentId")
            }
            Refusal::NotHere => ApiProblem::new(
                Kind::NotHere,
                "Another system runs this job: ask there. When it will never tell how the job went, say it in its place, as \
                 docs/guide/moving/task-status.md shows.",
            ),
            Refusal::RunHere { .. } => ApiProblem::new(
                Kind::RunHere,
                "This job is run here, so only whoever runs it says how it goes. Ask a verb of it instead: pause, resume, abort, retry.",
            ),
            Refusal::Invalid { field, problem } => ApiProblem::invalid(field, problem),
        }
    }
}

impl From<Denied> for ApiProblem {
    fn from(denied: Denied) -> ApiProblem {
        match denied {
            Denied::MissingScope(scope) => {
                ApiProblem::new(Kind::MissingScope, format!("It needs the scope {scope}: ask with a token that has it."))
            }
            Denied::OtherOwner => {
                ApiProblem::new(Kind::OtherOwner, "Leave owner out, or ask with the key of a service.").field("owner")
            }
            Denied::NameAtSource => {
                ApiProblem::new(Kind::NameAtSource, "Leave the name out (externalId, task_id), or ask with the key of a service.")
            }
        }
    }
}

/// Tasks that a refusal lists at most.
const TASKS_NAMED: usize = 20;

fn unknown_task(task: &Text, known: &[Text]) -> ApiProblem {
    let names: Vec<&str> = known.iter().take(TASKS_NAMED).map(|name| &**name).collect();
    let list = match (names.len(), known.len()) {
        (0, _) => "No task is declared.".to_owned(),
        (shown, all) if shown == all => format!("There are: {}.", names.join(", ")),
        (_, all) => format!("There are {all}, among them: {}.", names.join(", ")),
    };
    let detail = format!("There is no task {:?}. {list} With mode \"tracked\" any name will do.", domain::limits::cut(task, 80));
    ApiProblem::new(Kind::UnknownTask, detail).field("task")
}

impl From<Error> for ApiProblem {
    fn from(error: Error) -> ApiProblem {
        match error {
            Error::Refused(refusal) => refusal.into(),
            Error::Denied(denied) => denied.into(),
            Error::UnknownTask { task, known } => unknown_task(&task, &known),
            Error::Invalid { field, problem, limit } => {
                let is_payload = limit.is_some() && matches!(field, "input" | "result" | "metadata" | "chunks");
                let mut told = match is_payload {
                    true => ApiProblem::new(Kind::TooLarge, format!("{field}: {problem}.")).field(field),
                    false => ApiProblem::invalid(field, problem),
                };
                told.problem.limit = limit;
                told
            }
            Error::NoAttempt { job, attempt } => {
                ApiProblem::new(Kind::NoAttempt, format!("{job} has had no attempt {attempt} yet.")).field("attempt")
            }
            Error::Unavailable(why) | Error::ReadFailed(why) => {
                tracing::error!(%why, "the store failed");
                ApiProblem::new(Kind::Unavailable, "Nothing was changed: try again in a moment.").retry_after(1)
            }
            Error::DiskFull(why) => {
                tracing::error!(%why, "the disk has no room");
                let detail = "Nothing was changed. Whoever runs the server has to make room; what runs goes on. Try again then.";
                ApiProblem::new(Kind::DiskFull, detail).retry_after(10)
            }
            Error::OutcomeUnknown(why) => {
                tracing::error!(%why, "the outcome of a commit is not known");
                let detail = "Ask again with the same Idempotency-Key, or read the job to see how it stands.";
                ApiProblem::new(Kind::OutcomeUnknown, detail).retry_after(1)
            }
            Error::ShuttingDown => {
                ApiProblem::new(Kind::ShuttingDown, "Nothing was changed: try again in a moment.").retry_after(2)
            }
        }
    }
}

impl IntoResponse for ApiProblem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = wire::convert::to_json(&*self.problem);
        let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            let challenge = match self.problem.code == Kind::TokenExpired.code() {
                true => "Bearer realm=\"tidings\", error=\"invalid_token\", error_description=\"expired\"",
                false => "Bearer realm=\"tidings\"",
            };
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_statuses_are_of_errors() {
        for (index, kind) in Kind::ALL.iter().enumerate() {
            assert!((400..=599).contains(&kind.status()), "{kind:?}");
            assert!(Kind::ALL[index + 1..].iter().all(|other| other.code() != kind.code()), "{kind:?}");
        }
    }
}
