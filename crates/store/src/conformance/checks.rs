//! What must hold of a store at any time, whatever was asked of it before.

use std::collections::{BTreeMap, HashMap};

use domain::query::{Counts, JobQuery};
use domain::topic::{View, Visibility};
use domain::{Job, JobId, Text};
use engine::port::Store;
use wire::LoggedEvent;

/// Every job that a view sees, page by page.
pub async fn every_job(store: &dyn Store, view: &View) -> Vec<Job> {
    pages(store, JobQuery::all(view.clone(), 37)).await
}

/// All pages of a query. No row may come twice, and ids must fall.
pub async fn pages(store: &dyn Store, mut query: JobQuery) -> Vec<Job> {
    let mut found: Vec<Job> = Vec::new();
    loop {
        let page = store.list(query.clone()).await.expect("the store reads");
        assert!(page.jobs.len() <= query.limit);
        for job in page.jobs {
            assert!(found.last().is_none_or(|last| job.id < last.id), "ids fall from page to page");
            found.push(job);
        }
        match page.next {
            Some(next) => query.before = Some(next),
            None => return found,
        }
    }
}

/// The counters are what counting all jobs gives, for the tenant, each owner and each task.
pub async fn counters_add_up(store: &dyn Store, tenant: &str) {
    let tenant: Text = tenant.into();
    let whole = View { tenant: tenant.clone(), visibility: Visibility::Tenant };
    let jobs = every_job(store, &whole).await;
    let mut views = vec![whole];
    let mut owners: Vec<Text> = jobs.iter().map(|job| job.owner.clone()).collect();
    owners.sort();
    owners.dedup();
    views.extend(owners.into_iter().map(|owner| View { tenant: tenant.clone(), visibility: Visibility::Owner(owner) }));
    for view in views {
        let mut counts = Counts::default();
        let mut by_task: BTreeMap<Text, Counts> = BTreeMap::new();
        for job in jobs.iter().filter(|job| view.sees(job)) {
            counts.add(job.status, 1);
            by_task.entry(job.task.clone()).or_default().add(job.status, 1);
        }
        assert_eq!(store.counts(&view).await.expect("the store reads"), counts, "{view:?}");
        assert_eq!(store.counts_by_task(&view).await.expect("the store reads"), by_task, "{view:?}");
    }
}

/// The log has no holes and ends at the head; each job's revisions grow by one; each job stands as its last event says.
pub async fn log_is_whole(store: &dyn Store) -> Vec<LoggedEvent> {
    let head = store.head();
    let mut events: Vec<LoggedEvent> = Vec::new();
    loop {
        let after = events.last().map_or(head.floor, |event| event.place);
        let some = store.events(after, 500).await.expect("the store reads");
        if some.is_empty() {
            break;
        }
        events.extend(some);
    }
    let mut last_of: HashMap<JobId, &LoggedEvent> = HashMap::new();
    for (place, event) in (head.floor + 1..).zip(&events) {
        assert_eq!(event.place, place, "the log has no holes");
        if let Some(last) = last_of.insert(event.job, event) {
            assert_eq!(event.rev, last.rev + 1, "revisions of {} grow by one", event.job);
            assert!(event.from == Some(last.status), "{} goes from where it stood", event.job);
        } else if head.floor == 0 {
            assert_eq!(event.rev, 1);
        }
    }
    assert_eq!(events.last().map_or(head.floor, |event| event.place), head.place);
    for (id, event) in last_of {
        match store.job(id).await.expect("the store reads") {
            Some(job) => {
                assert_eq!((job.rev, job.status), (event.rev, event.status), "{id} stands as its last event says");
                assert_eq!(wire::convert::summary(&job).rev, event.rev);
            }
            None => assert_eq!(event.kind, domain::EventKind::Deleted, "{id} is gone"),
        }
    }
    events
}
