//! `PUT /api/tasks/:id`: how a task is, said by whoever runs it; or, of one that runs here, what is to become of it.

use domain::request::{Ask, Word};
use domain::{Json, Status, Text};

use super::body::{Fields, Said};
use super::facts::{as_text, is_mirrored};
use super::record::Kept;
use super::requests::{labels, metadata, shown};
use super::words::word;
use super::{INVALID, RUN_HERE, WRONG_STATUS, cron, detail, refused, task_or};
use crate::dialect::{Answer, Request, Step, Which, WholeJob};
use crate::told;

/// What is said. What is left out, or `null`, stays as it is; an empty text clears.
#[derive(Default)]
pub(super) struct Change {
    pub said: Option<Said>,
    pub kept: Kept,
    pub output: Option<Json>,
    pub error: Option<Text>,
    pub labels: Vec<(Text, Text)>,
}

impl Change {
    fn read(body: &[u8]) -> Result<Change, Answer> {
        let mut fields = Fields::of_body(body)?;
        let said = fields.status();
        let kept = Kept { schedule_cron: fields.cron(), params: fields.object("params") };
        let (output, error) = output_and_error(&mut fields);
        let labels = labels(&mut fields);
        let change = fields.or_wrong(Change { said, kept, output, error, labels })?;
        match change.kept.schedule_cron.as_deref().and_then(cron::problem) {
            Some(problem) => Err(detail(400, INVALID, &problem)),
            None => Ok(change),
        }
    }

    fn describes(&self) -> bool {
        let Change { kept, output, error, labels, .. } = self;
        kept.params.is_some() || kept.schedule_cron.is_some() || output.is_some() || error.is_some() || !labels.is_empty()
    }

    fn word(self, task: &WholeJob) -> Word {
        Word {
            status: self.said.map(|said| said.status),
            metadata: metadata(self.kept, task),
            output: self.output,
            error: self.error,
            labels: self.labels,
            ..Word::default()
        }
    }
}

pub(super) fn output_and_error(fields: &mut Fields) -> (Option<Json>, Option<Text>) {
    let output = fields.json("output").map(|output| Json::from_valid(output.get()));
    let error = fields.json("error").and_then(|error| as_text(&error)).map(Text::from);
    (output, error)
}

pub(super) fn change(request: &Request<'_>) -> Step {
    let change = match Change::read(request.body) {
        Ok(change) => change,
        Err(refusal) => return refusal.into(),
    };
    let asked = request.param(0).to_owned();
    Step::Look(
        Which::named(&asked),
        Box::new(move |found| match found {
            Err(problem) => task_or(&problem, &asked),
            Ok(task) if !change.describes() && change.said.is_none() => shown(&task),
            Ok(task) if is_mirrored(&task.found.summary) => observe(change, &task),
            Ok(task) => ask(&change, task),
        }),
    )
}

fn observe(change: Change, task: &WholeJob) -> Step {
    let id = task.found.summary.id.to_string();
    Step::Observe(
        id,
        Box::new(change.word(task)),
        Box::new(|observed| match observed {
            Ok(observed) => shown(&observed.job),
            Err(problem) => refused(&problem).into(),
        }),
    )
}

const RUNS_HERE: &str = "This task runs on the server, so whoever runs it reports its output and its end. PUT may set it to disabled (pause), \
                         running (resume), pending (once more) or cancelled (stop), and nothing else.";

const PAUSED: &str = "This task has begun and is paused, so it cannot be pending again: running resumes it";

/// Of a task that runs here, a status is a wish.
fn ask(change: &Change, task: WholeJob) -> Step {
    let Some(said) = change.said.as_ref().filter(|_| !change.describes()) else { return detail(409, RUN_HERE, RUNS_HERE).into() };
    let status = task.found.status();
    let can = |verb: &str| task.found.summary.verbs.iter().any(|allowed| &**allowed == verb);
    let ask = match said.status {
        // What it is told to be now, it is.
        _ if said.word == word(status) || said.status == status => return shown(&task),
        Status::Paused => Ask::Pause,
        Status::Running if status == Status::Paused => Ask::Resume,
        Status::Pending if status.is_end() => Ask::Retry,
        Status::Pending if status == Status::Paused && task.found.summary.started_at.is_none() => Ask::Resume,
        Status::Aborted => Ask::Abort,
        Status::Pending if status == Status::Paused => return detail(409, WRONG_STATUS, PAUSED).into(),
        _ => return detail(409, RUN_HERE, RUNS_HERE).into(),
    };
    if !can(ask.as_str()) {
        let sentence = format!("This task is {}, and now it cannot be asked to {}", word(status), ask.as_str());
        return detail(409, WRONG_STATUS, &sentence).into();
    }
    let id = task.found.summary.id.to_string();
    Step::Ask(
        id.clone(),
        ask,
        Box::new(move |asked| match asked {
            Ok(_) => Step::Look(
                Which::Ours(id),
                Box::new(|found| match found {
                    Ok(task) => shown(&task),
                    Err(problem) => refused(&problem).into(),
                }),
            ),
            Err(problem) if problem.status == 409 => detail(409, &problem.code, &told::sentence(&problem)).into(),
            Err(problem) => refused(&problem).into(),
        }),
    )
}
