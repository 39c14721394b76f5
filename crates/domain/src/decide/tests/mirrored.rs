//! Mirrored jobs: lines as in [`rules`](super::rules), and what a line cannot say.

use super::world::{START, World};
use crate::decide::{Decision, Loaded, decide};
use crate::request::Word;
use crate::{Refusal, Request, Status, limits};

pub(super) const RULES: &str = "
    # What a source skips is walked through, and its own time decides.
    mirrored:                                     submit              -> pending changed +submitted attempt=0 settlement=1 no-lease
    mirrored:                                     says=running        -> running changed +claimed attempt=1 no-slot
    mirrored:                                     says=completed      -> completed changed +claimed +settled attempt=1 outcome=completed
    mirrored:                                     says=failed,error:boom -> failed changed +claimed +settled reason=error error=error
    mirrored:                                     says=aborted        -> aborted changed +settled attempt=0
    mirrored:                                     says=timed_out      -> timed_out changed +claimed +settled
    mirrored:                                     says=scheduled      -> scheduled changed +changed
    mirrored:                                     says=scheduled says=pending -> pending changed +due
    mirrored:                                     says=scheduled says=aborted -> aborted changed +settled
    mirrored:                                     says=paused         -> paused changed +claimed +paused
    mirrored:                                     says=paused says=running -> running changed +resumed attempt=1
    mirrored:                                     says=paused says=aborted -> aborted changed +settled
    mirrored:                                     says=waiting        -> waiting changed +claimed +waiting
    mirrored:                                     says=waiting says=running -> running changed +claimed attempt=2
    mirrored:                                     says=waiting says=aborted -> aborted changed +settled
    mirrored:                                     says=retrying,error:boom -> retrying changed +claimed +retrying error=error
    mirrored:                                     says=retrying,error:boom says=running says=completed -> completed changed +settled no-error
    mirrored:                                     says=retrying says=aborted -> aborted changed +settled
    mirrored:                                     says=running says=pending -> pending changed +retrying +due
    mirrored:                                     says=running says=aborted -> aborted changed +settled outcome=aborted
    mirrored:                                     says=running,at:5 says=pending,at:4 -> running unchanged
    mirrored:                                     says=running,at:5 says=running,at:5 -> running unchanged
    mirrored:                                     says=running,at:5 says=paused,at:5 -> paused changed +paused
    mirrored:                                     says=paused,at:5 says=running,at:5 -> paused unchanged
    mirrored:                                     says=pending,at:5 says=running,at:5 says=pending,at:5 -> running unchanged
    mirrored:                                     says=running,at:5 says=completed,at:5 -> completed changed +settled
    mirrored:                                     says=running,at:5 says=completed,at:5 says=failed,at:5 -> completed unchanged
    mirrored:                                     says=running,at:5 says=running,at:6 -> running unchanged
    mirrored:                                     says=running,at:5 says=running,at:6,assignee:ann -> running changed +changed
    mirrored:                                     says=running,at:5 says=running,at:6,output -> running changed +changed
    mirrored:                                     says=failed,error:boom says=,error: -> failed changed +changed no-error
    mirrored:                                     says=completed says=running -> running changed +reopened +claimed settlement=2 attempt=2 tries=1
    mirrored:                                     says=failed,error:boom says=completed -> completed changed +reopened +claimed +settled settlement=2 no-error
    mirrored:                                     says=completed says=failed,error:boom -> failed changed +reopened +claimed +settled settlement=2 error=error
    mirrored:                                     says=aborted says=pending -> pending changed +reopened settlement=2
    mirrored:                                     says=timed_out says=pending -> pending changed +reopened settlement=2
    mirrored:                                     says=lost           -> pending !invalid
    mirrored:                                     says=completed delete -> gone deleted +deleted
    mirrored:                                     says=waiting answer -> waiting !not_here
    mirrored:                                     says=scheduled run-at=5000 -> scheduled !not_here
    # What is said beside the status, of whoever says it, does not make the source's next word an old one.
    mirrored:                                     says=running,at:5 skip=60000 says=,assignee:ann says=completed,at:7 -> completed changed +settled
    mirrored:                                     says=running,at:5 skip=60000 says=running,assignee:ann says=completed,at:7 -> completed changed +settled
    mirrored:                                     says=running,at:5 skip=60000 tags=urgent says=completed,at:7 -> completed changed +settled
    mirrored:                                     says=running,at:5 skip=60000 says=paused says=completed,at:7 -> paused unchanged
    mirrored:                                     says=running,at:5 skip=60000 says=running says=completed,at:7 -> completed changed +settled
    worker:                                       says=running        -> pending !run_here
    # A clock that is years ahead silences nobody after it.
    mirrored:                                     says=running,at:90000000000000 says=completed,at:90000000000001 -> completed changed +settled
    mirrored:                                     says=running,at:90000000000000 says=completed -> completed changed +settled
    mirrored:                                     says=running,at:90000000000000 skip=1 says=completed,at:1001 -> completed changed +settled
    # Nor does a clock of ours that was ahead and is put back.
    mirrored:                                     skip=86400000 says=running skip=-86400000 says=completed,at:7 -> completed changed +settled
    mirrored:                                     skip=200000 says=running skip=-200000 says=completed,at:7 -> running unchanged

    # Silence while it runs is shown, then presumed to be a loss; nobody's silence counts while nobody listens.
    mirrored:                                     says=running +9000000 -> running unchanged
    mirrored silence:                             +9000000            -> pending unchanged
    mirrored silence:                             says=running +999   -> running unchanged
    mirrored silence:                             says=running +1000  -> running changed +changed reason=stale
    mirrored silence:                             says=running +1000 says=running -> running changed +changed no-reason
    mirrored silence:                             says=running +1000 says=running +999 -> running unchanged no-reason
    mirrored silence:                             says=running +1000 +3999 -> running unchanged
    mirrored silence:                             says=running +1000 +4000 -> lost changed +settled reason=source_silent error=source_silent
    mirrored silence:                             says=paused +9000   -> paused unchanged
    mirrored silence:                             says=running +1000 +4000 says=running -> running changed +corrected attempt=1 settlement=1 no-error
    mirrored silence:                             says=running +1000 +4000 says=completed -> completed changed +corrected +corrected settlement=1 no-error
    mirrored silence:                             says=running +1000 +4000 says=failed,error:boom -> failed changed +corrected +corrected error=error
    mirrored silence:                             says=running skip=9000 clock-unjudged -> running unchanged
    mirrored silence:                             says=running +1000 says=,assignee:ann -> running changed +changed reason=stale
    mirrored silence:                             says=running skip=9000 clock-deaf -> running unchanged no-reason
    mirrored silence:                             says=running skip=9000 clock-deaf +999 -> running unchanged
    mirrored silence:                             says=running skip=9000 clock-deaf +1000 -> running changed +changed reason=stale
    mirrored silence:                             says=running skip=9000 clock-heard-since=8500 -> running unchanged
    mirrored silence:                             says=running skip=9000 clock-heard-since=99000 +999 -> running unchanged no-reason
    mirrored silence:                             says=running skip=9000 clock-heard-since=99000 +1000 -> running changed +changed reason=stale
    mirrored silence:                             says=running skip=9000 clock-heard-since=8000 -> running changed +changed reason=stale
