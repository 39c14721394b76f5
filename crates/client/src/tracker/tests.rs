//! What the answers of the server ask of the work.

use wire::record::Wish;

use super::job::Standing;
use super::stopped::Stopped;
use super::wishes::{Asked, Wishes};
use crate::tracked::Heard;

fn heard(kind: &str, number: u64, status: &str) -> Heard {
    let wish = Wish { kind: kind.into(), number, at: None, by: Some("ann".into()) };
    Heard { wish, status: status.to_owned(), is_revoked: false }
}

#[test]
fn each_wish_is_obeyed_once() {
    let mut wishes = Wishes::default();
    let (free, held) = (Standing::default(), Standing { pause: Some(1), ..Standing::default() });
    for (kind, number, status, standing, asked) in [
        ("none", 0, "running", &free, Asked::Nothing),
        ("pause", 1, "running", &free, Asked::Hold(1)),
        ("pause", 1, "running", &held, Asked::Nothing),
        ("pause", 1, "paused", &held, Asked::Nothing),
        ("resume", 2, "paused", &held, Asked::GoOn(Some(2))),
        ("resume", 2, "running", &free, Asked::Nothing),
        ("pause", 3, "paused", &free, Asked::Hold(3)),
        ("abort", 4, "paused", &held, Asked::Stop(Stopped::Aborted { asked: "abort".to_owned(), by: Some("ann".to_owned()) })),
    ] {
        assert_eq!(wishes.hear(&heard(kind, number, status), standing), asked, "{kind} {number} {status}");
    }
}

#[test]
fn a_job_that_runs_again_is_not_held_any_more_and_one_that_is_gone_is_stopped() {
    let mut wishes = Wishes::default();
    let held = Standing { pause: Some(1), ..Standing::default() };
    wishes.hear(&heard("pause", 1, "running"), &Standing::default());
    assert_eq!(wishes.hear(&heard("pause", 1, "paused"), &held), Asked::Nothing);
    assert_eq!(wishes.hear(&heard("pause", 1, "running"), &held), Asked::GoOn(None));
    let revoked = Heard { is_revoked: true, ..heard("none", 1, "running") };
    assert_eq!(wishes.hear(&revoked, &held), Asked::Stop(Stopped::LeaseLost));
}
