//! A tracked future against a server that the test plays: what it answers, what is reported, and what the caller gets.

mod fake;

use std::time::Duration;

use client::{Client, Habits, Job, OnUnreachable, ShutDown, Stopped, Stream, TrackError, TrackOptions, Tracker};
use fake::Fake;
use serde_json::json;
use tokio::sync::oneshot;

fn habits() -> Habits {
    // The shortest lease: beats, and with them wishes, come every third of a second.
    Habits { lease: Some(Duration::from_secs(1)), ..Habits::default() }
}

fn tracker(url: &str, habits: Habits) -> Tracker {
    Tracker::with_habits(Client::new(url, None).expect("an address"), habits)
}

/// Work in small steps, each behind a checkpoint, until it is stopped.
async fn steps(job: Job) -> Result<(), Stopped> {
    loop {
        job.checkpoint().await?;
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_value_of_the_work_is_the_value_and_the_record_says_all_of_it() {
    let fake = Fake::listen().await;
    let tidings = tracker(&fake.url, habits());
    let about = TrackOptions {
        owner: Some("ann".to_owned()),
        session: Some("page-1".to_owned()),
        subject: Some(("report".to_owned(), "7".to_owned())),
        input: Some(json!({"by": "month"})),
        ..TrackOptions::default()
    };
    let work = async move |job: Job| {
        assert_eq!(job.id().as_deref(), Some("job_1"));
        job.log(Stream::Warn, "begun");
        job.progress(1_000.0, "all");
        Ok::<_, Stopped>(json!({"rows": 2}))
    };
    let value = tidings.track("report", about, work).await.expect("a value");
    assert_eq!(value, json!({"rows": 2}));
    let calls = fake.calls();
    let said: Vec<&str> = calls.iter().map(|call| call.verb.as_str()).collect();
    assert_eq!(said, ["submit", "output", "progress", "complete"]);
    let submit = json!({"task": "report", "mode": "tracked", "owner": "ann", "session": "page-1",
        "subject": {"type": "report", "id": "7"}, "input": {"by": "month"}, "leaseMs": 1_000});
    assert_eq!(calls[0].body, submit);
    assert_eq!(calls[1].body, json!({"chunks": [{"stream": "warn", "text": "begun\n"}]}));
    assert_eq!((&calls[2].body["percentage"], &calls[2].body["message"]), (&json!(100.0), &json!("all")));
    assert_eq!(calls[3].body, json!({"result": {"rows": 2}}));
    assert_eq!(tidings.running(), 0);
}

#[tokio::test]
async fn an_error_and_a_panic_fail_the_job_in_their_words() {
    let fake = Fake::listen().await;
    let tidings = tracker(&fake.url, habits());
    let failing = tidings.track("report", TrackOptions::default(), async |_| Err::<(), _>("no paper")).await;
    assert!(matches!(failing, Err(TrackError::Work("no paper"))), "{failing:?}");
    let panicking =
        tidings.track("report", TrackOptions::default(), async |_| -> Result<(), String> { panic!("out of ink") }).await;
    assert!(matches!(&panicking, Err(TrackError::Panicked(words)) if words == "out of ink"), "{panicking:?}");
    let told: Vec<_> = fake.bodies("fail").into_iter().map(|body| body["error"].clone()).collect();
    assert_eq!(told, [json!({"kind": "error", "message": "no paper"}), json!({"kind": "panic", "message": "out of ink"})]);
}

#[tokio::test]
async fn a_handler_that_is_dropped_does_not_take_its_work_along() {
    let fake = Fake::listen().await;
    let tidings = tracker(&fake.url, habits());
    let (go_on, told) = oneshot::channel::<()>();
    let work = async move |_: Job| {
        told.await.expect("the word");
        Ok::<_, Stopped>("done")
    };
    let tracking = tidings.track("report", TrackOptions::default(), work);
    fake.seen("the submit", |call| call.verb == "submit").await;
    drop(tracking);
    fake.seen("a beat", |call| call.verb == "heartbeat").await;
    go_on.send(()).expect("the work listens");
    let end = fake.seen("the end", |call| call.verb == "complete").await;
    assert_eq!(end.body, json!({"result": "done"}));
}

#[tokio::test]
async fn a_pause_holds_the_work_until_the_resume_and_an_abort_ends_it() {
    let fake = Fake::listen().await;
    let tidings = tracker(&fake.url, habits());
    let tracking = tidings.track("report", TrackOptions::default(), steps);
    fake.seen("the submit", |call| call.verb == "submit").await;
    for kind in ["pause", "resume", "pause", "abort"] {
        let number = fake.ask(kind);
        fake.seen(kind, |call| call.body["acknowledge"] == number).await;
    }
    let Err(TrackError::Stopped { why, work: Some(said) }) = tracking.await else { panic!("not stopped") };
    assert_eq!(why, Stopped::Aborted { asked: "abort".to_owned(), by: Some("ann".to_owned()) });
    assert_eq!(why.to_string(), "ann asked to abort the job");
    assert_eq!(said, why);
    assert!(fake.bodies("complete").is_empty() && fake.bodies("fail").is_empty());
}

#[tokio::test]
async fn work_whose_lease_is_gone_is_stopped_and_claims_nothing() {
    let fake = Fake::listen().await;
    let tidings = tracker(&fake.url, habits());
    fake.refuse("heartbeat", 409, "stale_lease");
    let outcome = tidings.track("report", TrackOptions::default(), steps).await;
    assert!(matches!(outcome, Err(TrackError::Stopped { why: Stopped::LeaseLost, .. })), "{outcome:?}");
    assert!(fake.calls().iter().all(|call| matches!(call.verb.as_str(), "submit" | "heartbeat")));
}

#[tokio::test]
async fn a_result_that_cannot_be_kept_leaves_the_job_completed_without_it() {
    let fake = Fake::listen().await;
    let tidings = tracker(&fake.url, habits());
    fake.refuse_results();
    let value = tidings.track("report", TrackOptions::default(), async |_| Ok::<_, Stopped>("much")).await;
    assert!(matches!(value, Ok("much")), "{value:?}");
    assert_eq!(fake.bodies("complete"), [json!({"result": "much"}), json!({})]);
    let output = &fake.bodies("output")[0]["chunks"][0]["text"];
    assert!(output.as_str().is_some_and(|text| text.starts_with("The result was not kept: ")), "{output}");
}

#[tokio::test]
async fn a_server_that_is_away_at_the_start_fails_the_start_or_leaves_the_work_untracked() {
    let fake = Fake::listen().await;
    fake.refuse("submit", 503, "unavailable");
    let habits = Habits { start_within: Duration::from_millis(50), ..habits() };
    let tidings = tracker(&fake.url, habits);
    let refused = tidings.track("report", TrackOptions::default(), async |_| Ok::<_, Stopped>(1)).await;
    assert!(matches!(&refused, Err(TrackError::NotBegun(error)) if error.is_passing()), "{refused:?}");

    let about = TrackOptions { on_unreachable: Some(OnUnreachable::Run), ..TrackOptions::default() };
    let (go_on, told) = oneshot::channel::<()>();
    let (begin, begun) = oneshot::channel::<()>();
    let work = async move |job: Job| {
        assert_eq!(job.id(), None);
        begin.send(()).expect("the test listens");
        job.progress(50.0, "half");
        told.await.expect("the word");
        Ok::<_, Stopped>(job.id())
    };
    let tracking = tidings.track("report", about, work);
    let first = fake.calls().len();
    begun.await.expect("the work begins untracked");
    fake.accept();
    fake.seen("what was said meanwhile", |call| call.body["percentage"] == 50.0).await;
    go_on.send(()).expect("the work listens");
    assert_eq!(tracking.await.expect("a value").as_deref(), Some("job_1"));
    let keys: std::collections::HashSet<_> =
        fake.calls().into_iter().filter(|call| call.verb == "submit" && call.number > first).map(|call| call.key).collect();
    assert_eq!(keys.len(), 1, "one key for one job");
}

#[tokio::test]
async fn a_process_that_ends_fails_its_jobs_in_words_also_the_deaf_ones_and_begins_none() {
    let fake = Fake::listen().await;
    let tidings = tracker(&fake.url, habits());
    let tracking = tidings.track("report", TrackOptions::default(), steps);
    let deaf = tidings.track("report", TrackOptions::default(), async |_| std::future::pending::<Result<(), Stopped>>().await);
    fake.seen("both jobs", |call| call.verb == "submit" && call.number > 1).await;
    tidings.shut_down(ShutDown { reason: "a deploy".to_owned(), stop: Duration::from_millis(50), ..ShutDown::default() }).await;
    let why = Stopped::Interrupted("a deploy".to_owned());
    let Err(TrackError::Stopped { why: said, .. }) = tracking.await else { panic!("not stopped") };
    assert_eq!(said, why);
    let interrupted = json!({"kind": "interrupted", "message": "a deploy"});
    fake.seen("both ends", |call| call.verb == "fail" && fake.bodies("fail").len() == 2).await;
    assert!(fake.bodies("fail").iter().all(|body| body["error"] == interrupted));
    let late = tidings.track("report", TrackOptions::default(), steps).await;
    assert!(matches!(&late, Err(TrackError::Stopped { why: Stopped::Interrupted(_), work: None })), "{late:?}");
    drop(deaf);
}
