//! Every key of the configuration, once: name, kind, default, meaning, variable and flag. The reference is printed from it, and a test
//! holds it against what the reader asks for.

/// One key.
pub struct Key {
    /// Its place in the file; `<name>` stands for any name.
    pub path: &'static str,
    pub kind: &'static str,
    /// As it would be written; empty: none.
    pub default: &'static str,
    pub meaning: &'static str,
    /// Variable and flag that win over the file.
    pub over: Option<(&'static str, &'static str)>,
}

const fn key(path: &'static str, kind: &'static str, default: &'static str, meaning: &'static str) -> Key {
    Key { path, kind, default, meaning, over: None }
}

const fn over(variable: &'static str, flag: &'static str, key: Key) -> Key {
    Key { over: Some((variable, flag)), ..key }
}

pub const KEYS: &[Key] = &[
    over(
        "TIDINGS_LISTEN",
        "--listen",
        key(
            "listen",
            "address",
            "\"127.0.0.1:8430\"",
            "Where the server listens. Anything but a loopback address needs access to be configured.",
        ),
    ),
    over(
        "TIDINGS_DATA",
        "--data",
        key(
            "data",
            "folder",
            "\"./data\"",
            "The embedded store and the records of running children. Relative to this file; as a flag or variable, to the current folder.",
        ),
    ),
    key("access.jwt.algorithm", "HS256, RS256, ES256, EdDSA", "\"HS256\"", "The one algorithm that is accepted."),
    key("access.jwt.secret_file", "file", "", "For HS256: the secret, at least 32 bytes. A line end at its end does not count."),
    key("access.jwt.public_key_file", "file", "", "For RS256, ES256 and EdDSA: the public key, PEM."),
    key("access.jwt.jwks_url", "address", "", "For RS256, ES256 and EdDSA: where the keys are published. Instead of a file."),
    key("access.jwt.issuer", "text", "", "The `iss` that a token must carry."),
    key("access.jwt.audience", "text", "", "The `aud` that a token must carry."),
    key(
        "access.keys[].name",
        "text",
        "",
        "Who the key speaks for: the subject, and the owner of what it submits for nobody else. Needed.",
    ),
    key("access.keys[].sha256", "64 hex digits", "", "SHA-256 of the key. `tidings key new` makes both. Needed."),
    key(
        "access.keys[].scopes",
        "list of scopes",
        "[\"jobs:read\", \"jobs:submit\", \"jobs:control\", \"jobs:report\"]",
        "What it may: `jobs:read`, `jobs:submit`, `jobs:control`, `jobs:report`, `admin`.",
    ),
    key("access.keys[].tenant", "text", "\"default\"", "The tenant that it belongs to."),
    key("access.keys[].tenant_wide", "true or false", "false", "Whether it sees all jobs of its tenant, not only its own."),
    key(
        "access.introspect",
        "address",
        "",
        "Address of the app that is shown a caller's cookies and `Authorization` and answers who it is. `docs/guide/sign-in.md` says how.",
    ),
    key(
        "access.introspect_cookies",
        "list of names",
        "",
        "The only cookies that the app is shown. None: all that the browser sent, but for the server's own.",
    ),
    key(
        "access.introspect_cache",
        "duration",
        "\"30s\"",
        "How long what the app said of somebody counts; from `1s` to `30s`. So long does a session outlive its end.",
    ),
    over(
        "TIDINGS_ORIGINS",
        "--origin",
        key(
            "access.origins",
            "list of web origins",
            "[]",
            "Foreign web origins whose pages may call the server. As a variable: separated by commas.",
        ),
    ),
    key(
        "access.private_hosts",
        "list of host names",
        "[]",
        "Hosts that the server may ask for key sets, and who somebody is, although they lead into private ranges.",
    ),
    key(
        "access.metrics",
        "closed, open",
        "\"closed\"",
        "Whether `/metrics` and the details of `/readyz` are shown to callers without the scope `admin`.",
    ),
    over(
        "TIDINGS_LOG_FORMAT",
        "--log-format",
        key("log.format", "text, json", "\"text\"", "Shape of the server's log, on stderr."),
    ),
    over(
        "TIDINGS_LOG",
        "--log",
        key(
            "log.level",
            "filter",
            "\"info\"",
            "`error`, `warn`, `info`, `debug`, `trace`, or a filter by module such as `info,tidings_store=debug`.",
        ),
    ),
    key("limits.concurrency", "number", "8", "How many children run at once, over all tasks."),
    key("limits.stop_within", "duration", "\"20s\"", "How long a stop waits for connections and children before it ends them."),
    key(
        "limits.requests_per_second",
        "requests a second",
        "200",
        "How often one user or service may ask, over a longer time. Above: 429 `too_many_requests` with `Retry-After`. 0: no limit. Not \
         in open mode; frames of live connections do not count.",
    ),
    key("limits.requests_burst", "requests", "400", "How many of them may come at once, after a silence."),
    key(
        "limits.refused_per_second",
        "requests a second",
        "5",
        "How often one address may be refused as unknown, over HTTP and live sockets together, before it is told 429. 0: no limit.",
    ),
    key("limits.refused_burst", "requests", "50", "How many of them may come at once, after a silence."),
    key(
        "dialects.background_jobs",
        "true or false",
        "true",
        "Whether the pages of hybrid background jobs are served, at `/api/background-jobs`. `docs/guide/moving/background-jobs.md` says how.",
    ),
    key(
        "dialects.job_dashboard",
        "true or false",
        "true",
        "Whether the admin page of WebSocket job updates is served, at `/api/jobs` and `/api/notifications/ws`. `docs/guide/moving/job-dashboard.md` says how.",
    ),
    key(
        "dialects.runs",
        "true or false",
        "true",
        "Whether the clients of background task monitoring are served, at `/api/runs` and `/api/websocket`. `docs/guide/moving/runs.md` says how.",
    ),
    key(
        "dialects.sse_tasks",
        "true or false",
        "true",
        "Whether the clients of the SSE task system are served, at `/api/tasks`. `docs/guide/moving/sse-tasks.md` says how.",
    ),
    key(
        "dialects.task_status",
        "true or false",
        "true",
        "Whether the clients of task status updates are served, at `/api/tasks` and `/ws`. `docs/guide/moving/task-status.md` says how.",
    ),
    Key {
        over: Some(("TIDINGS_REDIS", "")),
        ..key(
            "sources.task_status.redis",
            "address",
            "\"redis://127.0.0.1:6379\"",
            "Where Redis 6 or newer stands: `redis://user:password@host:port`, `rediss://…` for TLS, `unix:///path`. `REDIS_URL` counts as well where \
             `TIDINGS_REDIS` is not set. Neither switches anything on: the section must stand, empty or not.",
        )
    },
    key("sources.task_status.channel", "text", "\"task_status_update\"", "The channel that is heard and published to."),
    key(
        "sources.task_status.owner",
        "text",
        "while access is open, `local`",
        "Who owns the jobs that are first heard of there. Needed where access is configured.",
    ),
    key(
        "sources.task_status.tenant",
        "text",
        "\"default\"",
        "The tenant that they belong to. Only the jobs of this tenant are published.",
    ),
    key("sources.task_status.task", "text", "\"task\"", "The task that they are listed under. It need not be declared."),
    key(
        "sources.task_status.stale_after",
        "duration, or never",
        "\"10m\"",
        "How long nothing may be heard of a running job before it is shown as `stale`. What could not be heard, while Redis was away, does not count.",
    ),
    key(
        "sources.task_status.lost_after",
        "duration, or never",
        "\"1h\"",
        "How long nothing may be heard of it before it is `lost`.",
    ),
    key(
        "tasks.<name>.mode",
        "process, tracked, worker",
        "\"process\"",
        "Who does the work: a child of the server, the app itself in its own request, or a worker of yours that claims jobs.",
    ),
    key(
        "tasks.<name>.command",
        "list of texts",
        "",
        "Program and arguments, never through a shell. Needed for mode `process`, refused for the others.",
    ),
    key(
        "tasks.<name>.channel",
        "plain, lines, node-ipc",
        "\"plain\"",
        "How server and child talk: any program; JSON lines on a descriptor; Node's `process.send`.",
    ),
    key(
        "tasks.<name>.progress",
        "channel, percent",
        "\"channel\"",
        "`percent` reads the last percentage that the program printed.",
    ),
    key(
        "tasks.<name>.pause",
        "cooperative, freeze, none",
        "\"cooperative\"; on channel `plain` \"freeze\"",
        "How a running attempt is paused: it is asked; its processes are stopped by the kernel; not at all.",
    ),
    key("tasks.<name>.concurrency", "number", "10", "How many of it run at once. What exceeds it waits as `pending`."),
    key(
        "tasks.<name>.time_limit",
        "duration",
        "",
        "Longest running time of one attempt, paused time not counted. None: unlimited.",
    ),
    key("tasks.<name>.abort_grace", "duration", "\"10s\"", "How long an asked abort may take before it is enforced."),
    key("tasks.<name>.exit_grace", "duration", "\"5s\"", "From a reported end to SIGTERM, when the child does not exit by itself."),
    key(
        "tasks.<name>.start_within",
        "duration",
        "",
        "How long a job may wait to start, from when it is due; then it is `timed_out`. None: for ever.",
    ),
    key("tasks.<name>.retry.attempts", "number", "1", "Attempts in all, the first included; at most 100."),
    key("tasks.<name>.retry.base", "duration", "\"1s\"", "Wait before the second attempt; doubles with each further one."),
    key("tasks.<name>.retry.max", "duration", "\"5m\"", "Longest wait."),
    key("tasks.<name>.retry.on_timeout", "true or false", "false", "Whether a passed time limit is retried too."),
    key(
        "tasks.<name>.rescue",
        "retry, lost",
        "\"retry\"; on mode `tracked` \"lost\"",
        "What becomes of a job whose holder vanished.",
    ),
    key(
        "tasks.<name>.env",
        "list of names",
        "[\"PATH\", \"HOME\", \"LANG\", \"TZ\"]",
        "Variables of the server that are passed on to the child; nothing else is.",
    ),
    key("tasks.<name>.set_env", "table of texts", "", "Variables with fixed values; they win over `env`."),
    key("tasks.<name>.cwd", "folder", "\".\"", "Where the child starts. Relative to this file."),
    key(
        "tasks.<name>.memory",
        "size",
        "",
        "Resident memory of the child with all its descendants; above, it is ended with reason `out_of_memory`. None: unlimited.",
    ),
    key("tasks.<name>.title", "text", "", "The task's name for people."),
    key("tasks.<name>.description", "text", "", "What it does, for people."),
    key("tasks.<name>.example", "JSON text", "", "An input to start with, offered by the dashboard."),
    key(
        "tasks.<name>.input_schema",
        "file, or JSON text",
        "",
        "JSON Schema (2020-12) of the input: the name of a file relative to this one, or the schema itself, which begins with `{`. At most 64 KB. \
         For `tidings types` and for forms: no input is refused by it.",
    ),
    key("tasks.<name>.output_schema", "file, or JSON text", "", "JSON Schema of the result, in the same way."),
];

