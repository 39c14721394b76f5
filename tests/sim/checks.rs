//! What must hold after each step, when the world is quiet, and at its end.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::Topic;
use domain::query::{Counts, JobQuery};
use domain::topic::{View, Visibility};
use domain::{Job, JobId, Text};
use engine::port::Store;
use gateway::{Edge, Hub};
use serde_json::Value;

use super::ledger::is_open;
use super::scene::Scene;
use super::watchers::{ENOUGH_TURNS, Watcher};

fn views() -> Vec<View> {
    let view = |tenant: &str, visibility| View { tenant: tenant.into(), visibility };
    let owner = |name: &str| Visibility::Owner(name.into());
    vec![
        view("default", Visibility::Tenant),
        view("default", owner("ann")),
        view("default", owner("bob")),
        view("default", owner("app")),
        view("other", Visibility::Tenant),
        view("other", owner("ann")),
    ]
}

/// The counters and the rows are what the commits made of them.
pub async fn books(scene: &Scene) {
    let mut kept: BTreeMap<JobId, Job> = BTreeMap::new();
    for tenant in ["default", "other"] {
        let view = View { tenant: tenant.into(), visibility: Visibility::Tenant };
        let page = scene.disk.rows.list(JobQuery::all(view, usize::MAX)).await;
        kept.extend(page.into_iter().flat_map(|page| page.jobs).map(|job| (job.id, job)));
    }
    scene.diary.require(kept == scene.disk.ledger().rows, "rows change only by what a request names", || {
        "the rows differ from the commits".into()
    });
    for view in views() {
        let mut counts = Counts::default();
        let mut tasks: BTreeMap<Text, Counts> = BTreeMap::new();
        for job in kept.values().filter(|job| view.sees(job)) {
            counts.add(job.status, 1);
            tasks.entry(job.task.clone()).or_default().add(job.status, 1);
        }
        let told = scene.disk.rows.counts(&view).await.unwrap_or_default();
        scene.diary.require(told == counts, "counters equal a recount of the rows", || format!("{view:?} {told:?} {counts:?}"));
        let told = scene.disk.rows.counts_by_task(&view).await.unwrap_or_default();
        scene.diary.require(told == tasks, "counters by task equal a recount of the rows", || format!("{view:?}"));
    }
}

/// With nobody to report, nothing runs for ever.
pub fn nothing_runs(scene: &Scene) {
    let ledger = scene.disk.ledger();
    for job in ledger.rows.values() {
        scene.diary.require(!is_open(job), "nothing runs for ever when nobody reports", || {
            format!("{} {} until {:?}", scene.diary.name(job.id), job.status, job.lease.as_ref().map(|lease| lease.expires_at))
        });
        scene.diary.require(job.slot_until.is_none(), "no place is taken for ever", || scene.diary.name(job.id));
    }
}

pub fn all_ended(scene: &Scene) -> bool {
    scene.disk.ledger().rows.values().all(|job| job.status.is_end())
}

pub fn everything_ended(scene: &Scene) {
    for job in scene.disk.ledger().rows.values() {
        let is_told = job.settled && job.ended_at.is_some();
        scene.diary.require(job.status.is_end() && is_told, "the world drains to ends", || {
            format!("{} {} {:?}", scene.diary.name(job.id), job.status, job.reason)
        });
    }
}

/// What a watcher holds is what a newcomer is shown. `may_lag`: progress that was shown and not written may have died with a server.
/// Who polls is told progress while it asks, and may hold an older one until the next.
pub async fn watchers(scene: &Scene, hub: &Arc<Hub>, watchers: &mut [Watcher], may_lag: bool) {
    for watcher in watchers.iter_mut() {
        let (principal, topics) = (watcher.principal.clone(), watcher.topics.clone());
        let mut newcomer = Watcher::of(format!("{}'s newcomer", watcher.name()), principal, Edge::Socket, topics, 1_000);
        newcomer.connect(scene, hub);
        while newcomer.read(scene, ENOUGH_TURNS).await {}
        while watcher.read(scene, ENOUGH_TURNS).await {}
        compare(scene, watcher, &newcomer, may_lag);
    }
}

fn compare(scene: &Scene, old: &Watcher, new: &Watcher, may_lag: bool) {
    let diary = &scene.diary;
    for (at, topic) in old.topics.iter().enumerate() {
        let (held, shown) = (&old.folded[at], &new.folded[at]);
        let name = format!("{} {topic:?}", old.name());
        match topic {
            Topic::Stats => {
                let same = held.stats == shown.stats && held.stats.is_some();
                diary.require(same, "a watcher's counts are the newest", || format!("{name} {:?} {:?}", held.stats, shown.stats));
                continue;
            }
            _ if shown.is_refused => continue,
            _ => diary.require(held.is_live && shown.is_live, "a join comes to its end", || {
                format!("{name} {} {}", held.is_live, shown.is_live)
            }),
        }
        let ids = |jobs: &BTreeMap<String, Value>| jobs.keys().cloned().collect::<Vec<_>>();
        diary.require(ids(&held.jobs) == ids(&shown.jobs), "a watcher holds the jobs that a snapshot shows", || {
            format!("{name} {:?} {:?}", ids(&held.jobs), ids(&shown.jobs))
        });
        for (id, job) in &held.jobs {
            let Some(newest) = shown.jobs.get(id) else { continue };
            let mut job = job.clone();
            let order = job["progress"]["tick"].as_u64().cmp(&newest["progress"]["tick"].as_u64());
            if (may_lag && order.is_gt()) || (old.polls() && order.is_lt()) {
                job["progress"] = newest["progress"].clone();
            }
            diary.require(job == *newest, "a watcher holds each job as a snapshot shows it", || format!("{name} {job} {newest}"));
        }
        held.check_places(&old.principal.view(), topic, &scene.disk.ledger(), diary, old.name());
    }
}
