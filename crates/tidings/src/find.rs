//! From what people type to the id of a job: the whole id, enough of its beginning or end, or the id that it has at the app or engine that it
//! comes from.

use client::{Client, ListQuery};
use domain::{JobId, limits};

use crate::exit::{Exit, Failure};

/// Fewest characters of an id that are looked up.
const LEAST: usize = 6;
/// How many of the newest jobs are looked through.
const LOOKED_THROUGH: u32 = 200;

/// The id of the job that `text` means. Of several jobs with one external id it is the newest, which is said.
pub async fn job_id(client: &Client, text: &str) -> Result<String, Failure> {
    if let Some(id) = JobId::parse(text) {
        return Ok(id.to_string());
    }
    let newest = |query: ListQuery| async move { client.list(&query).await.map(|page| page.jobs) };
    let (mut by_external, mut by_part) = (Vec::new(), Vec::new());
    if !text.is_empty() && text.len() <= limits::NAME_BYTES && !text.chars().any(char::is_control) {
        by_external = newest(ListQuery { external_id: Some(text.to_owned()), limit: Some(2), ..ListQuery::default() }).await?;
    }
    let part = part(text);
    if let Some(part) = &part {
        by_part = newest(ListQuery { limit: Some(LOOKED_THROUGH), ..ListQuery::default() }).await?;
        by_part.retain(|job| fits(part, &job.id));
    }
    let ids = |jobs: &[wire::record::JobSummary]| jobs.iter().map(|job| job.id.to_string()).collect::<Vec<String>>();
    let found = meant(text, &ids(&by_external), &ids(&by_part))?;
    if by_external.len() > 1 && by_external.iter().any(|job| *job.id == *found) {
        eprintln!("several jobs have the external id {text:?}; the newest is meant: {found}");
    }
    Ok(found)
}

/// What may be the beginning or the end of an id.
fn part(text: &str) -> Option<String> {
    let part = text.strip_prefix("job_").unwrap_or(text).to_ascii_lowercase();
    (part.len() >= LEAST && part.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some(part)
}

fn fits(part: &str, id: &str) -> bool {
    id.strip_prefix("job_").is_some_and(|id| id.starts_with(part) || id.ends_with(part))
}

/// Which of the jobs that were found is meant; both lists are newest first.
fn meant(text: &str, by_external: &[String], by_part: &[String]) -> Result<String, Failure> {
    match (by_external, by_part) {
        ([newest, ..], others) if others.iter().all(|id| id == newest) => Ok(newest.clone()),
        ([newest, ..], [other, ..]) => Err(Failure::usage(format!(
            "{text:?} is the external id of {newest}, and also a part of the id {other}: write the whole id"
        ))),
        (_, [id]) => Ok(id.clone()),
        (_, [first, ..]) => Err(Failure::usage(format!("{text:?} fits {} jobs: {first} …; write more of the id", by_part.len()))),
        (_, []) => {
            let words = match part(text) {
                Some(_) => {
                    format!(
                        "no job that you may see has the external id {text:?}, and none of the newest {LOOKED_THROUGH} has an id that begins or ends so"
                    )
                }
                None => format!(
                    "no job that you may see has the external id {text:?}, and it is no part of an id: write at least {LEAST} characters of its beginning \
                     or end"
                ),
            };
            Err(Failure::new(Exit::NotFound, words))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDS: [&str; 3] = ["job_01jd9v3k5efx4b8n6w2q7r0mzt", "job_01jd9v3k5efx4b8n6w2q7r0xxx", "job_01jd9w0000000000000000zzzz"];

    fn found(text: &str, by_external: &[&str]) -> Result<String, Exit> {
        let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<String>>();
        let by_part: Vec<&str> = IDS.into_iter().filter(|id| part(text).is_some_and(|part| fits(&part, id))).collect();
        meant(text, &owned(by_external), &owned(&by_part)).map_err(|failure| failure.exit)
    }

    #[test]
    fn a_beginning_or_an_end_that_fits_one_job_is_enough() {
        assert_eq!(found("q7r0mzt", &[]).as_deref(), Ok(IDS[0]));
        assert_eq!(found("01jd9w", &[]).as_deref(), Ok(IDS[2]));
        assert_eq!(found("job_01jd9w", &[]).as_deref(), Ok(IDS[2]));
        assert_eq!(found("01jd9v", &[]), Err(Exit::Usage));
        assert_eq!(found("nothere", &[]), Err(Exit::NotFound));
        for text in ["job_01", "abc", "../../etc", "ab cd ef", "0mzt"] {
            assert_eq!(found(text, &[]), Err(Exit::NotFound), "{text}");
        }
    }

    #[test]
    fn an_external_id_means_the_newest_job_that_has_it() {
        assert_eq!(found("123", &[IDS[1], IDS[0]]).as_deref(), Ok(IDS[1]));
        assert_eq!(found("nightly/7", &[IDS[0]]).as_deref(), Ok(IDS[0]));
        assert_eq!(found("q7r0mzt", &[IDS[0]]).as_deref(), Ok(IDS[0]), "the same job by both");
        assert_eq!(found("q7r0mzt", &[IDS[2]]), Err(Exit::Usage), "another job's id ends so");
    }

    #[tokio::test]
    async fn a_whole_id_is_not_looked_up() {
        let client = Client::new("http://127.0.0.1:1", None).unwrap();
        assert_eq!(job_id(&client, IDS[0]).await.ok().as_deref(), Some(IDS[0]));
        assert_eq!(job_id(&client, "123").await.unwrap_err().exit, Exit::Unreachable);
        assert_eq!(job_id(&client, "").await.unwrap_err().exit, Exit::NotFound);
    }
}