";

/// What stays due and cannot be moved would keep the clock from all that is due later.
#[test]
fn nothing_of_work_elsewhere_is_due_here_but_its_silence() {
    let mut world = World::with("mirrored later silence");
    assert_eq!((world.job(0).status, world.job(0).wake_at()), (Status::Scheduled, None));
    world.step("says=retrying").expect("heard");
    assert_eq!(world.job(0).wake_at(), None);
    world.step("says=running").expect("heard");
    assert_eq!(world.job(0).wake_at(), Some(world.now.plus_ms(1_000)));
}

/// Others are told each step under a time of its own, the last under the time that is kept here.
#[test]
fn several_steps_at_once_take_as_many_times() {
    let mut world = World::with("mirrored");
    let word_us = |world: &World| world.job(0).mirror.as_ref().map(|mirror| mirror.word_us - START.0 * 1_000);
    assert_eq!(word_us(&world), Some(0));
    world.step("says=running").expect("heard");
    assert_eq!(word_us(&world), Some(1));
    world.step("says=pending").expect("heard");
    assert_eq!(word_us(&world), Some(3), "retrying and pending");
    world.step("says=completed,at:9").expect("heard");
    assert_eq!(word_us(&world), Some(9), "what the source says has the source's time");
    world.step("tags=a").expect("tagged");
    world.step("says=,assignee:ann").expect("heard");
    assert_eq!(word_us(&world), Some(11));
}

/// What is decided of the first word of a job called `run_1`, after `load` had its say.
fn first_word(status: Status, load: impl Fn(&mut Loaded)) -> Result<Decision, Refusal> {
    let mut world = World::new();
    let Request::Observe { about, word, asked } = world.first_word("mirrored") else { panic!() };
    let request = Request::Observe { about, word: Word { status: Some(status), ..word }, asked };
    let mut loaded = world.load(&request);
    load(&mut loaded);
    decide(loaded, &request, world.now)
}

#[test]
fn work_elsewhere_that_is_under_way_or_over_is_heard_of_however_many_wait() {
    let full = |loaded: &mut Loaded| {
        loaded.pending_of_owner.insert(("acme".into(), "ann".into()), limits::PENDING_PER_OWNER);
    };
    for (status, refused) in [
        (Status::Pending, Some("too_many_pending")),
        (Status::Scheduled, Some("too_many_pending")),
        (Status::Running, None),
        (Status::Completed, None),
    ] {
        assert_eq!(first_word(status, full).err().map(|refusal| refusal.code()), refused, "{status}");
    }
}

#[test]
fn the_name_of_a_job_that_runs_here_makes_no_other() {
    let refused = first_word(Status::Running, |loaded| loaded.runs_here = Some(7)).unwrap_err();
    assert_eq!(refused, Refusal::RunHere { rev: 7 });
}
