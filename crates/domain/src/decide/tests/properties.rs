//! Random lives of several jobs. The world checks each commit; what is asked here is what must hold between them.

use proptest::prelude::*;
use proptest::sample::select;

use super::world::World;
use crate::decide::allowed_verbs;
use crate::{Answer, Status};

const JOBS: &[&str] = &[
    "worker",
    "worker attempts=3",
    "worker attempts=3 later start-within=4000",
    "worker attempts=2 limit=5000 on-timeout",
    "worker limit=5000 start-within=9000",
    "worker rescue-lost attempts=2 no-pause",
    "process attempts=2 limit=8000",
    "process cannot-start",
    "tracked attempts=2",
    "tracked limit=5000",
];

/// Claims and small steps of time stand more than once, so that lives get somewhere.
const STEPS: &[&str] = &[
    "claim",
    "claim",
    "claim",
    "claim",
    "pause",
    "resume",
    "abort",
    "kill",
    "retry",
    "run-now",
    "answer",
    "delete",
    "heartbeat",
    "ack",
    "ack",
    "ack=0",
    "ack=99",
    "complete",
    "fail",
    "fail",
    "fail-for-good",
    "interrupted",
    "stopped",
    "wait",
    "wait=2000",
    "rescue",
    "renew",
    "stale:complete",
    "stale:fail",
    "stale:heartbeat",
    "stale:ack",
    "stale:stopped",
    "stale:rescue",
    "progress=1",
    "tags=a",
    "tags=b",
    "run-at=3000",
    "rev=1:abort",
    "clock",
    "clock-unjudged",
    "+1",
    "+1000",
    "+2000",
    "+5000",
    "+10000",
    "+30000",
    "+60000",
    "skip=30000",
];

const VERBS: &[&str] = &["pause", "resume", "abort", "kill", "retry", "run-now", "answer", "delete"];

/// Most looks of the clock that a stop may take: the grace period, the lease, and one to spare.
const LOOKS: usize = 4;

fn lives() -> impl Strategy<Value = (Vec<&'static str>, Vec<(usize, &'static str)>)> {
    (prop::collection::vec(select(JOBS), 1..4), prop::collection::vec((0usize..3, select(STEPS)), 1..40))
}

fn words_of_a_source() -> impl Strategy<Value = (Vec<u32>, Vec<&'static str>)> {
    let told: Vec<&'static str> =
        Status::ALL.iter().filter(|status| **status != Status::Lost).map(|status| status.as_str()).collect();
    (prop::collection::vec(1u32..50, 1..40), prop::collection::vec(select(told), 40))
}

/// Lets time pass to whatever is next for this job.
fn look(world: &mut World, at: usize) {
    if let Some(wake) = world.job(at).wake_at() {
        world.now = world.now.max(wake);
    }
    world.step(&format!("{at}.clock")).expect("the clock is never refused");
}

fn check_that_verbs_agree(world: &World, at: usize) {
    let mut world = world.clone();
    let listed = allowed_verbs(world.job(at));
    for verb in VERBS {
        let request = world.request(at, verb);
        let does = match world.would(&request) {
            Ok(decision) if decision.is_durable() => true,
            Ok(decision) => {
                assert!(matches!(decision.answer, Answer::Unchanged(_) | Answer::Wished(_)), "{verb}: {decision:?}");
                false
            }
            Err(_) => false,
        };
        assert_eq!(listed.contains(verb), does, "{verb} of {:#?}", world.job(at));
    }
}

fn check_that_a_stop_settles_it(world: &World, at: usize) {
    for verb in ["abort", "kill"] {
        let mut world = world.clone();
        if world.job(at).status.is_active() {
            world.step(&format!("{at}.{verb}")).expect("an active job can be stopped");
        }
        for _ in 0..LOOKS {
            if world.job(at).status.is_active() {
                look(&mut world, at);
            }
        }
        assert!(world.job(at).status.is_end(), "{verb} left it {:#?}", world.job(at));
        for _ in 0..LOOKS {
            look(&mut world, at);
        }
        assert!(!world.job(at).takes_slot(), "its place is never given back: {:#?}", world.job(at));
    }
}

fn check_that_silence_ends_its_attempt(world: &World, at: usize) {
    let mut world = world.clone();
    for _ in 0..LOOKS {
        if world.job(at).is_attempt_open() {
            look(&mut world, at);
        }
    }
    assert!(!world.job(at).is_attempt_open(), "runs for ever: {:#?}", world.job(at));
}

/// A word under another lease, or about another wish, is heard by nobody.
fn check_that_nothing_moves(world: &World, at: usize, word: &str) {
    let mut world = world.clone();
    let request = world.request(at, word);
    if let Ok(decision) = world.would(&request) {
        assert!(decision.events.is_empty(), "{word} moved {:#?}", world.job(at));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_a_job_can_be_brought_to_its_end((jobs, steps) in lives()) {
        let mut world = World::new();
        world.places = 2;
        for words in &jobs {
            world.submit(words);
        }
        for (at, word) in steps {
            let at = at % jobs.len();
            let _ = world.step(&format!("{at}.{word}"));
            for at in 0..jobs.len() {
                let Some(job) = &world.rows[at].job else { continue };
                let is_open = job.is_attempt_open();
                check_that_verbs_agree(&world, at);
                check_that_a_stop_settles_it(&world, at);
                check_that_silence_ends_its_attempt(&world, at);
                for word in ["stale:heartbeat", "stale:complete", "stale:fail", "stale:rescue"] {
                    check_that_nothing_moves(&world, at, word);
                }
                if is_open {
                    check_that_nothing_moves(&world, at, "ack=99");
                }
            }
        }
    }

    /// The world holds each commit against what must be; what is asked here is that an order of the words by their own time is all that counts.
    #[test]
    fn words_of_a_source_may_be_repeated_and_come_late((times, words) in words_of_a_source()) {
        let mut world = World::with("mirrored silence");
        let mut newest = 0;
        for (at, word) in times.iter().zip(&words) {
            let before = world.job(0).clone();
            world.step(&format!("says={word},at:{at}")).expect("a word is never refused");
            if *at < newest {
                prop_assert_eq!((world.job(0).status, world.job(0).rev), (before.status, before.rev));
            }
            let rev = world.job(0).rev;
            world.step(&format!("says={word},at:{at}")).expect("a repeated word is not refused");
            prop_assert_eq!(world.job(0).rev, rev, "a repeated word changed something");
            if *at > newest {
                prop_assert_eq!(world.job(0).status.as_str(), *word);
            }
            newest = newest.max(*at);
            check_that_verbs_agree(&world, 0);
        }
    }

    #[test]
    fn the_clock_alone_never_begins_another_settlement((jobs, steps) in lives()) {
        let mut world = World::new();
        for words in &jobs {
            world.submit(words);
        }
        for (at, word) in steps {
            let _ = world.step(&format!("{}.{word}", at % jobs.len()));
        }
        for at in 0..jobs.len() {
            let Some(job) = world.rows[at].job.clone() else { continue };
            for _ in 0..10 {
                look(&mut world, at);
            }
            prop_assert_eq!(world.job(at).settlement, job.settlement);
            if job.status.is_end() {
                prop_assert_eq!((world.job(at).status, world.job(at).rev), (job.status, job.rev));
            }
            prop_assert!(world.job(at).status != Status::Running || job.status == Status::Running);
        }
    }
}
