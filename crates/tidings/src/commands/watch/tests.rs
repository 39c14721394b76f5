//! Which jobs a watch counts and shows.

use super::*;

fn job(letter: char, status: &str) -> JobSummary {
    serde_json::from_value(json!({
        "id": format!("job_{letter}"), "task": "t", "mode": "process", "status": status, "rev": 1, "settlement": 1, "attempt": 1,
        "tenant": "default", "owner": "ann", "priority": 0, "progress": {}, "pause": "none", "verbs": [],
        "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z", "ranMs": 0
    }))
    .expect("a summary")
}

#[test]
fn a_topic_counts_what_is_active_and_shows_no_old_ends() {
    let mut held = Held::new(&Target::Topic(json!({"owner": "me"})));
    for (job, shown, open) in [
        (job('a', "completed"), false, 0),
        (job('b', "scheduled"), true, 0),
        (job('c', "running"), true, 1),
        (job('b', "running"), true, 2),
        (job('c', "failed"), true, 1),
        (job('c', "pending"), true, 2),
        (job('c', "completed"), true, 1),
        (job('b', "scheduled"), true, 0),
    ] {
        assert_eq!((held.take(&job), held.open.len()), (shown, open), "{} {}", job.id, job.status);
    }
    assert_eq!(held.ended.keys().collect::<Vec<_>>(), ["job_c"]);
}

#[test]
fn named_jobs_count_until_each_has_ended() {
    let mut held = Held::new(&Target::Jobs(vec!["job_a".into(), "job_b".into()]));
    assert!(held.take(&job('a', "completed")) && held.take(&job('b', "scheduled")));
    assert_eq!(held.open.len(), 1);
    let failure = held.let_go();
    assert_eq!(
        (failure.exit, failure.words.as_str()),
        (Exit::Detached, "the job goes on; watch it again with: tidings watch job_b")
    );
}
