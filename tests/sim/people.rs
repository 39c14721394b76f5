//! Who takes part in a run, and which tasks there are.

use std::sync::Arc;

use domain::access::{Principal, Scope};
use domain::policy::{Mode, Pause, Policy, Rescue, Retry};
use engine::task::{Catalog, Task};

pub fn user(subject: &str) -> Principal {
    Principal {
        subject: subject.into(),
        tenant: "default".into(),
        scopes: vec![Scope::JobsRead, Scope::JobsSubmit, Scope::JobsControl, Scope::JobsReport],
        is_tenant_wide: false,
        is_service: false,
        expires_at: None,
    }
}

/// Sees everybody's jobs of its tenant.
pub fn operator() -> Principal {
    Principal { is_tenant_wide: true, ..user("op") }
}

/// Acts for others, and runs the workers.
pub fn service() -> Principal {
    Principal { is_service: true, ..user("app") }
}

/// Somebody behind another wall.
pub fn stranger() -> Principal {
    Principal { tenant: "other".into(), ..user("ann") }
}

pub fn everybody() -> [Principal; 5] {
    [user("ann"), user("bob"), operator(), service(), stranger()]
}

/// Tasks of workers, in two groups that workers of their own serve.
pub const WORKER_TASKS: [&str; 4] = ["work", "slow", "once", "strict"];
pub const PROCESS_TASKS: [&str; 2] = ["build", "bake"];
/// A declared tracked task and one that nobody declared.
pub const TRACKED_TASKS: [&str; 2] = ["report", "adhoc"];
/// Children that run at once, in all.
pub const PROCESS_TOTAL: u32 = 3;

pub fn catalog() -> Catalog {
    let retry = |attempts, on_timeout| Retry { attempts, base_ms: 1_000, max_ms: 4_000, on_timeout };
    let plain = Policy { retry: retry(2, false), ..Policy::default() };
    let slow = Policy { retry: retry(3, true), time_limit_ms: Some(20_000), start_within_ms: Some(60_000), ..Policy::default() };
    let once = Policy { pause: Pause::None, rescue: Rescue::Lost, ..Policy::default() };
    let strict = Policy {
        retry: retry(2, false),
        time_limit_ms: Some(8_000),
        abort_grace_ms: 2_000,
        start_within_ms: Some(20_000),
        ..Policy::default()
    };
    let tasks = [
        task("work", Mode::Worker, 2, plain.clone()),
        task("slow", Mode::Worker, 1, slow),
        task("once", Mode::Worker, 3, once),
        task("strict", Mode::Worker, 2, strict),
        task("build", Mode::Process, 2, plain.clone()),
        task("bake", Mode::Process, 2, Policy { time_limit_ms: Some(15_000), ..plain }),
        task("report", Mode::Tracked, 100, Policy::default()),
    ];
    Catalog { tasks: tasks.into_iter().map(|task| (task.name.clone(), Arc::new(task))).collect(), total: PROCESS_TOTAL }
}

fn task(name: &str, mode: Mode, concurrency: u32, policy: Policy) -> Task {
    Task {
        name: name.into(),
        mode,
        policy: Arc::new(policy),
        concurrency,
        program: None,
        title: None,
        description: None,
        example: None,
        schemas: Default::default(),
    }
}
