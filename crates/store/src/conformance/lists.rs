//! Lists and snapshots.

use domain::job::{Job, Subject};
use domain::query::JobQuery;
use domain::request::{Ask, NewJob, Patch};
use domain::{JobId, Request, Status, Topic, limits};

use super::checks::pages;
use super::rig::{Rig, all, of_owner, text};

fn query(change: impl FnOnce(&mut JobQuery)) -> JobQuery {
    let mut query = JobQuery::all(all(), 7);
    change(&mut query);
    query
}

/// Sixty jobs of all kinds, oldest first.
async fn mixed(rig: &Rig) -> Vec<Job> {
    let mut jobs: Vec<NewJob> = Vec::new();
    for n in 0..60u64 {
        let word = |of: &str, count: u64| Some(text(&format!("{of}{}", n % count)));
        jobs.push(NewJob {
            session: word("s", 4),
            subject: (n % 3 == 0).then(|| Subject { kind: text("doc"), id: text(&(n % 2).to_string()) }),
            batch: (n % 5 == 0).then(|| text("batch")),
            external_id: word("x", 30),
            tags: if n % 4 == 0 { vec![text("urgent"), text(&format!("t{}", n % 3))] } else { Vec::new() },
            title: word("Report No. ", 9),
            parent: (n % 10 == 9).then(|| jobs[0].id),
            tenant: text(if n % 15 == 7 { "other" } else { "t" }),
            run_at: (n % 6 == 0).then(|| rig.now().plus_ms(1_000_000)),
            ..rig.new_job(&format!("owner{}", n % 3), &format!("task{}", n % 2))
        });
    }
    jobs.retain(|job| job.parent.is_none() || &*job.tenant == "t");
    let (children, others): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|job| job.parent.is_some());
    let mut made = rig.submit_all(others).await.unwrap();
    made.extend(rig.submit_all(children).await.unwrap());
    rig.claim(&[("task0", 5), ("task1", 5)], 1..=7).await;
    for job in made.iter().filter(|job| &*job.tenant == "t").skip(12).step_by(2) {
        rig.ask(job.id, Ask::Abort).await.unwrap();
    }
    let mut jobs = Vec::new();
    for job in made {
        jobs.push(rig.job(job.id).await);
    }
    jobs.sort_by_key(|job| job.id);
    jobs
}

async fn expect(rig: &Rig, jobs: &[Job], query: JobQuery, wanted: impl Fn(&Job) -> bool) {
    let expected: Vec<JobId> = jobs.iter().rev().filter(|job| query.view.sees(job) && wanted(job)).map(|job| job.id).collect();
    for limit in [1, 7, 200] {
        let found: Vec<JobId> = pages(&*rig.store, JobQuery { limit, ..query.clone() }).await.iter().map(|job| job.id).collect();
        assert_eq!(found, expected, "{query:?}");
    }
}

pub async fn page_without_doubles_or_holes(rig: &Rig) {
    let jobs = mixed(rig).await;
    expect(rig, &jobs, query(|_| {}), |_| true).await;
    expect(rig, &jobs, JobQuery::all(of_owner("owner1"), 5), |_| true).await;
    let own = JobQuery { owner: Some(text("owner2")), ..JobQuery::all(of_owner("owner1"), 5) };
    expect(rig, &jobs, own, |job| &*job.owner == "owner2").await;
}

pub async fn a_last_page_says_so(rig: &Rig) {
    let jobs = mixed(rig).await;
    let count = jobs.iter().filter(|job| all().sees(job)).count();
    for limit in [count, 200] {
        let page = rig.store.list(query(|query| query.limit = limit)).await.unwrap();
        assert_eq!((page.jobs.len(), page.next, page.place), (count, None, rig.store.head().place));
    }
}

pub async fn filter_by_everything(rig: &Rig) {
    let jobs = mixed(rig).await;
    let (root, middle) = (jobs[0].id, jobs[30].created_at);
    expect(rig, &jobs, query(|query| query.task = Some(text("task1"))), |job| &*job.task == "task1").await;
    expect(rig, &jobs, query(|query| query.owner = Some(text("owner2"))), |job| &*job.owner == "owner2").await;
    expect(rig, &jobs, query(|query| query.session = Some(text("s3"))), |job| job.session.as_deref() == Some("s3")).await;
    let subject = Subject { kind: text("doc"), id: text("1") };
    expect(rig, &jobs, query(|query| query.subject = Some(subject.clone())), |job| job.subject.as_ref() == Some(&subject)).await;
    expect(rig, &jobs, query(|query| query.batch = Some(text("batch"))), |job| job.batch.is_some()).await;
    expect(rig, &jobs, query(|query| query.root = Some(root)), |job| job.root == root).await;
    expect(rig, &jobs, query(|query| query.external_id = Some(text("x4"))), |job| job.external_id.as_deref() == Some("x4")).await;
    expect(rig, &jobs, query(|query| query.created_after = Some(middle)), |job| job.created_at > middle).await;
    expect(rig, &jobs, query(|query| query.created_before = Some(middle)), |job| job.created_at < middle).await;
    let both = query(|query| {
        query.session = Some(text("s2"));
        query.task = Some(text("task0"));
        query.status = vec![Status::Aborted, Status::Pending];
    });
    let is_wanted = |job: &Job| {
        job.session.as_deref() == Some("s2") && &*job.task == "task0" && matches!(job.status, Status::Aborted | Status::Pending)
    };
    expect(rig, &jobs, both, is_wanted).await;
}

