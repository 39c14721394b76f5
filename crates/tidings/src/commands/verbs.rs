//! Verbs on jobs that are named one by one. The first refusal decides the exit code; the others are asked all the same.

use wire::body::Rerun;
use wire::record::JobSummary;

use super::{client, print_pretty};
use crate::cli::Reach;
use crate::commands::submit;
use crate::exit::{Exit, Failure};
use crate::{find, words};

pub async fn ask(reach: &Reach, ids: Vec<String>, verb: &str) -> Result<(), Failure> {
    let client = client(reach)?;
    let mut failed = None;
    for text in &ids {
        let asked = async {
            let id = find::job_id(&client, text).await?;
            Ok::<JobSummary, Failure>(client.ask(&id, verb).await?)
        };
        match asked.await {
            Ok(job) => told(reach, &job)?,
            Err(failure) => complain(reach, &mut failed, text, failure),
        }
    }
    failed.map_or(Ok(()), Err)
}

pub async fn delete(reach: &Reach, ids: Vec<String>) -> Result<(), Failure> {
    let client = client(reach)?;
    let mut failed = None;
    for text in &ids {
        let deleted = async {
            let id = find::job_id(&client, text).await?;
            client.delete(&id).await?;
            Ok::<String, Failure>(id)
        };
        match deleted.await {
            Ok(id) if reach.json => print_pretty(&serde_json::json!({"id": id, "deleted": true}))?,
            Ok(id) => outln!("{id}  deleted"),
            Err(failure) => complain(reach, &mut failed, text, failure),
        }
    }
    failed.map_or(Ok(()), Err)
}

pub async fn rerun(reach: &Reach, id: &str, input: Option<&str>) -> Result<(), Failure> {
    let client = client(reach)?;
    let id = find::job_id(&client, id).await?;
    let body = Rerun { input: input.map(submit::input).transpose()? };
    told(reach, &client.rerun(&id, &body).await?)
}

fn told(reach: &Reach, job: &JobSummary) -> Result<(), Failure> {
    if reach.json {
        return print_pretty(job);
    }
    outln!("{}", words::line(job, words::has_colour(&std::io::stdout())));
    Ok(())
}

fn complain(reach: &Reach, failed: &mut Option<Failure>, text: &str, failure: Failure) {
    failure.tell(reach.json, Some(text));
    let exit = failed.as_ref().map_or(failure.exit, |first: &Failure| first.exit);
    *failed = Some(Failure::silent(if exit == Exit::Done { failure.exit } else { exit }));
}
