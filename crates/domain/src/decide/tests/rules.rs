//! One line for each rule of a job's life.

use std::collections::BTreeSet;

use super::mirrored;
use super::world::World;
use crate::Status;
use crate::status::TABLE;

/// Statuses that no sequence of requests joins although the table lets them be: a limit is enforced only while running, and what it
/// asks can no longer be answered by a pause.
const NOT_REACHED: &[(Status, Status)] = &[(Status::Paused, Status::TimedOut)];

const RULES: &str = "
    # Submit.
    worker:                                       submit              -> pending made +submitted reason=queued attempt=0
    worker later:                                 submit              -> scheduled made +submitted no-slot
    tracked:                                      submit              -> running made +submitted attempt=1 slot
    tracked later:                                submit              -> running made +submitted
    worker cannot-start:                          submit              -> failed made +submitted +settled reason=bad_input error=bad_input
    worker later cannot-start:                    submit              -> failed made +submitted +settled reason=bad_input

    # Before the start.
    worker later:                                 +59999              -> scheduled unchanged
    worker later:                                 +60000              -> pending changed +due reason=queued
    worker later:                                 run-now             -> pending changed +due
    worker later:                                 run-at=5000 +5000   -> pending changed +due
    worker:                                       claim               -> running claimed +claimed attempt=1 tries=1 slot
    worker:                                       claim claim         -> running nothing
    worker start-within=1000:                     +999                -> pending unchanged
    worker start-within=1000:                     +1000               -> timed_out changed +settled reason=start_deadline error=start_deadline
    worker later start-within=1000:               +61000              -> timed_out changed +settled
    worker later start-within=1000:               run-at=90000 +61000 -> scheduled unchanged
    worker start-within=1000:                     claim +5000         -> running unchanged
    worker attempts=2 start-within=10:            claim fail +9000    -> timed_out changed +settled
    worker:                                       abort               -> aborted changed +settled reason=asked
    worker later:                                 abort               -> aborted changed +settled
    worker:                                       kill                -> aborted changed +settled

    # Held before the start.
    worker:                                       pause               -> paused changed +paused reason=before_start no-slot
    worker:                                       pause pause         -> paused unchanged
    worker:                                       pause claim         -> paused nothing
    worker:                                       pause resume        -> pending changed +resumed
    worker later:                                 pause +60000        -> paused unchanged
    worker later:                                 pause resume        -> scheduled changed +resumed due
    worker later:                                 pause +70000 resume clock -> pending changed +due
    worker attempts=2:                            claim fail pause resume -> retrying changed +resumed due
    worker:                                       pause abort         -> aborted changed +settled
    worker:                                       pause run-at=5000 resume -> scheduled changed +resumed due
    worker no-pause:                              pause               -> paused changed +paused

    # Ends as reported.
    worker:                                       claim complete      -> completed changed +settled outcome=completed no-slot
    worker:                                       claim progress=1 complete -> completed changed +settled reason=partial
    worker:                                       claim progress=0 complete -> completed changed +settled no-reason
    worker:                                       claim fail          -> failed changed +settled reason=boom error=boom outcome=failed
    worker attempts=2:                            claim fail          -> retrying changed +retrying reason=error error=boom due no-lease outcome=error
    worker attempts=2:                            claim fail-for-good -> failed changed +settled
    worker attempts=2:                            claim fail +1100    -> pending changed +due
    worker attempts=2:                            claim fail +1100 claim -> running claimed +claimed attempt=2 tries=2 no-error
    worker attempts=2:                            claim fail +1100 claim fail -> failed changed +settled
    worker:                                       claim stopped       -> aborted changed +settled reason=by_itself
    worker:                                       claim complete complete -> completed unchanged
    worker:                                       claim fail fail     -> failed unchanged
    worker:                                       claim complete fail -> completed !wrong_status
    worker:                                       claim fail complete -> failed !wrong_status
    worker:                                       claim complete heartbeat -> completed !wrong_status
    worker:                                       claim stale:complete -> running !stale_lease
    worker:                                       claim stale:heartbeat -> running !stale_lease
    worker attempts=2:                            claim fail fail     -> retrying !stale_lease
    worker attempts=2:                            claim fail +1100 claim stale:complete -> running !stale_lease
    tracked attempts=3:                           fail                -> failed changed +settled

    # Interruptions are free three times.
    worker:                                       claim interrupted   -> retrying changed +retrying reason=interrupted tries=0
    worker:                                       claim interrupted clock claim interrupted clock claim interrupted -> retrying changed +retrying
    worker:                                       claim interrupted clock claim interrupted clock claim interrupted clock claim interrupted -> failed changed +settled
    worker attempts=2:                            claim interrupted clock claim interrupted clock claim interrupted clock claim interrupted -> retrying changed +retrying reason=error
    tracked:                                      interrupted         -> failed changed +settled

    # Pause and resume of an attempt.
    worker:                                       claim pause         -> running wished +wished wish=pause
    worker:                                       claim pause pause   -> running wished
    worker:                                       claim pause ack     -> paused changed +paused wish=none reason=cooperative slot
    worker:                                       claim pause ack=0   -> running unchanged
    worker:                                       claim pause ack=9   -> running unchanged
    worker:                                       claim pause resume ack=1 -> running unchanged wish=resume
    worker:                                       claim pause resume ack -> running changed +wished wish=none
    worker:                                       claim pause ack resume -> paused wished +wished wish=resume
    worker:                                       claim pause ack resume ack -> running changed +resumed wish=none
    worker:                                       claim pause ack resume pause -> paused wished +wished wish=pause
    worker:                                       claim pause ack resume pause ack -> paused changed +wished wish=none
    worker:                                       claim resume        -> running unchanged
    worker:                                       claim ack           -> running unchanged
    worker no-pause:                              claim pause         -> running !not_pausable
    worker:                                       claim abort pause   -> running !stop_asked
    worker:                                       claim abort resume  -> running !stop_asked
    worker:                                       claim pause ack abort resume -> paused !stop_asked
    worker:                                       claim pause ack complete -> completed changed +settled
    worker:                                       claim pause ack fail -> failed changed +settled
    worker attempts=2:                            claim pause ack fail -> paused changed +retrying +paused reason=before_start
    worker attempts=2:                            claim pause ack fail resume -> retrying changed +resumed
    worker attempts=2:                            claim pause ack resume fail -> retrying changed +retrying
    worker:                                       claim pause ack wait -> paused !wrong_status

    # An abort stands.
    worker:                                       claim abort         -> running wished +wished wish=abort
    worker:                                       claim abort abort   -> running wished
    worker:                                       claim abort kill    -> running wished +wished wish=kill
    worker:                                       claim kill abort    -> running wished wish=kill
    worker:                                       claim abort ack     -> aborted changed +settled reason=asked outcome=aborted no-slot
    worker:                                       claim kill ack      -> aborted changed +settled reason=killed
    worker:                                       claim pause abort ack=1 -> running unchanged wish=abort
    worker:                                       claim pause ack abort ack -> aborted changed +settled
    worker attempts=3:                            claim abort fail    -> aborted changed +settled reason=asked error=boom
    worker attempts=3:                            claim abort interrupted -> aborted changed +settled
    worker attempts=3:                            claim abort wait    -> aborted changed +settled
    worker attempts=3:                            claim abort stopped -> aborted changed +settled reason=asked
    worker attempts=3:                            claim abort complete -> completed changed +settled
    process attempts=3:                           claim abort +30000  -> aborted changed +settled
    process attempts=3:                           claim abort rescue  -> aborted changed +settled
    process:                                      claim abort +10000  -> running unchanged
    worker:                                       claim abort ack ack -> aborted unchanged
    worker:                                       claim abort ack abort -> aborted unchanged
    worker attempts=3:                            claim abort ack +900000 -> aborted unchanged

    # A remote holder that does not confirm an abort keeps the place until its lease would have ended.
    worker:                                       claim abort +9999   -> running unchanged
    worker:                                       claim abort +10000  -> aborted changed +settled reason=unconfirmed error=unconfirmed slot no-lease
    worker:                                       claim abort +10000 +19999 -> aborted unchanged slot
    worker:                                       claim abort +10000 +20000 -> aborted changed no-slot
    worker:                                       claim abort +10000 complete -> aborted !stale_lease
    worker:                                       claim kill clock    -> aborted changed +settled reason=unconfirmed slot
    tracked:                                      abort +10000        -> aborted changed +settled reason=unconfirmed slot

    # A time limit.
    worker limit=5000:                            claim +4999         -> running unchanged
    worker limit=5000:                            claim +5000         -> running changed +wished wish=abort
    worker limit=5000:                            claim +5000 clock   -> running unchanged
    worker limit=5000:                            claim +5000 fail    -> timed_out changed +settled reason=time_limit
    worker limit=5000 attempts=3:                 claim +5000 fail    -> timed_out changed +settled
    worker limit=5000:                            claim +5000 ack     -> timed_out changed +settled error=time_limit
    worker limit=5000:                            claim +5000 stopped -> timed_out changed +settled
    worker limit=5000:                            claim +5000 complete -> completed changed +settled
    worker limit=5000:                            claim +5000 +10000  -> timed_out changed +settled slot
    worker limit=5000 attempts=2 on-timeout:      claim +5000 fail    -> retrying changed +retrying reason=time_limit
    worker limit=5000 on-timeout:                 claim +5000 fail    -> timed_out changed +settled
    process limit=5000:                           claim +5000 +30000  -> timed_out changed +settled
    worker limit=5000 attempts=2 on-timeout:      claim +5000 fail +1100 claim +4999 -> running unchanged
    worker limit=5000:                            claim skip=3000 pause ack +9000 resume ack +1999 -> running unchanged
    worker limit=5000:                            claim skip=3000 pause ack +9000 resume ack +2000 -> running changed +wished
    worker limit=5000:                            claim +5000 abort   -> running wished +wished wish=abort
    worker limit=5000:                            claim +5000 abort fail -> aborted changed +settled
    worker limit=5000:                            claim +5000 abort +10000 -> aborted changed +settled reason=unconfirmed
    worker limit=5000:                            claim abort +5000   -> running unchanged wish=abort
    worker limit=5000:                            claim abort +5000 fail -> aborted changed +settled

    # A lease that ran out, and the late word.
    worker:                                       claim +29999        -> running unchanged
    worker:                                       claim skip=20000 heartbeat +29999 -> running unchanged
    worker:                                       claim skip=20000 renew +29999 -> running unchanged
    worker:                                       claim skip=30000 clock-unjudged -> running unchanged
    worker:                                       claim +30000        -> lost changed +settled reason=worker_gone lease no-slot outcome=lost
    process:                                      claim +30000        -> lost changed +settled reason=server_gone
    tracked attempts=3:                           +30000              -> lost changed +settled reason=reporter_gone
    worker attempts=2:                            claim +30000        -> retrying changed +retrying reason=worker_gone lease
    worker attempts=2 rescue-lost:                claim +30000        -> lost changed +settled
    worker:                                       claim pause ack +30000 -> lost changed +settled
    worker attempts=2:                            claim pause ack +30000 -> paused changed +retrying +paused
    worker:                                       claim +30000 renew  -> lost stale
    worker:                                       claim +30000 heartbeat -> running changed +corrected settlement=1 reason=late_word
    worker:                                       claim +30000 complete -> completed changed +corrected settlement=1 outcome=completed
    worker:                                       claim +30000 fail   -> failed changed +corrected
    worker:                                       claim +30000 stopped -> aborted changed +corrected
    worker:                                       claim +30000 wait   -> waiting changed +corrected +waiting
    worker:                                       claim +30000 heartbeat complete -> completed changed +corrected
    worker:                                       claim +30000 heartbeat +30000 -> lost changed +corrected
    worker:                                       claim +30000 stale:complete -> lost !stale_lease
    worker:                                       claim +30000 complete complete -> completed unchanged
    worker attempts=2:                            claim +30000 heartbeat -> running changed +resumed
    worker attempts=2:                            claim +30000 complete -> completed changed +settled
    worker attempts=2:                            claim +30000 fail   -> retrying changed +changed error=boom no-lease outcome=error
    worker attempts=2:                            claim +30000 fail-for-good -> failed changed +settled
    worker attempts=2:                            claim +30000 stopped -> aborted changed +settled
    worker attempts=2:                            claim +30000 +1100 heartbeat -> running changed +resumed attempt=1
    worker attempts=2:                            claim +30000 +1100 complete -> completed changed +settled
    worker attempts=2:                            claim +30000 +1100 fail -> pending changed +changed
    worker attempts=2:                            claim +30000 +1100 fail-for-good -> failed changed +settled
    worker attempts=2:                            claim +30000 +1100 stopped -> aborted changed +settled
    worker attempts=2:                            claim +30000 +1100 claim stale:complete -> running !stale_lease
    worker attempts=2 start-within=10:            claim +30000 heartbeat wait answer +60000 -> pending unchanged
    worker:                                       claim rescue        -> lost changed +settled reason=shim_gone no-lease
    worker attempts=2:                            claim rescue        -> retrying changed +retrying reason=shim_gone no-lease
    worker:                                       claim rescue rescue -> lost unchanged
    worker:                                       claim stale:rescue  -> running unchanged
    worker:                                       claim rescue complete -> lost !stale_lease

    # The job itself waits.
    worker:                                       claim wait          -> waiting changed +waiting reason=input no-slot no-lease outcome=waiting
    tracked:                                      wait                -> running !nobody_to_run
    tracked:                                      +30000 wait         -> lost !nobody_to_run
    tracked:                                      abort wait          -> aborted changed +settled
    worker:                                       claim wait answer   -> pending changed +answered tries=0
    worker:                                       claim wait answer claim -> running claimed +claimed attempt=2 tries=1
    worker:                                       claim wait abort    -> aborted changed +settled
    worker:                                       claim wait=5000 +4999 -> waiting unchanged
    worker:                                       claim wait=5000 +5000 -> timed_out changed +settled reason=deadline error=deadline
    worker:                                       claim wait heartbeat -> waiting !stale_lease
    worker:                                       claim answer        -> running !wrong_status

    # The two doors of retry, and the one that is shut.
    worker:                                       claim fail retry    -> pending changed +reopened settlement=2 tries=0 no-error
    worker:                                       claim fail retry retry -> pending unchanged settlement=2
    worker:                                       claim fail retry claim complete -> completed changed +settled settlement=2 attempt=2
    worker:                                       abort retry         -> pending changed +reopened settlement=2
    worker start-within=10:                       +10 retry           -> pending changed +reopened settlement=2
    worker:                                       claim +30000 retry  -> pending changed +reopened settlement=2 no-lease
    worker:                                       claim +30000 retry complete -> pending !stale_lease
    worker attempts=2:                            claim fail retry    -> pending changed +due settlement=1
    worker attempts=2:                            claim fail run-now  -> pending changed +due settlement=1
    worker:                                       claim complete retry -> completed !wrong_status
    tracked:                                      fail retry          -> failed !nobody_to_run
    tracked:                                      +30000 retry        -> lost !nobody_to_run
    tracked:                                      complete retry      -> completed !wrong_status

    # Descriptions, conditions, removal.
    worker:                                       tags=b,a            -> pending changed +changed
    worker:                                       tags=a tags=a,a     -> pending unchanged
    worker:                                       claim title=x       -> running changed +changed
    worker:                                       claim complete tags=x -> completed changed +changed
    worker:                                       run-at=5000         -> pending !wrong_status
    worker:                                       claim run-at=5000   -> running !wrong_status
    worker:                                       rev=1:abort         -> aborted changed +settled
    worker:                                       rev=2:abort         -> pending !revision_changed
    worker:                                       delete              -> pending !wrong_status
    worker:                                       abort delete        -> gone deleted +deleted
    worker:                                       abort delete retry  -> gone !not_found
    mirrored:                                     abort               -> pending !not_here
