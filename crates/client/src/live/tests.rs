//! Frames in, what the watcher is told out.

use serde_json::json;

use super::follow::{Follow, Happened};
use super::frames::Frame;

const ID: &str = "job_01jd9v3k5efx4b8n6w2q7r0mzt";

fn job(rev: u64, tick: u64, status: &str) -> serde_json::Value {
    json!({
        "id": ID, "task": "t", "mode": "process", "status": status, "rev": rev, "settlement": 1, "attempt": 1, "tenant": "default",
        "owner": "ann", "priority": 0, "progress": {"tick": tick}, "pause": "none", "verbs": [],
        "createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-01T00:00:00.000Z", "ranMs": 0
    })
}

/// What is told, as short words.
fn told(follow: &mut Follow, frame: serde_json::Value) -> Vec<String> {
    let frame: Frame = serde_json::from_str(&frame.to_string()).expect("a frame that can be read");
    let words = |happened: Happened| match happened {
        Happened::Connection(_) => "connection".to_owned(),
        Happened::Snapshot { topic, jobs, .. } => format!("snapshot {topic} of {}", jobs.len()),
        Happened::Live { topic, resumed } => format!("live {topic} resumed={resumed}"),
        Happened::Update { kind, job } => format!("{kind} rev {}", job.rev),
        Happened::Left { topic, deleted, .. } => format!("left {topic} deleted={deleted}"),
        Happened::Progress { progress, .. } => format!("progress {}", progress.tick),
        Happened::Output { next, .. } => format!("output to {next}"),
        Happened::Stats(stats) => format!("stats {}", stats.total),
        Happened::Refused { topic, code, .. } => format!("refused {topic} {code}"),
    };
    follow.take(frame).into_iter().map(words).collect()
}

fn update(rev: u64) -> serde_json::Value {
    json!({"type": "update", "position": format!("e-{rev}"), "subs": [1], "kind": "claimed", "job": job(rev, 0, "running")})
}

#[test]
fn the_highest_revision_wins_and_progress_belongs_to_exactly_one() {
    let mut follow = Follow::new(vec![json!({"job": ID})]);
    assert_eq!(
        told(&mut follow, json!({"type": "snapshot", "id": 1, "jobs": [job(3, 5, "running")], "more": false})),
        [] as [&str; 0]
    );
    let live = json!({"type": "live", "id": 1, "position": "e-3", "resumed": false, "reason": "fresh", "truncated": false});
    assert_eq!(told(&mut follow, live), ["snapshot 0 of 1", "live 0 resumed=false"]);
    let progress = |rev: u64, tick: u64| json!({"type": "progress", "subs": [1], "id": ID, "rev": rev, "tick": tick, "progress": {"tick": tick}});
    for (frame, expected) in [
        (update(3), vec![]),
        (progress(3, 5), vec![]),
        (progress(3, 6), vec!["progress 6"]),
        (progress(4, 7), vec![]),
        (update(4), vec!["claimed rev 4"]),
        (progress(3, 9), vec![]),
        (progress(4, 1), vec!["progress 1"]),
        (json!({"type": "something-newer", "a": 1}), vec![]),
        (
            json!({"type": "left", "position": "e-9", "subs": [1], "id": ID, "rev": 9, "kind": "deleted"}),
            vec!["left 0 deleted=true"],
        ),
    ] {
        assert_eq!(told(&mut follow, frame.clone()), expected, "{frame}");
    }
}

#[test]
fn what_came_after_the_snapshot_is_in_it_when_it_is_told() {
    let mut follow = Follow::new(vec![json!({"owner": "me"})]);
    let page = |rev: u64| json!({"type": "snapshot", "id": 1, "jobs": [job(rev, 0, "pending")], "more": false});
    let live = json!({"type": "live", "id": 1, "position": "e-5", "resumed": false, "truncated": false});
    for pages in [vec![], vec![page(1)], vec![page(1), page(2)]] {
        let mut follow = Follow::new(vec![json!({"owner": "me"})]);
        pages.into_iter().for_each(|page| drop(told(&mut follow, page)));
        told(&mut follow, update(4));
        let frame: Frame = serde_json::from_str(&live.to_string()).unwrap();
        match &follow.take(frame)[0] {
            Happened::Snapshot { jobs, .. } => assert_eq!((jobs.len(), jobs[0].rev, &*jobs[0].status), (1, 4, "running")),
            other => panic!("{other:?}"),
        }
    }
    told(&mut follow, page(1));
    told(&mut follow, json!({"type": "left", "position": "e-3", "subs": [1], "id": ID, "rev": 3, "kind": "deleted"}));
    assert_eq!(told(&mut follow, live), ["snapshot 0 of 0", "live 0 resumed=false"]);
}

#[test]
fn a_new_connection_goes_on_from_what_was_earned() {
    let mut follow = Follow::new(vec![json!({"owner": "me"}), json!({"output": ID})]);
    let opened = |follow: &mut Follow| serde_json::to_value(follow.open()).unwrap();
    assert_eq!(opened(&mut follow)[0], json!({"type": "subscribe", "id": 1, "topic": {"owner": "me"}}));
    told(&mut follow, update(2));
    assert_eq!(opened(&mut follow)[0].get("after"), None, "not live yet: nothing is earned");
    told(&mut follow, json!({"type": "live", "id": 1, "position": "e-2", "resumed": false, "truncated": false}));
    told(&mut follow, json!({"type": "output", "subs": [2], "id": ID, "attempt": 1, "offset": 0, "next": 40, "chunks": []}));
    told(&mut follow, json!({"type": "live", "id": 2, "position": "e-2", "resumed": false, "truncated": false}));
    told(&mut follow, json!({"type": "heartbeat", "position": "e-7"}));
    let frames = opened(&mut follow);
    assert_eq!((&frames[0]["after"], &frames[1]["after"]), (&json!("e-7"), &json!("1:40")));
    follow.forget();
    assert_eq!(opened(&mut follow)[0].get("after"), None);
}

#[test]
fn a_refused_topic_is_not_asked_again_and_the_others_go_on() {
    let mut follow = Follow::new(vec![json!({"job": ID}), json!({"stats": true})]);
    assert_eq!(told(&mut follow, json!({"type": "error", "code": "not_found", "message": "no", "id": 1})), ["refused 0 not_found"]);
    assert_eq!(follow.open().len(), 1);
    assert!(!follow.is_all_refused());
    told(&mut follow, json!({"type": "error", "code": "forbidden", "message": "no", "id": 2}));
    assert!(follow.is_all_refused());
}

#[test]
fn what_the_server_writes_is_read_here() {
    let job = serde_json::value::RawValue::from_string(job(1, 0, "pending").to_string()).unwrap();
    let frame = wire::frame::ServerFrame::Update { position: "e-1".into(), subs: vec![1], kind: "submitted".into(), job };
    assert!(matches!(serde_json::from_str(&frame.to_json()), Ok(Frame::Update { .. })));
    let hello = wire::frame::ServerFrame::Hello { protocol: 1, epoch: "e".into(), heartbeat_ms: 15_000 };
    assert!(matches!(serde_json::from_str(&hello.to_json()), Ok(Frame::Hello { heartbeat_ms: 15_000 })));
    assert!(matches!(serde_json::from_str(&wire::frame::ServerFrame::Pong.to_json()), Ok(Frame::Other)));
}
