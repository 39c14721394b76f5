//! Those who run jobs: remote workers, reporters of tracked jobs, and the server's own children. They report, go silent, speak late under
//! an old lease, do as they are asked or do not.

use std::sync::Arc;

use domain::job::{JobError, LeaseProof};
use domain::policy::Mode;
use domain::request::{Asked, ClaimJobs, LeaseGrant, Report};
use domain::{Answer, Request, limits};
use engine::Error;
use engine::clock::Clock;
use engine::port::{CommitError, Store};
use serde_json::{Value, json};
use wire::body::{Claim, ReportAnswer};

use super::people::{PROCESS_TOTAL, WORKER_TASKS, catalog, service, stranger};
use super::scene::{Held, Scene, Server, outcome};

fn body<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("a body of this shape")
}

/// A remote worker asks for jobs, and may wait for them.
pub async fn claim(scene: Arc<Scene>, server: Server) {
    let dice = &scene.dice;
    let who = if dice.chance(150) { stranger() } else { service() };
    let tasks: &[&str] = match dice.below(3) {
        0 => &WORKER_TASKS,
        1 => &WORKER_TASKS[..2],
        _ => &WORKER_TASKS[2..],
    };
    let (max, wait, lease) = (1 + dice.below(3), *dice.pick(&[0, 0, 2, 30]), *dice.pick(&[1_000, 10_000, 30_000]));
    let asked: Claim = body(json!({"tasks": tasks, "worker": "w", "max": max, "wait": wait, "leaseMs": lease}));
    let answer = server.claim(&who, &asked).await;
    let names: Vec<String> = answer.iter().flatten().map(|claimed| scene.diary.name(claimed.job.id)).collect();
    scene.diary.note(format!("{}@{} claimed up to {max}: {} {names:?}", who.subject, who.tenant, outcome(&answer)));
    for claimed in answer.into_iter().flatten() {
        scene.diary.require(claimed.job.tenant == who.tenant, "a worker is given jobs of its tenant", || names.join(" "));
        scene.hold(&claimed.job, Some(claimed.lease.token), &who);
    }
}

/// The server takes jobs for its own children.
pub async fn start_children(scene: Arc<Scene>, store: Arc<dyn Store>) {
    let grant = |n: u64| {
        let proof = LeaseProof(u128::from(n) + 1);
        LeaseGrant { proof, holder: "server".into(), length_ms: limits::LEASE_MS }
    };
    let serial = scene.dice.below(u64::MAX / 2);
    let leases = (0..1 + scene.dice.below(3)).map(|n| grant(serial + n)).collect();
    let slots = catalog().slots(Mode::Process, &Default::default());
    let claim = ClaimJobs { mode: Mode::Process, tenant: None, slots, total: PROCESS_TOTAL, leases };
    if let Ok(Answer::Claimed(jobs)) = store.commit(Request::Claim(claim)).await {
        for job in jobs {
            scene.diary.note(format!("server started {}", scene.diary.name(job.id)));
            scene.hold(&job, None, &service());
        }
    }
}

/// After a restart: what former children were at is rescued before anything else, as the server does.
pub async fn rescue_children(scene: &Scene, store: &Arc<dyn Store>) {
    for job in store.open_attempts().await.unwrap_or_default().iter().filter(|job| job.mode == Mode::Process) {
        let Some(proof) = job.lease.as_ref().map(|lease| lease.proof) else { continue };
        let _ = store.commit(Request::Rescue { id: job.id, proof, why: "server_gone".into() }).await;
        scene.diary.note(format!("server rescued {}", scene.diary.name(job.id)));
    }
}

/// Somebody who holds a lease, or held it, says something.
pub async fn report(scene: Arc<Scene>, server: Server, store: Arc<dyn Store>) {
    let dice = &scene.dice;
    let held = {
        let leases = scene.leases();
        let at_work: Vec<&Held> = leases.iter().filter(|held| !held.is_over).collect();
        match dice.chance(800) && !at_work.is_empty() {
            true => (*dice.pick(&at_work)).clone(),
            false if leases.is_empty() => return,
            false => dice.pick(&leases).clone(),
        }
    };
    match &held.token {
        Some(token) => by_lease(&scene, &server, &held, token).await,
        None => by_child(&scene, &store, &held).await,
    }
}

async fn by_lease(scene: &Scene, server: &Server, held: &Held, token: &str) {
    let dice = &scene.dice;
    let (who, id) = (&held.who, held.job);
    let progress = json!({"current": held.reports + 1, "message": format!("{:032x}", held.proof.0)});
    let is_pressed = held.obeys && held.wish.0 != "none";
    let mut is_last = false;
    let (word, answer) = match dice.below(20) {
        _ if is_pressed => {
            let mut said = progress;
            said["acknowledge"] = json!(held.wish.1);
            ("acknowledge", server.report_progress(who, id, token, &body(said)).await)
        }
        0..4 => ("heartbeat", server.report_heartbeat(who, id, token, &body(json!({}))).await),
        4..12 => ("progress", server.report_progress(who, id, token, &body(progress)).await),
        12..15 => {
            is_last = true;
            let result = json!({"result": 1, "progress": progress});
            ("complete", server.report_complete(who, id, token, &body(result)).await)
        }
        15..18 => {
            is_last = true;
            let error = json!({"kind": "e", "message": "it broke"});
            let failed = json!({"error": error, "retry": dice.chance(700), "interrupted": dice.chance(200)});
            ("fail", server.report_fail(who, id, token, &body(failed)).await)
        }
        18 => {
            is_last = true;
            let mut on = json!({"on": "input"});
            if dice.chance(500) {
                on["until"] = json!(wire::time::show(scene.clock.now().plus_ms(15_000)));
            }
            ("wait", server.report_wait(who, id, token, &body(on)).await)
        }
        _ => {
            is_last = true;
            ("nothing more", Err(Error::ShuttingDown))
        }
    };
    heard(scene, held, word, &answer, is_last);
}