";

/// Plays a line, and gives back the moves that it made.
fn check(line: &str) -> Vec<(Option<Status>, Status)> {
    let (played, expected) = line.split_once("->").expect("a line has an arrow");
    let (job, steps) = played.split_once(':').expect("a line names its job");
    let mut world = World::new();
    let mut told = Ok(world.submit(job));
    for step in steps.split_whitespace().filter(|step| *step != "submit") {
        if let Err(refusal) = &told {
            panic!("{line}\n  before `{step}`: {refusal:?}");
        }
        told = world.step(step);
    }
    let row = &world.rows[0];
    let (answer, kinds, outcomes) = match &told {
        Ok(told) => (told.answer.to_owned(), told.kinds.clone(), told.outcomes.clone()),
        Err(refusal) => (format!("!{}", refusal.code()), Vec::new(), Vec::new()),
    };
    let mut words = expected.split_whitespace();
    let status = row.job.as_ref().map_or("gone", |job| job.status.as_str());
    assert_eq!(words.next(), Some(status), "{line}\n  its status");
    assert_eq!(words.next(), Some(answer.as_str()), "{line}\n  its answer");
    let kinds: Vec<String> = kinds.iter().map(|kind| format!("+{kind}")).collect();
    let (events, facts): (Vec<&str>, Vec<&str>) = words.partition(|word| word.starts_with('+'));
    assert_eq!(events, kinds, "{line}\n  its events");
    for fact in facts {
        assert!(holds(&world, &outcomes, fact), "{line}\n  `{fact}` does not hold: {:#?}", row.job);
    }
    row.events.iter().filter(|event| event.from != Some(event.job.status)).map(|event| (event.from, event.job.status)).collect()
}

