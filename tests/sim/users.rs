//! People and apps: they submit, once or again, and ask, patch, answer and delete, also what is not theirs or not possible.

use std::sync::Arc;

use domain::access::Principal;
use domain::request::Ask;
use domain::{JobId, Json, Timestamp};
use engine::clock::Clock;
use engine::{CallerKey, Conditions, Error, Made};
use serde_json::json;
use wire::body::{PatchJob, Submit};

use super::people::{PROCESS_TASKS, TRACKED_TASKS, WORKER_TASKS, everybody, service, stranger, user};
use super::scene::{Scene, Sent, Server, outcome, tells_nothing};

fn shown(time: Timestamp) -> String {
    wire::time::show(time)
}

fn a_body(scene: &Scene, who: &Principal, title: &str, may_track: bool) -> Submit {
    let dice = &scene.dice;
    let task = match dice.below(10) {
        0 | 1 if may_track => *dice.pick(&TRACKED_TASKS),
        2 | 3 => *dice.pick(&PROCESS_TASKS),
        _ => *dice.pick(&WORKER_TASKS),
    };
    let mut body = json!({"task": task, "title": title});
    let mut put = |name: &str, permille: u64, value: serde_json::Value| {
        if dice.chance(permille) {
            body[name] = value;
        }
    };
    put("session", 300, json!("s1"));
    put("subject", 200, json!({"type": "doc", "id": "7"}));
    put("tags", 400, json!(["x", "y"][..=dice.below(2) as usize]));
    put("batchId", 200, json!("b1"));
    put("externalId", 100, json!("ext1"));
    put("priority", 200, json!(dice.below(5) as i64 - 2));
    let later = [500, 5_000, 40_000][dice.below(3) as usize];
    put("runAt", 150, json!(shown(scene.clock.now().plus_ms(later))));
    let lease = *dice.pick(&[1_000, 5_000, 30_000]);
    if TRACKED_TASKS.contains(&task) {
        put("mode", 1_000, json!("tracked"));
        put("leaseMs", 500, json!(lease));
    }
    if let Some(parent) = scene.a_job() {
        put("parentId", 100, json!(parent.to_string()));
    }
    if who.is_service {
        put("owner", 700, json!(dice.pick(&["ann", "bob"])));
    }
    serde_json::from_value(body).expect("a submit")
}

/// Submits one job or several, under a key or not, or sends again what was sent before.
pub async fn submit(scene: Arc<Scene>, server: Server) {
    let dice = &scene.dice;
    let repeated = {
        let sent = scene.sent();
        (!sent.is_empty() && dice.chance(250)).then(|| dice.pick(&sent).clone())
    };
    let (sent, is_keyed) = match repeated {
        Some(mut sent) => {
            if dice.chance(100) {
                sent.bodies[0].priority = Some(99);
            }
            (sent, true)
        }
        None => {
            let who = [user("ann"), user("bob"), service(), stranger()][dice.below(4) as usize].clone();
            let title = scene.title();
            let count = if dice.chance(150) { 1 + dice.below(4) } else { 1 };
            // Ids of tracked jobs are the server's own: one of a time, so that their order is the same in each run.
            let bodies: Vec<Submit> = (0..count).map(|at| a_body(&scene, &who, &title, at == 0)).collect();
            let sent = Sent { who, key: title, bodies };
            let is_keyed = dice.chance(400);
            if is_keyed {
                scene.sent().push(sent.clone());
            }
            (sent, is_keyed)
        }
    };
    let body = serde_json::to_vec(&sent.bodies).expect("it can be written");
    let key = CallerKey { route: "POST /jobs", key: &sent.key, body: &body };
    let conditions = Conditions { expected_rev: None, key: is_keyed.then_some(key) };
    let answer = server.submit(&sent.who, &sent.bodies, &conditions).await;
    let made: Vec<String> = answer.iter().flatten().map(|made| scene.diary.name(made.job.id)).collect();
    let (who, key, tasks) = (&sent.who.subject, &sent.key, sent.bodies.iter().map(|body| &*body.task).collect::<Vec<_>>());
    scene.diary.note(format!("{who} submitted {key} {tasks:?} keyed {is_keyed}: {} {made:?}", outcome(&answer)));
    submitted(&scene, &sent, is_keyed, &answer);
}

