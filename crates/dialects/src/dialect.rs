//! The contract between an older system's clients and this server.
//!
//! A [`Dialect`] names its [`Route`]s. A request becomes a [`Step`]: an answer, or something that the server carries out with the caller's
//! rights, together with what follows from its outcome. So a route reads from top to bottom, however many steps it takes, and what a
//! step cannot bring need not be handled. Streams and sockets are [`Session`]s, see [`crate::session`].
//!
//! A dialect never decides about rights: a job that the caller may not see is told to it as a job that does not exist.

pub mod background_jobs;
pub mod job_dashboard;
pub mod runs;
pub mod sse_tasks;
pub mod task_status;

use domain::policy::Retry;
use domain::request::{Ask, Word};
use domain::{JobId, Status, Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;
use wire::body::Submit;
use wire::problem::Problem;
use wire::record::{AttemptRecord, JobSummary, Stats};

pub use crate::session::{Action, Heard, Look, LookAt, Recalled, SHARED_BYTES, Session, Stream};

/// An older system's wire contract.
pub trait Dialect: Send + Sync + 'static {
    /// As in the configuration, in `/dialects/<name>/…`, and of its folders.
    fn name(&self) -> &'static str;

    fn routes(&self) -> &'static [Route];

    /// How it tells what the server refused before a route was asked: nobody knows who asks, too many requests, a body that is too large.
    fn refuse(&self, problem: &Problem) -> Answer;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// One route of a document.
pub struct Route {
    /// As the document has it; `{name}` stands for one segment. Literal segments win over it, in whatever order routes are listed.
    pub path: &'static str,
    /// Whether it also stands at the path itself, and not only under `/dialects/<name>`.
    pub at_root: bool,
    /// Where dialects share an address and a method: this one is meant when the query has this name. `None`: when it has none of the others'.
    pub meant_by: Option<&'static str>,
    pub serves: Serves,
}

pub enum Serves {
    /// The caller is known before it is asked.
    Http(Method, fn(&Request<'_>) -> Step),
    /// A WebSocket. Who is there is told by [`Action::Tell`] with `auth`, from a message or from the query: nobody is known before.
    Socket(fn(&Request<'_>) -> Box<dyn Session>),
}

impl Route {
    pub const fn http(method: Method, path: &'static str, serve: fn(&Request<'_>) -> Step) -> Route {
        Route { path, at_root: true, meant_by: None, serves: Serves::Http(method, serve) }
    }

    pub const fn socket(path: &'static str, serve: fn(&Request<'_>) -> Box<dyn Session>) -> Route {
        Route { path, at_root: true, meant_by: None, serves: Serves::Socket(serve) }
    }

    pub const fn meant_by(self, query: &'static str) -> Route {
        Route { meant_by: Some(query), ..self }
    }

    /// For a path that collides with one of this server's own.
    pub const fn under_its_name_only(self) -> Route {
        Route { at_root: false, ..self }
    }
}

/// A request, taken apart.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// What stands for each `{…}` of the path, in order.
    pub params: &'a [String],
    /// In order; decoded.
    pub query: &'a [(String, String)],
    /// What an `EventSource` holds already.
    pub last_event_id: Option<&'a str>,
    /// JSON if there is any: another media type was refused.
    pub body: &'a [u8],
    pub now: Timestamp,
}

impl<'a> Request<'a> {
    /// The first value of this name; an empty one counts as left out.
    pub fn query(&self, name: &str) -> Option<&'a str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    pub fn param(&self, place: usize) -> &'a str {
        self.params.get(place).map_or("", String::as_str)
    }
}

/// How a step was refused: what the server's own routes would have answered.
pub type Refused = Box<Problem>;

/// What follows from the outcome of a step.
pub type Then<T> = Box<dyn FnOnce(Result<T, Refused>) -> Step + Send>;

/// What is to be done for a request. All is done with the caller's rights, through the use cases that the server's own routes use.
pub enum Step {
    Answer(Answer),
    /// Makes a job. A task that is not declared is taken all the same: the job waits for a worker, `pending`, reason `no_worker`.
    /// An `Idempotency-Key` of the request counts.
    Submit(Box<Submit>, Then<FoundJob>),
    /// The same, with a number of attempts that the request says.
    SubmitWithin(Box<Submit>, Budget, Then<FoundJob>),
    Find(Which, Then<FoundJob>),
    /// The same, with the terms that the job was taken on.
    Look(Which, Then<WholeJob>),
    /// Answers when the job ended, or so many milliseconds later, how it is then.
    Wait(String, u64, Then<FoundJob>),
    /// Newest first, at most so many: filters before the limit.
    List(JobFilter, usize, Then<Vec<FoundJob>>),
    /// Newest first, from a place on.
    Page(JobFilter, Page, Then<Listing>),
    /// In an order, with how many there are in all.
    Sorted(JobFilter, Order, Page, Then<Sorted>),
    /// How the attempts of the job with this id went, newest first, at most so many.
    Attempts(String, usize, Then<Vec<AttemptRecord>>),
    /// Makes a job that another system runs, of the source with this name, as the word says that it is.
    Mirror(&'static str, Box<Submit>, Box<Word>, Then<WholeJob>),
    /// Says how the job with this id is, which another system runs.
    Observe(String, Box<Word>, Then<Observed>),
    /// Asks a verb of the job with this id.
    Ask(String, Ask, Then<Asked>),
    /// Deletes an ended job.
    Delete(String, Then<()>),
    /// Deletes all ended jobs that the filter finds, up to [`CLEARED_JOBS`] at once.
    Clear(JobFilter, Then<Cleared>),
    /// Counts by status what the caller may see.
    Count(Then<Stats>),
    /// How live connections and sources are, for operators: refused to others.
    Health(Then<Health>),
    /// Makes a token that lets its bearer see what the caller may see, and nothing else. `None`: the caller is known by a cookie of the app's,
    /// which a socket brings along by itself.
    Token(Then<Option<String>>),
    Stream(Stream),
}

/// Jobs that one [`Step::Clear`] deletes at most.
pub const CLEARED_JOBS: usize = 1_000;
/// Jobs that one [`Step::List`] answers at most.
pub const LISTED_JOBS: usize = 200;
/// Jobs that one [`Step::Sorted`] sorts, or counts one by one, at most.
pub const SORTED_JOBS: usize = 2_000;

/// How a client names a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// By our id.
    Ours(String),
    /// By an id of its own: the newest job that the caller may see with this `externalId`.
    Theirs(String),
}

impl Which {
    /// For systems whose clients may name a job either way.
    pub fn named(id: &str) -> Which {
        match JobId::parse(id) {
            Some(_) => Which::Ours(id.to_owned()),
            None => Which::Theirs(id.to_owned()),
        }
    }
}

/// Which jobs; all must hold. Its default is all that the caller may see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Only the caller's own, whatever else it may see.
    pub own: bool,
    /// Empty is every status.
    pub status: Vec<Status>,
    pub task: Option<String>,
    pub session: Option<String>,
    pub created_after: Option<Timestamp>,
    pub created_before: Option<Timestamp>,
    /// Only what ended after this. Looked for among the newest ended jobs: at least 200, and at most 1,000, of those that were made no
    /// more than a day before it.
    pub ended_after: Option<Timestamp>,
}

/// A job as a dialect is given it. Payloads are JSON as it was stored, so that numbers of any size stay exact.
#[derive(Debug, Clone)]
pub struct FoundJob {
    pub summary: JobSummary,
    pub input: Option<Box<RawValue>>,
    pub result: Option<Box<RawValue>>,
}

impl FoundJob {
    pub fn status(&self) -> Status {
        status(&self.summary)
    }
}

/// The status of a summary of ours, which holds no other word.
pub fn status(job: &JobSummary) -> Status {
    Status::parse(&job.status).unwrap_or(Status::Running)
}

/// A job with the terms that it was taken on.
#[derive(Debug, Clone)]
pub struct WholeJob {
    pub found: FoundJob,
    /// Attempts since it was made, or taken up again, that count.
    pub tries: u32,
    /// Attempts in all, the first included.
    pub attempts: u32,
    /// Who runs it now.
    pub holder: Option<String>,
    pub metadata: Option<Box<RawValue>>,
}

/// How often a job is tried.
#[derive(Debug, Clone)]
pub struct Budget {
    /// Attempts in all, the first included. `None`: as the task says.
    pub attempts: Option<u32>,
    /// For a task that is not declared.
    pub undeclared: Retry,
}

/// Which jobs of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The id of a job of ours: only older ones.
    pub before: Option<String>,
    /// Jobs to pass over.
    pub skip: usize,
    /// Jobs to answer, at most [`LISTED_JOBS`].
    pub limit: usize,
}

