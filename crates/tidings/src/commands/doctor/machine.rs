//! What `doctor` looks at on this machine: the data folder and the limits of processes.

use std::path::Path;

use rustix::io::Errno;
use rustix::process::{Pid, Resource, getrlimit, test_kill_process};

use super::{Finding, Found};
use crate::config::{Config, Layers};
use crate::serve::access::introspect_for_api;

/// Descriptors that a server with many watchers wants.
const DESCRIPTORS: u64 = 4_096;

/// The folder of a server on this machine: writable, and not held by a process that is gone.
pub fn data_folder(layers: &Layers, is_served: bool) -> Finding {
    let config = match Config::load(layers) {
        Ok(config) => config,
        Err(error) => return Finding::Bad(error.to_string(), "mend the configuration; `tidings config check` says more"),
    };
    let folder = config.data;
    let shown = folder.display();
    if !folder.exists() {
        return Finding::Good(match is_served {
            true => format!("{shown} does not exist: the server that answers uses another; --config names its file"),
            false => format!("{shown} will be made by `tidings serve`"),
        });
    }
    let probe = folder.join(format!(".doctor-{}", std::process::id()));
    if let Err(error) = std::fs::write(&probe, b"") {
        return Finding::Bad(format!("{shown} cannot be written: {error}"), "let the server's user own it: chown and chmod u+rwx");
    }
    std::fs::remove_file(&probe).ok();
    let is_held = std::fs::File::open(folder.join(LOCK)).is_ok_and(|lock| lock.try_lock_shared().is_err());
    match (is_held, is_served) {
        (true, _) => held(&folder, is_served),
        (false, true) => Finding::Note(format!("{shown} is writable; the server that answers uses another folder")),
        (false, false) => Finding::Good(format!("{shown} is writable, and no server holds it")),
    }
}

/// Whether the app answers that knows who is signed in; `None` where none is asked.
pub async fn introspection(layers: &Layers) -> Option<Finding> {
    let access = Config::load(layers).ok()?.access;
    let app = access.introspect.as_ref()?;
    let shown = app.shown();
    Some(match api::access::probe(&introspect_for_api(app, &access.private_hosts)).await {
        Ok(words) => Finding::Good(format!("{shown} answers: {words}")),
        Err(words) => Finding::Bad(
            format!("{shown}: {words}"),
            "the app must answer 401 there when no cookie is sent, and {\"subject\": …} to a session: docs/guide/sign-in.md",
        ),
    })
}

/// Whether the Redis answers on whose channel task status updates are; `None` where none is configured.
pub async fn channel(layers: &Layers) -> Option<Finding> {
    let redis = Config::load(layers).ok()?.sources.task_status?.redis;
    Some(match sources::probe(&redis).await {
        Ok(words) => Finding::Good(format!("{redis} answers: {words}")),
        Err(words) => Finding::Bad(
            format!("{redis}: {words}"),
            "start Redis 6 or newer there, or name another with TIDINGS_REDIS or [sources.task_status] redis; the server goes on without, and \
             connects as soon as it can",
        ),
    })
}

/// The file that a server locks, with its process in it.
const LOCK: &str = "tidings.lock";

fn held(folder: &Path, is_served: bool) -> Finding {
    let shown = folder.display();
    let pid = std::fs::read_to_string(folder.join(LOCK)).ok().and_then(|text| text.trim().parse().ok());
    match pid {
        Some(pid) if lives(pid) && is_served => {
            Finding::Good(format!("{shown} is writable, and process {pid}, a server, holds it"))
        }
        Some(pid) if lives(pid) => Finding::Note(format!("{shown} is held by process {pid}, which may listen elsewhere")),
        Some(pid) => Finding::Bad(
            format!("{shown} is locked, but the process that it names, {pid}, is gone"),
            "see who holds the lock: `lsof` or `fuser` on tidings.lock in the folder; then stop it",
        ),
        None => Finding::Note(format!("{shown} is held by a process that it does not name")),
    }
}

/// Whether there is such a process, of whatever user.
fn lives(pid: i32) -> bool {
    let Some(pid) = Pid::from_raw(pid) else { return false };
    matches!(test_kill_process(pid), Ok(()) | Err(Errno::PERM))
}

pub fn descriptors() -> Found {
    match getrlimit(Resource::Nofile).current {
        Some(current) if current < DESCRIPTORS => {
            let mend = "raise it: `ulimit -n 65536`, or LimitNOFILE=65536 in the unit";
            Err((format!("{current} open files are allowed; each watcher takes one"), mend))
        }
        Some(current) => Ok(format!("{current} open files are allowed")),
        None => Ok("open files are not limited".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layers(folder: &Path) -> Layers {
        let flags = [("--data", folder.display().to_string())].into();
        Layers { flags, folder: folder.to_owned(), ..Layers::default() }
    }

    #[test]
    fn a_held_folder_is_wrong_only_when_its_holder_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let lock = folder.path().join(LOCK);
        let gone = i32::MAX;
        std::fs::write(&lock, format!("{}\n", std::process::id())).unwrap();
        assert!(matches!(data_folder(&layers(folder.path()), false), Finding::Good(words) if words.contains("no server holds it")));
        let file = std::fs::File::open(&lock).unwrap();
        file.lock().unwrap();
        assert!(
            matches!(data_folder(&layers(folder.path()), false), Finding::Note(words) if words.contains("may listen elsewhere"))
        );
        assert!(matches!(data_folder(&layers(folder.path()), true), Finding::Good(_)));
        std::fs::write(&lock, format!("{gone}\n")).unwrap();
        assert!(matches!(data_folder(&layers(folder.path()), false), Finding::Bad(words, _) if words.contains("is gone")));
    }
}