fn holds(world: &World, outcomes: &[crate::Text], fact: &str) -> bool {
    let job = world.job(0);
    let (name, value) = fact.split_once('=').unwrap_or((fact, ""));
    let number = || value.parse::<u32>().unwrap_or_else(|_| panic!("`{fact}` needs a number"));
    match name {
        "reason" => job.reason.as_deref() == Some(value),
        "no-reason" => job.reason.is_none(),
        "error" => job.error.as_ref().is_some_and(|error| &*error.kind == value),
        "no-error" => job.error.is_none(),
        "wish" => job.wish.kind.as_str() == value,
        "attempt" => job.attempt == number(),
        "tries" => job.tries == number(),
        "settlement" => job.settlement == number(),
        "outcome" => outcomes.last().is_some_and(|outcome| &**outcome == value),
        "slot" => job.takes_slot(),
        "no-slot" => !job.takes_slot(),
        "lease" => job.lease.is_some(),
        "no-lease" => job.lease.is_none(),
        "due" => job.due_at.is_some(),
        _ => panic!("`{fact}` is no fact"),
    }
}

#[test]
fn each_rule_holds_and_each_move_of_the_table_is_shown() {
    let rules =
        RULES.lines().chain(mirrored::RULES.lines()).map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let shown: BTreeSet<_> = rules.flat_map(check).collect();
    for mv in TABLE {
        let is_exempt = mv.from.is_some_and(|from| NOT_REACHED.contains(&(from, mv.to)));
        assert_eq!(shown.contains(&(mv.from, mv.to)), !is_exempt, "shown by a rule: {mv:?}");
    }
}

#[test]
fn an_answer_leaves_the_value_for_the_next_attempt() {
    let mut world = World::with("worker");
    for step in ["claim", "wait"] {
        world.step(step).expect(step);
    }
    let request = world.request(0, "answer");
    let decision = world.would(&request).expect("answered");
    assert_eq!(decision.writes[0].answer.as_ref().map(|value| value.as_str()), Some("1"));
}

#[test]
fn removed_tags_are_named_by_the_event() {
    let mut world = World::with("worker");
    world.step("tags=a,b").expect("tagged");
    world.step("tags=b,c").expect("tagged");
    let event = world.rows[0].events.last().expect("an event");
    assert_eq!(event.removed_tags, ["a".into()] as [crate::Text; 1]);
    assert_eq!(*event.job.tags, ["b".into(), "c".into()] as [crate::Text; 2]);
}