#[derive(Debug, Clone)]
pub struct Listing {
    pub jobs: Vec<WholeJob>,
    /// When there may be more: what the next [`Page`] comes `before`.
    pub next: Option<String>,
}

/// By which of its times a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortKey {
    Created,
    Updated,
    /// When it may start; those that wait for no time come last, whatever the direction.
    Due,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    pub by: SortKey,
    pub is_ascending: bool,
}

impl Order {
    /// In which jobs stand anyway, however many there are.
    pub const NEWEST: Order = Order { by: SortKey::Created, is_ascending: false };
}

#[derive(Debug, Clone)]
pub struct Sorted {
    pub jobs: Vec<WholeJob>,
    /// How many the filter finds.
    pub total: u64,
    /// False: there are more than [`SORTED_JOBS`], so that `total` is only that, and no order but [`Order::NEWEST`] could be made: then there are
    /// no jobs.
    pub is_all: bool,
    /// Whether there are more behind these.
    pub is_more: bool,
}

/// What came of a word on a job that another system runs.
#[derive(Debug, Clone)]
pub struct Observed {
    pub job: WholeJob,
    /// Whether an event tells of it. False for a word that says nothing new.
    pub is_news: bool,
}

/// How live connections and sources are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// Open live connections of all kinds.
    pub connections: u64,
    /// The sources that are configured, with whether they are heard now.
    pub sources: Vec<(String, bool)>,
}

/// What came of a verb.
#[derive(Debug, Clone)]
pub struct Asked {
    pub job: JobSummary,
    /// False: the wish stands, and whoever runs the job has still to follow it.
    pub is_done: bool,
}

/// What came of [`Step::Clear`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cleared {
    pub count: usize,
    /// Whether more are left than are deleted at once.
    pub is_more: bool,
}

/// What goes back to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// JSON; empty is no body.
    pub body: String,
}

impl Answer {
    pub fn json(status: u16, body: &impl Serialize) -> Answer {
        Answer { status, body: wire::convert::to_json(body) }
    }
}

impl From<Answer> for Step {
    fn from(answer: Answer) -> Step {
        Step::Answer(answer)
    }
}
