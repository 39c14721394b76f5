//! What every bus must do, as a suite for each implementation.

use std::sync::Arc;

use bus::InProcess;
use engine::port::{Bus, Notice, Published, Received};

fn numbered(end: u64) -> Published {
    Published::Notice(Notice::Output { job: domain::JobId(1), attempt: 1, end, ended: false })
}

fn number(received: Option<Received>) -> Option<u64> {
    match received {
        Some(Received::Published(Published::Notice(Notice::Output { end, .. }))) => Some(end),
        _ => None,
    }
}

async fn hands_everything_to_everybody_in_order(bus: Arc<dyn Bus>) {
    let mut subscribers = [bus.subscribe(), bus.subscribe()];
    (1..=1_000).for_each(|end| bus.publish(numbered(end)));
    for subscriber in &mut subscribers {
        for end in 1..=1_000 {
            assert_eq!(number(subscriber.recv().await), Some(end));
        }
    }
    let mut late = bus.subscribe();
    bus.publish(numbered(1_001));
    assert_eq!(number(late.recv().await), Some(1_001), "what was published before it came is not for it");
}

async fn tells_who_does_not_keep_up_and_waits_for_nobody(bus: Arc<dyn Bus>) {
    let mut slow = bus.subscribe();
    let gone = bus.subscribe();
    drop(gone);
    let many = 100_000;
    (1..=many).for_each(|end| bus.publish(numbered(end)));
    let mut newest = 0;
    let mut is_told = false;
    while let Ok(received) = slow.try_recv() {
        match received {
            Received::Missed => is_told = true,
            published => {
                let end = number(Some(published)).expect("a number");
                assert!(end == newest + 1 || is_told, "a hole before it was told: {newest} and then {end}");
                newest = end;
            }
        }
    }
    assert!(newest < many, "its queue is bounded");
    bus.publish(numbered(many + 1));
    assert!(matches!(slow.recv().await, Some(Received::Missed)), "it is told as soon as there is room");
    assert_eq!(number(slow.recv().await), Some(many + 1));
}

#[tokio::test]
async fn in_process() {
    hands_everything_to_everybody_in_order(Arc::new(InProcess::default())).await;
    tells_who_does_not_keep_up_and_waits_for_nobody(Arc::new(InProcess::default())).await;
}
