use std::sync::Arc;

use domain::job::{Held, JobError, Lease, LeaseProof, Progress, Subject, Waiting, Wish};
use domain::policy::{Mode, Pause, Policy};
use domain::{Json, Status, Text, limits};
use proptest::prelude::*;

use super::*;
use crate::convert::{record_json, summary, summary_json, to_json};

/// A small stream of numbers, so that one seed makes a whole job.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Dice) -> T) -> Option<T> {
        (self.roll(2) == 0).then(|| make(self))
    }

    fn text(&mut self) -> Text {
        let pieces = ["a", "noop", " ", "\"", "\\", "\n", "\u{1}", "\u{7f}", "é", "…", "🜂", "/", "\u{2028}", "", "0", "{}"];
        (0..self.roll(6)).map(|_| pieces[self.roll(pieces.len() as u64) as usize]).collect::<String>().into()
    }

    fn number(&mut self) -> u64 {
        let bits = self.roll(65) as u32;
        let number = (self.roll(u64::from(u32::MAX)) << 32) | self.roll(u64::from(u32::MAX));
        number.checked_shr(bits).unwrap_or(0)
    }

    fn id(&mut self) -> JobId {
        JobId((u128::from(self.number()) << 64) | u128::from(self.number()))
    }

    fn time(&mut self) -> Timestamp {
        match self.roll(12) {
            0 => Timestamp(i64::MAX),
            1 => Timestamp(-1),
            _ => Timestamp(1_780_000_000_000 + self.roll(1 << 36) as i64),
        }
    }

    fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.roll(all.len() as u64) as usize]
    }

    fn job(&mut self) -> Job {
        let id = self.id();
        Job {
            id,
            tenant: self.text(),
            owner: self.text(),
            task: self.text(),
            mode: self.pick(Mode::ALL),
            subject: self.maybe(|dice| Subject { kind: dice.text(), id: dice.text() }),
            session: self.maybe(Dice::text),
            parent: self.maybe(Dice::id),
            root: self.maybe(Dice::id).unwrap_or(id),
            batch: self.maybe(Dice::text),
            external_id: self.maybe(Dice::text),
            mirror: None,
            rerun_of: self.maybe(Dice::id),
            policy: Arc::new(Policy { pause: self.pick(Pause::ALL), ..Policy::default() }),
            created_at: self.time(),
            title: self.maybe(Dice::text),
            link: self.maybe(Dice::text),
            tags: (0..self.roll(4)).map(|_| self.text()).collect(),
            metadata: self.maybe(|_| Json::from_valid("{\"n\":1e400}")),
            priority: self.roll(201) as i16 - 100,
            status: self.pick(Status::ALL),
            reason: self.maybe(Dice::text),
            rev: self.number(),
            settlement: self.roll(1 << 32) as u32,
            settled: self.roll(2) == 0,
            wish: Wish { kind: self.pick(WishKind::ALL), number: self.roll(3), at: self.time(), by: self.maybe(Dice::text) },
            attempt: self.roll(1 << 32) as u32,
            tries: 0,
            interruptions: 0,
            lease: self.maybe(|dice| Lease { proof: LeaseProof(1), holder: dice.text(), length_ms: 1, expires_at: dice.time() }),
            held: self.maybe(|_| Held { status: Status::Pending }),
            waiting: self.maybe(|dice| Waiting { on: dice.text(), until: None }),
            limit_enforced: self.roll(2) == 0,
            slot_until: None,
            due_at: self.maybe(Dice::time),
            start_by: None,
            started_at: self.maybe(Dice::time),
            ended_at: self.maybe(Dice::time),
            updated_at: Timestamp(1_790_000_000_000),
            ran_ms: self.roll(1 << 40),
            running_since: self.maybe(|_| Timestamp(1_789_999_999_000)),
            progress: Progress {
                percentage: self.maybe(|dice| dice.pick(&[0.0, -0.0, 12.5, 100.0, 1e-9, 33.333_333_333, f64::NAN])),
                current: self.maybe(Dice::number),
                total: self.maybe(Dice::number),
                message: self.maybe(Dice::text),
                ok: self.maybe(Dice::number),
                failed: self.maybe(Dice::number),
                skipped: self.maybe(Dice::number),
            },
            tick: self.number(),
            error: self.maybe(|dice| JobError { kind: dice.text(), message: dice.text() }),
            queued_at: self.time(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn it_has_the_shape_of_the_record_byte_for_byte(seed: u64) {
        let job = Dice(seed).job();
        prop_assert_eq!(write(&job, str::to_owned), to_json(&summary(&job)));
        prop_assert_eq!(summary_json(&job), to_json(&summary(&job)));
        let whole = record_json(&job, &Default::default(), None);
        let stem = to_json(&summary(&job));
        prop_assert!(whole.starts_with(&stem[..stem.len() - 1]));
    }
}

#[test]
fn what_is_too_long_is_cut_and_says_so() {
    let mut job = Dice(7).job();
    job.error = Some(JobError { kind: "boom".into(), message: "x".repeat(9_000).into() });
    job.tags = (0..100).map(|number| Text::from(format!("{number:03}{}", "t".repeat(100)))).collect();
    let text = summary_json(&job);
    assert!(text.len() <= limits::SUMMARY_BYTES, "{}", text.len());
    let read: crate::record::JobSummary = serde_json::from_str(&text).expect("a summary");
    assert_eq!(read.tags.len() + read.tags_omitted as usize, 100);
    assert!(read.error.expect("the error").message.len() <= limits::MESSAGE_BYTES);
}