pub async fn search_text(rig: &Rig) {
    let jobs = mixed(rig).await;
    let by = |words: &str| query(|query| query.text = Some(text(words)));
    expect(rig, &jobs, by("REPORT no. 7"), |job| job.title.as_deref() == Some("Report No. 7")).await;
    expect(rig, &jobs, by("Task1"), |job| &*job.task == "task1").await;
    expect(rig, &jobs, by("URG"), |job| job.tags.iter().any(|tag| &**tag == "urgent")).await;
    let id = jobs[20].id.to_string();
    expect(rig, &jobs, by(&id), |job| job.id == jobs[20].id).await;
    expect(rig, &jobs, by("nothing of this"), |_| false).await;
}

pub async fn go_by_status(rig: &Rig) {
    let jobs = mixed(rig).await;
    for wanted in [
        vec![Status::Pending],
        vec![Status::Running, Status::Scheduled],
        vec![Status::Aborted],
        vec![Status::Aborted, Status::Running, Status::Running],
        vec![Status::Lost],
    ] {
        let by = query(|query| query.status = wanted.clone());
        expect(rig, &jobs, by, |job| wanted.contains(&job.status)).await;
        let own = JobQuery { status: wanted.clone(), ..JobQuery::all(of_owner("owner0"), 3) };
        expect(rig, &jobs, own, |job| wanted.contains(&job.status)).await;
    }
}

pub async fn follow_tags(rig: &Rig) {
    let jobs = mixed(rig).await;
    let by = |tag: &str| query(|query| query.tag = Some(text(tag)));
    let has = |tag: &'static str| move |job: &Job| job.tags.iter().any(|own| &**own == tag);
    expect(rig, &jobs, by("urgent"), has("urgent")).await;
    expect(rig, &jobs, by("t2"), has("t2")).await;
    let tagged = jobs.iter().find(|job| !job.tags.is_empty()).unwrap().id;
    let patch = Patch { tags: Some(vec![text("calm")]), ..Patch::default() };
    rig.store.commit(Request::Patch { tenant: text("t"), id: tagged, patch, asked: rig.asked() }).await.unwrap();
    expect(rig, &jobs, by("urgent"), |job| job.id != tagged && has("urgent")(job)).await;
    expect(rig, &jobs, by("calm"), |job| job.id == tagged).await;
}

pub async fn snapshot_topics(rig: &Rig) {
    let jobs = mixed(rig).await;
    let topics = [
        Topic::Job(jobs[3].id),
        Topic::Owner(text("owner1")),
        Topic::Session(text("s1")),
        Topic::Subject(Subject { kind: text("doc"), id: text("0") }),
        Topic::Task(text("task0")),
        Topic::Tag(text("urgent")),
        Topic::Batch(text("batch")),
        Topic::Root(jobs[0].id),
        Topic::Tenant,
        Topic::Stats,
    ];
    for topic in topics {
        for view in [all(), of_owner("owner1")] {
            let snapshot = rig.store.snapshot(&view, &topic).await.unwrap();
            let newest_first = || jobs.iter().rev().filter(|job| view.sees(job) && topic.matches(job));
            let active = newest_first().filter(|job| job.status.is_active());
            let expected: Vec<JobId> = active.chain(newest_first().filter(|job| job.status.is_end())).map(|job| job.id).collect();
            assert_eq!(snapshot.jobs.iter().map(|job| job.id).collect::<Vec<_>>(), expected, "{topic:?} {view:?}");
            assert_eq!((snapshot.truncated, snapshot.place), (false, rig.store.head().place));
        }
    }
}

pub async fn snapshot_is_cut(rig: &Rig) {
    let count = limits::SNAPSHOT_ENDED + 5;
    let fails = |_| NewJob { cannot_start: Some(super::rig::error("no")), ..rig.new_job("ann", "a") };
    let ended = rig.submit_all((0..count).map(fails).collect()).await.unwrap();
    let snapshot = rig.store.snapshot(&all(), &Topic::Tenant).await.unwrap();
    let newest: Vec<JobId> = ended.iter().rev().take(limits::SNAPSHOT_ENDED).map(|job| job.id).collect();
    let found: Vec<JobId> = snapshot.jobs.iter().map(|job| job.id).collect();
    assert_eq!(found.len(), newest.len());
    assert!(found.iter().all(|id| newest.contains(id)) && snapshot.truncated);
    rig.submit_all((0..=limits::SNAPSHOT_ACTIVE).map(|_| rig.new_job("ben", "a")).collect()).await.unwrap();
    let snapshot = rig.store.snapshot(&of_owner("ben"), &Topic::Tenant).await.unwrap();
    assert_eq!((snapshot.jobs.len(), snapshot.truncated), (limits::SNAPSHOT_ACTIVE, true));
}
