//! Progress beside the log: what was shown on one revision is shown again on the next, when that does not carry it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::Request;
use engine::Conditions;
use serde_json::json;

use super::World;

#[tokio::test(start_paused = true)]
async fn progress_that_a_new_revision_does_not_carry_is_shown_again() {
    let world = World::new();
    let made = world.submit(json!({"task": "report", "mode": "tracked"})).await;
    let lease = made.lease.expect("a lease").token;
    let body = serde_json::from_value(json!({"current": 1})).expect("progress");
    let tick = async || {
        world.clock.advance_ms(150);
        tokio::time::advance(Duration::from_millis(150)).await;
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    };
    tick().await;
    world.engine.report_progress(&world.ann(), made.job.id, &lease, &body).await.expect("it is taken");
    tick().await;
    assert_eq!(world.shown.progress.load(Ordering::SeqCst), 1);
    // The store carries the jump over and tells of it: nobody asked the book for the newest progress.
    world.clock.jump_ms(3_600_000);
    world.store.commit(Request::SaveProgress { entries: Vec::new() }).await.expect("it is committed");
    assert_eq!(world.job(made.job.id).await.rev, 2);
    tick().await;
    tick().await;
    assert_eq!(world.shown.progress.load(Ordering::SeqCst), 2, "on the new revision");
}

#[tokio::test(start_paused = true)]
async fn progress_reaches_those_who_follow_a_tag_that_came_later() {
    let world = World::new();
    let made = world.submit(json!({"task": "report", "mode": "tracked"})).await;
    let lease = made.lease.expect("a lease").token;
    let patch = serde_json::from_value(json!({"tags": ["late"]})).expect("a patch");
    world.engine.patch(&world.ann(), made.job.id, &patch, &Conditions::default()).await.expect("it is tagged");
    let body = serde_json::from_value(json!({"current": 1})).expect("progress");
    world.engine.report_progress(&world.ann(), made.job.id, &lease, &body).await.expect("it is taken");
    while world.shown.progress.load(Ordering::SeqCst) == 0 {
        tokio::time::advance(Duration::from_millis(50)).await;
    }
    assert_eq!(*world.shown.tags.lock().expect("no panic"), ["late".into()]);
}