/// The reference as a page of Markdown.
pub fn reference() -> String {
    let mut page = String::from(
        "# Configuration\n\n\
         Printed by `tidings config reference` from the list that the server reads by.\n\n\
         `tidings serve` reads `tidings.toml` of the current folder, or the file named by `--config` or `TIDINGS_CONFIG`. A flag wins over\n\
         a variable, a variable over the file, the file over the default. An unknown key is an error. `tidings config check` reads the\n\
         file and says all that is wrong with it. SIGHUP reads `[tasks.*]`, `[access]` and the request limits again; all else needs a new start.\n\n\
         Durations are numbers with `ms`, `s`, `m`, `h` or `d` (`\"1h30m\"`); sizes with `B`, `KB`, `MB`, `GB`, `KiB`, `MiB` or `GiB`.\n",
    );
    let mut section = None;
    for key in KEYS {
        let (of, name) = split(key.path);
        if section != Some(of) {
            section = Some(of);
            let heading = if of.is_empty() { "Top of the file".to_owned() } else { format!("`[{of}]`") };
            page.push_str(&format!(
                "\n## {heading}\n\n| Key | Value | Default | Meaning | Variable | Flag |\n|---|---|---|---|---|---|\n"
            ));
        }
        let code = |text: &str| if text.is_empty() { String::new() } else { format!("`{text}`") };
        let default = if key.default.contains('`') { key.default.to_owned() } else { code(key.default) };
        let (variable, flag) = key.over.map_or((String::new(), String::new()), |(variable, flag)| (code(variable), code(flag)));
        page.push_str(&format!("| `{name}` | {} | {default} | {} | {variable} | {flag} |\n", key.kind, key.meaning));
    }
    page
}

/// Section and name of a key, for the headings. What lies inside an inline table stays with its section.
fn split(path: &'static str) -> (&'static str, &'static str) {
    if let Some(rest) = path.strip_prefix("tasks.<name>.") {
        return ("tasks.<name>", rest);
    }
    if let Some(rest) = path.strip_prefix("sources.task_status.") {
        return ("sources.task_status", rest);
    }
    path.split_once('.').unwrap_or(("", path))
}
