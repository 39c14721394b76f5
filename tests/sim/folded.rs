//! What a client holds of one subscription, by the three rules of `docs/protocol.md`, and what it was sent to get there.

use std::collections::BTreeMap;

use domain::Topic;
use domain::topic::View;
use serde_json::Value;
use wire::LoggedEvent;

use super::diary::Diary;
use super::ledger::Ledger;

#[derive(Default)]
pub struct Folded {
    /// Whether what it holds is whole, as of some position.
    pub is_live: bool,
    /// Whether it is live on the present connection.
    pub is_joined: bool,
    /// The topic does not exist for this client.
    pub is_refused: bool,
    is_paging: bool,
    /// Place that the newest reset vouches for: updates after it must be complete.
    base: u64,
    places: Vec<u64>,
    pub jobs: BTreeMap<String, Value>,
    /// The newest counts, for the topic of counts.
    pub stats: Option<Value>,
    /// What it would resume with: the newest position it was sent while live, or with a frame of its own.
    pub earned: Option<(u64, String)>,
}

impl Folded {
    pub fn refused() -> Folded {
        Folded { is_refused: true, ..Folded::default() }
    }

    /// A page of the whole state.
    pub fn page(&mut self, frame: &Value) {
        if !self.is_paging {
            let joined = self.is_joined;
            *self = Folded { is_joined: joined, ..Folded::default() };
        }
        self.is_paging = frame["more"] == true;
        for job in frame["jobs"].as_array().into_iter().flatten() {
            self.jobs.insert(job["id"].as_str().unwrap_or_default().to_owned(), job.clone());
        }
    }

    pub fn live(&mut self, frame: &Value, place: Option<u64>) {
        (self.is_live, self.is_joined, self.is_paging) = (true, true, false);
        if let (Some(place), false) = (place, frame["resumed"] == true) {
            self.base = place;
            self.places.clear();
        }
    }

    /// A new connection begins; without a position it begins from nothing.
    pub fn begin(&mut self, has_position: bool) {
        (self.is_paging, self.is_joined, self.is_refused) = (false, false, false);
        if !has_position {
            *self = Folded::default();
        }
    }

    /// All topics of a stream or a poll go on from one position: what this one was sent beyond it comes again.
    pub fn go_on_from(&mut self, place: u64) {
        self.places.retain(|seen| *seen <= place);
        self.base = self.base.min(place);
    }

    pub fn update(&mut self, frame: &Value, place: u64, diary: &Diary) {
        let last = self.places.last().copied().unwrap_or(0);
        diary.require(place > last, "a subscription is sent each event once, in order", || format!("{frame} after {last}"));
        self.places.push(place);
        let is_left = frame["type"] == "left";
        let (id, rev) = match is_left {
            true => (&frame["id"], &frame["rev"]),
            false => (&frame["job"]["id"], &frame["job"]["rev"]),
        };
        let (id, rev) = (id.as_str().unwrap_or_default(), rev.as_u64());
        if self.jobs.get(id).is_some_and(|held| held["rev"].as_u64() >= rev) {
            return;
        }
        match is_left {
            true => self.jobs.remove(id),
            false => self.jobs.insert(id.to_owned(), frame["job"].clone()),
        };
    }

    pub fn progress(&mut self, frame: &Value) {
        let Some(job) = frame["id"].as_str().and_then(|id| self.jobs.get_mut(id)) else { return };
        if job["rev"] == frame["rev"] && job["progress"]["tick"].as_u64() < frame["tick"].as_u64() {
            job["progress"] = frame["progress"].clone();
        }
    }

    pub fn earn(&mut self, place: u64, position: &str) {
        if self.earned.as_ref().is_none_or(|(earned, _)| place > *earned) {
            self.earned = Some((place, position.to_owned()));
        }
    }

    /// Whether it saw every event of its topic since its last reset, and nothing else.
    pub fn check_places(&self, view: &View, topic: &Topic, ledger: &Ledger, diary: &Diary, name: &str) {
        let concerns = |event: &&LoggedEvent| {
            let is_seen = event.keys.tenant == view.tenant && view.visibility.sees_owner(&event.keys.owner);
            event.place > self.base && is_seen && (event.matches(topic) || event.left(topic))
        };
        let expected: Vec<u64> = ledger.log.iter().filter(concerns).map(|event| event.place).collect();
        diary.require(self.places == expected, "a watcher saw every event of its topic or was told reset", || {
            format!("{name} {topic:?} since {}: saw {:?}, the log has {expected:?}", self.base, self.places)
        });
    }
}
