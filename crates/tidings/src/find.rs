//! From what people type to the id of a job: the whole id, or enough of its beginning or end.

use client::{Client, ListQuery};
use domain::JobId;

use crate::exit::{Exit, Failure};

/// Fewest characters of an id that are looked up.
const LEAST: usize = 6;
/// How many of the newest jobs are looked through.
const LOOKED_THROUGH: u32 = 200;

/// The id of the job that `text` means.
pub async fn job_id(client: &Client, text: &str) -> Result<String, Failure> {
    if let Some(id) = JobId::parse(text) {
        return Ok(id.to_string());
    }
    let part = text.strip_prefix("job_").unwrap_or(text).to_ascii_lowercase();
    if part.len() < LEAST || !part.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(Failure::usage(format!(
            "{text:?} is no job id: write it whole, or at least {LEAST} characters of its beginning or end"
        )));
    }
    let page = client.list(&ListQuery { limit: Some(LOOKED_THROUGH), ..ListQuery::default() }).await?;
    let ids: Vec<&str> = page.jobs.iter().map(|job| &*job.id).collect();
    one(&part, &ids).map(str::to_owned)
}

/// The one id that begins or ends with `part`.
fn one<'i>(part: &str, ids: &[&'i str]) -> Result<&'i str, Failure> {
    let matches = |id: &str| id.strip_prefix("job_").is_some_and(|id| id.starts_with(part) || id.ends_with(part));
    let found: Vec<&str> = ids.iter().copied().filter(|id| matches(id)).collect();
    match found[..] {
        [id] => Ok(id),
        [] => {
            let words = format!("no job of the newest {LOOKED_THROUGH} has an id that begins or ends with {part:?}");
            Err(Failure::new(Exit::NotFound, words))
        }
        _ => Err(Failure::usage(format!("{part:?} fits {} jobs: {} …; write more of the id", found.len(), found[0]))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_or_an_end_that_fits_one_job_is_enough() {
        let ids = ["job_01jd9v3k5efx4b8n6w2q7r0mzt", "job_01jd9v3k5efx4b8n6w2q7r0xxx", "job_01jd9w0000000000000000zzzz"];
        assert_eq!(one("q7r0mzt", &ids).ok(), Some(ids[0]));
        assert_eq!(one("01jd9w", &ids).ok(), Some(ids[2]));
        assert_eq!(one("01jd9v", &ids).unwrap_err().exit, Exit::Usage);
        assert_eq!(one("nothere", &ids).unwrap_err().exit, Exit::NotFound);
    }

    #[tokio::test]
    async fn a_whole_id_is_not_looked_up_and_too_little_is_refused() {
        let client = Client::new("http://127.0.0.1:1", None).unwrap();
        let id = "job_01jd9v3k5efx4b8n6w2q7r0mzt";
        assert_eq!(job_id(&client, id).await.ok().as_deref(), Some(id));
        for text in ["job_01", "abc", "../../etc", "ab cd ef"] {
            assert_eq!(job_id(&client, text).await.unwrap_err().exit, Exit::Usage, "{text}");
        }
    }
}
