//! Mirrored jobs through the engine: a source's words, a person's in its place, and silence on the clock of the loops.

use domain::job::Silence;
use domain::policy::Mode;
use domain::request::{Ask, Word};
use domain::{JobId, Refusal, Status, limits};
use engine::{Conditions, Error, Source};
use serde_json::json;

use crate::World;

fn source() -> Source {
    Source {
        name: "there".into(),
        tenant: "default".into(),
        owner: "ann".into(),
        task: "import".into(),
        silence: Some(Silence { stale_after_ms: 60_000, lost_after_ms: 120_000 }),
    }
}

fn says(status: Status) -> Word {
    Word { status: Some(status), ..Word::default() }
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Refusal {
    match outcome {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_makes_and_moves_its_jobs_and_says_who_spoke() {
    let world = World::new();
    let first = world.engine.observe(&source(), "7", says(Status::Running)).await.unwrap();
    assert!(first.is_news && first.job.mode == Mode::Mirrored && &*first.job.owner == "ann");
    let again = world.engine.observe(&source(), "7", Word { at_us: Some(1), ..says(Status::Failed) }).await.unwrap();
    assert_eq!((again.job.id, again.is_news, again.job.status), (first.job.id, false, Status::Running));
    let by_hand =
        world.engine.observe_as(&world.ann(), first.job.id, says(Status::Completed), &Conditions::default()).await.unwrap();
    assert_eq!(by_hand.job.status, Status::Completed);
    let history = world.store.history(first.job.id, 0, 9).await.unwrap();
    let by: Vec<_> = history.iter().map(|event| event.by.as_deref().unwrap_or("")).collect();
    assert_eq!(by, ["source:there", "source:there", "ann"]);
}

#[tokio::test(start_paused = true)]
async fn what_runs_here_is_not_told_from_there() {
    let world = World::new();
    let own = world.submit(json!({"task": "work", "externalId": "7"})).await.job;
    for name in ["7", &own.id.to_string()] {
        assert!(
            matches!(refused(world.engine.observe(&source(), name, says(Status::Completed)).await), Refusal::RunHere { .. }),
            "{name}"
        );
    }
    let by_hand = world.engine.observe_as(&world.ann(), own.id, says(Status::Completed), &Conditions::default()).await;
    assert!(matches!(refused(by_hand), Refusal::RunHere { .. }));
    assert_eq!(world.store.job(own.id).await.unwrap().unwrap().status, Status::Pending);
}

#[tokio::test(start_paused = true)]
async fn nobody_speaks_for_a_job_that_is_not_theirs() {
    let world = World::new();
    let job = world.engine.observe(&source(), "7", says(Status::Running)).await.unwrap().job;
    let ben = domain::access::Principal { subject: "ben".into(), ..world.ann() };
    let ben =
        domain::access::Principal { scopes: vec![domain::access::Scope::JobsControl, domain::access::Scope::JobsSubmit], ..ben };
    assert_eq!(
        refused(world.engine.observe_as(&ben, job.id, says(Status::Completed), &Conditions::default()).await),
        Refusal::NotFound
    );
    let body = serde_json::from_value(json!({"task": "import", "externalId": "7"})).unwrap();
    let taken = world.engine.mirror(&ben, "there", &body, Word::default(), &Conditions::default()).await;
    assert!(matches!(taken, Err(Error::Invalid { field: "externalId", .. })), "{taken:?}");
}

#[tokio::test(start_paused = true)]
async fn a_job_made_by_hand_is_heard_of_under_its_own_id() {
    let world = World::new();
    let body = serde_json::from_value(json!({"task": "import", "title": "March"})).unwrap();
    let made = world.engine.mirror(&world.ann(), "there", &body, Word::default(), &Conditions::default()).await.unwrap();
    assert_eq!((made.job.status, made.job.mode), (Status::Pending, Mode::Mirrored));
    let heard = world.engine.observe(&source(), &made.job.id.to_string(), says(Status::Running)).await.unwrap();
    assert_eq!((heard.job.id, heard.job.status), (made.job.id, Status::Running));
    let verb = world.engine.ask(&world.ann(), made.job.id, Ask::Abort, &Conditions::default()).await;
    assert_eq!(refused(verb), Refusal::NotHere);
}

#[tokio::test(start_paused = true)]
async fn it_is_not_run_again_here() {
    let world = World::new();
    let job = world.engine.observe(&source(), "7", says(Status::Failed)).await.unwrap().job;
    let again = world.engine.rerun(&world.ann(), job.id, None, &Conditions::default()).await;
    assert!(matches!(again, Err(Error::Refused(Refusal::NotHere))), "{again:?}");
}

#[tokio::test(start_paused = true)]
async fn nobody_takes_the_name_of_what_runs_here() {
    let world = World::new();
    let own = world.submit(json!({"task": "work", "externalId": "7"})).await.job;
    // What has the form of an id is refused whether or not there is such a job: who asks learns nothing.
    for name in ["7".to_owned(), own.id.to_string(), engine::random::job_id(world.engine.clock().now()).to_string()] {
        let body = serde_json::from_value(json!({"task": "import", "externalId": name})).unwrap();
        let taken = world.engine.mirror(&world.ann(), "there", &body, Word::default(), &Conditions::default()).await;
        assert!(matches!(taken, Err(Error::Invalid { field: "externalId", .. })), "{name}: {taken:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_that_was_free_again_is_that_of_what_runs_here() {
    let world = World::new();
    let mirrored = world.engine.observe(&source(), "7", says(Status::Completed)).await.unwrap().job;
    world.engine.delete(&world.ann(), mirrored.id, &Conditions::default()).await.unwrap();
    world.submit(json!({"task": "work", "externalId": "7"})).await;
    let told = refused(world.engine.observe(&source(), "7", says(Status::Running)).await);
    assert!(matches!(told, Refusal::RunHere { .. }), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_put_back_makes_no_silence_longer() {
    let world = World::new();
    world.engine.listening("there", Some(world.engine.clock().now()));
    let job = world.engine.observe(&source(), "7", says(Status::Running)).await.unwrap().job;
    world.pass(40).await;
    world.clock.jump_ms(-3_600_000);
    world.pass(50).await;
    assert_eq!(status_of(&world, job.id).await, (Status::Running, Some("stale".to_owned())));
}

/// Nothing here can carry out what is due there; as many as the clock looks at in one step, and one, are due first.
#[tokio::test(start_paused = true)]
async fn what_is_due_elsewhere_keeps_nothing_here_from_its_time() {
    let world = World::new();
    let later = |ms| wire::time::show(world.engine.clock().now().plus_ms(ms));
    for _ in 0..257 {
        let body = serde_json::from_value(json!({"task": "import", "runAt": later(33_000)})).unwrap();
        let made = world.engine.mirror(&world.ann(), "there", &body, Word::default(), &Conditions::default()).await.unwrap();
        assert_eq!(made.job.status, Status::Scheduled);
    }
    let own = world.submit(json!({"task": "work", "runAt": later(35_000)})).await.job;
    world.pass(40).await;
    assert_eq!(status_of(&world, own.id).await.0, Status::Pending);
}

#[tokio::test(start_paused = true)]
async fn bounds_are_kept() {
    let world = World::new();
    let long = "x".repeat(limits::NAME_BYTES + 1);
    assert!(matches!(
        world.engine.observe(&source(), &long, says(Status::Running)).await,
        Err(Error::Invalid { field: "externalId", limit: Some(_), .. })
    ));
    let labels = vec![("assignee".into(), "x".repeat(limits::TAG_BYTES).into())];
    assert!(world.engine.observe(&source(), "7", Word { labels, ..says(Status::Running) }).await.is_err());
    let lost = world.engine.observe(&source(), "7", says(Status::Lost)).await;
    assert!(matches!(lost, Err(Error::Invalid { field: "status", .. })), "{lost:?}");
    let error = Some("x".repeat(limits::ERROR_BYTES * 2).into());
    let job = world.engine.observe(&source(), "7", Word { error, ..says(Status::Failed) }).await.unwrap().job;
    assert!(job.error.as_ref().is_some_and(|error| error.message.len() <= limits::ERROR_BYTES));
}

#[tokio::test(start_paused = true)]
async fn silence_counts_only_while_somebody_listens() {
    let world = World::new();
    let job = world.engine.observe(&source(), "7", says(Status::Running)).await.unwrap().job;
    world.pass(100).await;
    assert_eq!(status_of(&world, job.id).await, (Status::Running, None), "nobody listens");
    world.engine.listening("there", Some(world.engine.clock().now()));
    world.pass(70).await;
    assert_eq!(status_of(&world, job.id).await, (Status::Running, Some("stale".to_owned())));
    world.engine.listening("there", None);
    world.pass(200).await;
    assert_eq!(status_of(&world, job.id).await.0, Status::Running, "nobody listens");
    world.engine.listening("there", Some(world.engine.clock().now()));
    world.pass(130).await;
    assert_eq!(status_of(&world, job.id).await, (Status::Lost, Some("source_silent".to_owned())));
    let back = world.engine.observe(&source(), "7", says(Status::Running)).await.unwrap().job;
    assert_eq!((back.status, back.settlement, back.attempt), (Status::Running, 1, 1));
}

async fn status_of(world: &World, id: JobId) -> (Status, Option<String>) {
    let job = world.store.job(id).await.unwrap().unwrap();
    (job.status, job.reason.map(|reason| reason.to_string()))
}

#[tokio::test(start_paused = true)]
async fn where_others_speak_of_its_jobs_only_a_service_names_one() {
    let world = World::new();
    let body = serde_json::from_value(json!({"task": "import", "externalId": "7"})).unwrap();
    let conditions = Conditions::default();
    world.engine.feed("there");
    let by_user = world.engine.mirror(&world.ann(), "there", &body, Word::default(), &conditions).await;
    assert!(matches!(by_user, Err(Error::Denied(domain::access::Denied::NameAtSource))), "{by_user:?}");
    let unnamed = serde_json::from_value(json!({"task": "import"})).unwrap();
    world.engine.mirror(&world.ann(), "there", &unnamed, Word::default(), &conditions).await.unwrap();
    let service = domain::access::Principal { is_service: true, ..world.ann() };
    world.engine.mirror(&service, "there", &body, Word::default(), &conditions).await.unwrap();
    world.engine.mirror(&world.ann(), "elsewhere", &body, Word::default(), &conditions).await.unwrap();
}