fn heard(scene: &Scene, held: &Held, word: &str, answer: &Result<ReportAnswer, Error>, is_last: bool) {
    let name = scene.diary.name(held.job);
    let how = answer.as_ref().map_or_else(|_| outcome(answer), |told| format!("{} rev {}", told.status, told.rev));
    scene.diary.note(format!("holder of {name} says {word}: {how}"));
    let mut leases = scene.leases();
    let Some(kept) = leases.iter_mut().find(|kept| kept.proof == held.proof) else { return };
    kept.reports += 1;
    match answer {
        Ok(told) => {
            kept.wish = (told.wish.kind.to_string(), told.wish.number);
            kept.is_over = told.lease_expires_at.is_none();
        }
        Err(Error::Refused(_)) => kept.is_over = true,
        Err(_) => kept.is_over |= is_last && word == "nothing more",
    }
}

/// A child's word travels in the server: no rights are asked, and no answer is missed.
async fn by_child(scene: &Scene, store: &Arc<dyn Store>, held: &Held) {
    let dice = &scene.dice;
    let error = JobError { kind: "exit_code".into(), message: "exit code 1".into() };
    let job = store.job(held.job).await.ok().flatten();
    let wish = job.as_ref().map(|job| job.wish.clone());
    let report = match (&wish, dice.below(10)) {
        (Some(wish), 0..5) if held.obeys && wish.is_stop() => Report::Stopped { error: None },
        (Some(wish), 0..5) => Report::Acknowledge { wish: wish.number },
        (_, 0..5) => Report::Heartbeat { extend_ms: None },
        (_, 5 | 6) => Report::Complete { result: None },
        (_, 7) => Report::Fail { error, again: true, interrupted: dice.chance(300) },
        (_, 8) => {
            let entries = scene.leases().iter().filter(|held| held.token.is_none()).map(|held| (held.job, held.proof)).collect();
            let _ = store.commit(Request::RenewLeases { entries }).await;
            return;
        }
        _ => Report::Stopped { error: Some(error) },
    };
    let word = format!("{report:?}");
    let answer = store.commit(Request::Report { id: held.job, proof: held.proof, report, asked: Asked::default() }).await;
    let word = word.split_whitespace().next().unwrap_or_default().to_owned();
    let answer = match answer {
        Ok(answer) => answer.job().map_or_else(|| "?".to_owned(), |job| job.status.to_string()),
        Err(CommitError::Refused(refusal)) => refusal.code().to_owned(),
        Err(error) => error.to_string(),
    };
    scene.diary.note(format!("child of {} says {word}: {answer}", scene.diary.name(held.job)));
    let mut leases = scene.leases();
    if let Some(kept) = leases.iter_mut().find(|kept| kept.proof == held.proof) {
        kept.is_over = answer != "running" && answer != "paused" && !answer.starts_with("the ");
    }
}

/// Takes everything that can be taken, and completes it.
pub async fn do_all(scene: &Scene, server: &Server, store: &Arc<dyn Store>) {
    for who in [service(), stranger()] {
        let asked: Claim = body(json!({"tasks": WORKER_TASKS, "worker": "good", "max": 20}));
        for claimed in server.claim(&who, &asked).await.into_iter().flatten() {
            let done = server.report_complete(&who, claimed.job.id, &claimed.lease.token, &body(json!({}))).await;
            scene.diary.require(done.is_ok(), "a good worker can complete what it was given", || {
                format!("{} {}", scene.diary.name(claimed.job.id), outcome(&done))
            });
        }
    }
    let slots = catalog().slots(Mode::Process, &Default::default());
    let serial = scene.dice.below(u64::MAX / 2);
    let grant = |n: u64| LeaseGrant { proof: LeaseProof(u128::from(serial + n)), holder: "server".into(), length_ms: 30_000 };
    let claim = ClaimJobs { mode: Mode::Process, tenant: None, slots, total: PROCESS_TOTAL, leases: (0..20).map(grant).collect() };
    if let Ok(Answer::Claimed(jobs)) = store.commit(Request::Claim(claim)).await {
        for job in jobs {
            let Some(proof) = job.lease.as_ref().map(|lease| lease.proof) else { continue };
            let report = Report::Complete { result: None };
            let _ = store.commit(Request::Report { id: job.id, proof, report, asked: Asked::default() }).await;
        }
    }
}