fn submitted(scene: &Scene, sent: &Sent, is_keyed: bool, answer: &Result<Vec<Made>, Error>) {
    let made = scene.disk.ledger().made.get(&*sent.key).cloned().unwrap_or_default();
    let diary = &scene.diary;
    diary.require(made.is_empty() || made.len() == sent.bodies.len(), "a submit has its effect once, all or none", || {
        format!("{} made {} of {}", sent.key, made.len(), sent.bodies.len())
    });
    match answer {
        Ok(answered) => {
            for made_job in answered {
                let id = made_job.job.id;
                diary.require(made.contains(&id), "a repeated submit answers the same jobs", || {
                    format!("{} {}", sent.key, diary.name(id))
                });
                diary.require(scene.disk.ledger().was_made(id), "what was answered exists", || diary.name(id));
                scene.learn(id);
                if let Some(lease) = &made_job.lease {
                    scene.hold(&made_job.job, Some(lease.token.clone()), &sent.who);
                }
            }
            diary.require(!made.is_empty(), "what was answered exists", || sent.key.clone());
        }
        Err(Error::OutcomeUnknown(_) | Error::ShuttingDown | Error::ReadFailed(_)) => {}
        Err(_) => diary.require(is_keyed || made.is_empty(), "what was refused was not made", || sent.key.clone()),
    }
}

/// Asks one thing of one job.
pub async fn ask(scene: Arc<Scene>, server: Server) {
    let Some(id) = scene.a_job() else { return };
    let dice = &scene.dice;
    let who = dice.pick(&everybody()).clone();
    let may_see = scene.may_see(&who, id);
    let expected_rev = dice.chance(150).then(|| 1 + dice.below(6));
    let kind = dice.below(14);
    let verb =
        *dice.pick(&[Ask::Pause, Ask::Pause, Ask::Resume, Ask::Resume, Ask::Abort, Ask::Kill, Ask::Retry, Ask::Retry, Ask::RunNow]);
    let (route, verb_key) = (format!("{id} {} {}", kind.min(5), verb.as_str()), format!("V{}", dice.below(2)));
    let key = dice.chance(100).then_some(CallerKey { route: &route, key: &verb_key, body: b"" });
    let conditions = Conditions { expected_rev, key };
    let said = match kind {
        0 => {
            let value = Json::from_valid("true");
            ("answer", server.answer(&who, id, value, &conditions).await.map(|_| ()))
        }
        1 => {
            let input = dice.chance(500).then(|| Json::from_valid("{}"));
            let answer = server.rerun(&who, id, input, &conditions).await;
            if let Ok(made) = &answer {
                scene.learn(made.job.id);
            }
            ("rerun", answer.map(|_| ()))
        }
        2 => ("delete", server.delete(&who, id, &Conditions { key: None, ..conditions }).await),
        3 | 4 => ("patch", patch(&scene, &server, &who, id, &conditions).await),
        _ => (verb.as_str(), server.ask(&who, id, verb, &conditions).await.map(|_| ())),
    };
    let (verb, answer) = said;
    let (name, tenant) = (scene.diary.name(id), &who.tenant);
    scene.diary.note(format!("{}@{tenant} asked {verb} of {name}: {}", who.subject, outcome(&answer)));
    scene.diary.require(may_see || tells_nothing(&answer), "a foreign job does not exist", || {
        format!("{verb} by {} of {name}: {}", who.subject, outcome(&answer))
    });
}

async fn patch(scene: &Scene, server: &Server, who: &Principal, id: JobId, conditions: &Conditions<'_>) -> Result<(), Error> {
    let dice = &scene.dice;
    let mut body = PatchJob::default();
    match dice.below(4) {
        0 => body.priority = Some(dice.below(5) as i64),
        1 => body.run_at = Some(shown(scene.clock.now().plus_ms(*dice.pick(&[1_000, 20_000])))),
        _ => {
            let tags: [&[&str]; 4] = [&[], &["x"], &["y"], &["x", "y"]];
            body.tags = Some(dice.pick(&tags).iter().map(|tag| (*tag).to_owned()).collect());
        }
    }
    server.patch(who, id, &body, conditions).await.map(|_| ())
}
