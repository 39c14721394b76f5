//! Files in, settings or the exact words of what is wrong out.

use std::path::Path;

use domain::policy::{Mode, Pause, Rescue};
use engine::task::{Channel, ProgressFrom};

use super::*;

fn layers() -> Layers {
    let variables = [("PATH", "/bin"), ("HOME", "/users/ann"), ("SECRET", "x")];
    Layers {
        environment: variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        folder: "/app".into(),
        ..Layers::default()
    }
}

fn read(text: &str) -> Result<Config, ConfigError> {
    Config::read(&layers(), Some((Path::new("/app/conf/tidings.toml"), text)))
}

fn problems(text: &str) -> Vec<String> {
    read(text).expect_err("refused").problems
}

#[test]
fn an_empty_file_is_open_mode_on_this_machine() {
    let config = read("").unwrap();
    assert_eq!(config.listen.to_string(), LISTEN);
    assert_eq!(config.data, Path::new("/app/conf/data"));
    assert!(config.access.is_open() && config.tasks.is_empty());
    assert_eq!(config.catalog().total, 8);
}

#[test]
fn without_tasks_it_says_what_can_be_done_all_the_same() {
    let mirrored = [
        "no task is declared, so nothing is run here: jobs can be tracked (the app does the work), or mirrored (another engine does it, \
                     and tells of it)",
    ];
    let tracked = ["no task is declared, so nothing is run here: jobs can be tracked (the app does the work)"];
    let off = "[dialects]\ntask_status = false\n";
    assert_eq!(read("").unwrap().warnings(), mirrored);
    assert_eq!(read(off).unwrap().warnings(), tracked);
    let heard = format!("{off}[sources.task_status]\nredis = \"redis://127.0.0.1:6379\"\n");
    assert_eq!(read(&heard).unwrap().warnings(), mirrored);
}

#[test]
fn a_task_is_read_with_all_that_it_promises() {
    let config = read(
        r#"
        [tasks.scrape]
        command = ["node", "scrape.js"]
        channel = "node-ipc"
        concurrency = 3
        time_limit = "10m"
        retry = { attempts = 3, base = "2s", max = "1m", on_timeout = true }
        env = ["HOME", "NOT_SET"]
        set_env = { MODE = "fast", HOME = "/tmp" }
        cwd = "workers"
        memory = "512MB"
        example = '{"a": 1}'
        output_schema = '{"type": "string"}'
        [tasks.plain]
        command = ["true"]
        progress = "percent"
        [tasks.report]
        mode = "tracked"
        "#,
    )
    .unwrap();
    let scrape = &config.tasks["scrape"];
    let program = scrape.program.as_ref().unwrap();
    assert_eq!((scrape.mode, scrape.concurrency, scrape.policy.pause), (Mode::Process, 3, Pause::Cooperative));
    assert_eq!((scrape.policy.time_limit_ms, scrape.policy.retry.base_ms), (Some(600_000), 2_000));
    assert!(scrape.policy.retry.on_timeout);
    assert_eq!(program.cwd, Path::new("/app/conf/workers"));
    assert_eq!(program.env, [("HOME".to_owned(), "/tmp".to_owned()), ("MODE".to_owned(), "fast".to_owned())]);
    assert_eq!((program.channel, program.memory_bytes), (Channel::NodeIpc, Some(512_000_000)));
    assert_eq!(scrape.example.as_ref().unwrap().as_str(), r#"{"a": 1}"#);
    assert_eq!((&scrape.schemas.input, scrape.schemas.output.as_ref().unwrap().as_str()), (&None, r#"{"type":"string"}"#));

    let plain = &config.tasks["plain"];
    let names: Vec<&str> = plain.program.as_ref().unwrap().env.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((plain.policy.pause, names), (Pause::Freeze, vec!["PATH", "HOME"]), "SECRET is not passed on");
    assert_eq!(plain.program.as_ref().unwrap().progress, ProgressFrom::Percent);

    let report = &config.tasks["report"];
    assert_eq!((report.program.is_none(), report.policy.rescue), (true, Rescue::Lost));
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_a_hint() {
    for (text, expected) in [
        (
            "[tasks.x]\nmode = \"worker\"\ninput_schema = \"none.json\"",
            "conf/tidings.toml:3: [tasks.x] input_schema: /app/conf/none.json cannot be read: No such file or directory (os error 2); the name is \
             relative to this file, and a schema in its place begins with {",
        ),
        (
            "[tasks.x]\nmode = \"worker\"\noutput_schema = '{\"type\": }'",
            "conf/tidings.toml:3: [tasks.x] output_schema: is not JSON: expected value at line 1 column 10",
        ),
        (
            "[tasks.x]\nmode = \"worker\"\ninput_shema = \"x\"",
            "conf/tidings.toml:3: unknown key `input_shema` in [tasks.x]: did you mean `input_schema`?",
        ),
        ("lisen = \"127.0.0.1:1\"", "conf/tidings.toml:1: unknown key `lisen`: did you mean `listen`?"),
        ("\n[tasks.x]\ncomand = [\"a\"]", "conf/tidings.toml:3: unknown key `comand` in [tasks.x]: did you mean `command`?"),
        (
            "[tasks.x]\ncommand = [\"a\"]\nretry = { attempt = 2 }",
            "conf/tidings.toml:3: unknown key `attempt` in [tasks.x.retry]: did you mean `attempts`?",
        ),
        (
            "[limits]\nfoo = 1",
            "conf/tidings.toml:2: unknown key `foo` in [limits]: known are concurrency, refused_burst, refused_per_second, \
             requests_burst, requests_per_second, stop_within",
        ),
        (
            "[tasks.x]\ncommand = [\"a\"]\ntime_limit = \"10 minutes\"",
            "conf/tidings.toml:3: [tasks.x] time_limit: \"10 minutes\" is not a duration: write a number and ms, s, m, h or d, for example \
             \"90s\" or \"1h30m\"",
        ),
        ("[tasks.x]\ncommand = [\"a\"]\nmemory = 512", "conf/tidings.toml:3: [tasks.x] memory: must be a text, not a number"),
        (
            "[tasks.x]\ncommand = [\"a\"]\nchannel = \"node_ipc\"",
            "conf/tidings.toml:3: [tasks.x] channel: \"node_ipc\" is none of plain, lines, node-ipc; did you mean \"node-ipc\"?",
        ),
        (
            "[tasks.x]\ncommand = [\"a\"]\npause = \"cooperative\"",
            "conf/tidings.toml:3: [tasks.x] pause: cooperative needs a channel to ask on; on channel plain use freeze or none",
        ),
        (
            "[tasks.x]\ncommand = \"a b\"",
            "conf/tidings.toml:2: [tasks.x] command: must be a list of texts, for example [\"a\", \"b\"]",
        ),
        (
            "[tasks.x]\nmode = \"tracked\"\ncommand = [\"a\"]",
            "conf/tidings.toml:3: [tasks.x] command: is for mode process; in mode tracked the server starts nothing",
        ),
        ("[limits]\nconcurrency = 0", "conf/tidings.toml:2: [limits] concurrency: must be a whole number from 1 to 10000"),
        (
            "listen = \"8430\"",
            "conf/tidings.toml:1: listen: \"8430\" is not an address: write IP and port, for example \"127.0.0.1:8430\"",
        ),
        (
            "[access]\norigins = [\"https://app.example/page\"]",
            "conf/tidings.toml:2: [access] origins: \"https://app.example/page\" is not a web origin: write scheme, host and port only, for \
             example \"https://app.example\"",
        ),
        (
            "listen = \"0.0.0.0:8430\"",
            "listen: 0.0.0.0:8430 can be reached from other machines, and nobody would be asked who they are: configure [access] jwt, \
             introspect or keys, or listen on 127.0.0.1",
        ),
        (
            "[access]\nintrospect = \"127.0.0.1:3000\"",
            "conf/tidings.toml:2: [access] introspect: \"127.0.0.1:3000\" is not an address",
        ),
        (
            "[access]\nintrospect = \"https://ann:x@app.example/whoami\"",
            "conf/tidings.toml:2: [access] introspect: \"https://ann:x@app.example/whoami\" must begin with https:// or http://, and hold no \
             name or password",
        ),
        (
            "[access]\nintrospect = \"https://app.example\"\nintrospect_cache = \"1m\"",
            "conf/tidings.toml:3: [access] introspect_cache: \"1m\" must be from 1s to 30s",
        ),
        (
            "[access]\nintrospect = \"https://app.example\"\nintrospect_cookies = [\"a=b\"]",
            "conf/tidings.toml:3: [access] introspect_cookies: must be names of cookies, for example [\"sid\"]; left out, all are shown",
        ),
        (
            "[access]\nintrospect_cookies = [\"sid\"]",
            "conf/tidings.toml:1: [access] introspect_cookies: says nothing without introspect",
        ),
    ] {
        let told = problems(text);
        assert!(told.iter().any(|problem| problem == expected), "{text}\n{told:#?}");
    }
}

#[test]
fn an_app_that_is_asked_ends_open_mode() {
    let config =
        read("listen = \"0.0.0.0:1\"\n[access]\nintrospect = \"https://app.example/whoami?key=x\"\n[tasks.x]\nmode = \"worker\"")
            .unwrap();
    let app = config.access.introspect.as_ref().unwrap();
    assert!(!config.access.is_open() && config.warnings().is_empty());
    assert_eq!((app.cache_ms, &app.cookies, app.shown()), (30_000, &None, "https://app.example/whoami"));
    let inside =
        "[access]\nintrospect = \"http://127.0.0.1:3000/whoami\"\nintrospect_cookies = [\"sid\"]\nintrospect_cache = \"1s\"\n";
    let app = read(&format!("{inside}private_hosts = [\"127.0.0.1\"]\n[tasks.x]\nmode = \"worker\"")).unwrap();
    assert!(app.warnings().is_empty(), "{:?}", app.warnings());
    let app = app.access.introspect.unwrap();
    assert_eq!((app.cache_ms, app.cookies), (1_000, Some(vec!["sid".to_owned()])));
    let doubts = read("[access]\nintrospect = \"http://app.example/whoami\"\n[tasks.x]\nmode = \"worker\"").unwrap().warnings();
    assert_eq!(
        doubts,
        [
            "conf/tidings.toml:2: [access] introspect: cookies and tokens go to this address unencrypted; use https:// outside your own network"
        ]
    );
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let told = problems("lisen = 1\n[tasks.a]\ncommand = []\n[tasks.b]\n[access.jwt]\nalgorithm = \"ES256\"\n");
    assert_eq!(told.len(), 4, "{told:#?}");
    assert!(told.iter().any(|problem| problem.contains("[tasks.b] command: is missing")), "{told:#?}");
    assert_eq!(problems("[tasks").len(), 1);
}

#[test]
fn each_fault_is_told_once_and_in_the_order_of_the_file() {
    let text = "[tasks.a]\ncommand = \"node x\"\ncwd = \"gone\"\nchannel = \"line\"\npause = \"cooperative\"\n[limits]\nfoo = 1\n[tasks.b]\n\
                nme = 1\ncommand = [\"b\"]\ntime_limit = 5\n";
    let error = read(text).unwrap_err();
    let lines = |told: &[String]| told.iter().map(|one| one.split(':').nth(1).unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(lines(&error.problems), ["2", "4", "7", "9", "11"], "{:#?}", error.problems);
    assert_eq!(error.warnings[0], "conf/tidings.toml:3: [tasks.a] cwd: there is no folder /app/conf/gone");
}

#[test]
fn request_limits_are_read_in_requests_a_second() {
    let of = |limit: Option<api::RateLimit>| limit.map(|limit| (limit.per_second.get(), limit.burst.get()));
    let read = |keys: &str| {
        let requests = read(&format!("[limits]\n{keys}")).unwrap().limits.requests;
        (of(requests.principal), of(requests.refused_address))
    };
    assert_eq!(read(""), (Some((200, 400)), Some((5, 50))));
    assert_eq!(read("requests_per_second = 7\nrefused_burst = 3"), (Some((7, 400)), Some((5, 3))));
    assert_eq!(read("requests_per_second = 0\nrequests_burst = 3\nrefused_per_second = 0"), (None, None));
    let told = problems("[limits]\nrequests_burst = 0\nrefused_per_second = \"5\"");
    assert_eq!(
        told,
        [
            "conf/tidings.toml:2: [limits] requests_burst: must be a whole number from 1 to 1000000",
            "conf/tidings.toml:3: [limits] refused_per_second: must be a whole number from 0 to 1000000",
        ]
    );
}

#[test]
fn a_foreign_address_is_allowed_with_access() {
    let digest = "ab".repeat(32);
    let config =
        read(&format!("listen = \"0.0.0.0:80\"\n[access]\nkeys = [{{ name = \"shop\", sha256 = \"{digest}\" }}]")).unwrap();
    let key = &config.access.keys[0];
    assert_eq!((key.sha256, key.scopes.len(), key.tenant.as_str(), key.tenant_wide), ([0xab; 32], 4, "default", false));
}

#[test]
fn a_flag_wins_over_a_variable_and_a_variable_over_the_file() {
    let file = "listen = \"127.0.0.1:1\"\n[log]\nformat = \"json\"";
    let mut layers = layers();
    let read = |layers: &Layers| Config::read(layers, Some((Path::new("/app/tidings.toml"), file)));
    assert_eq!(read(&layers).unwrap().listen.port(), 1);
    layers.environment.insert("TIDINGS_LISTEN".into(), "localhost:2".into());
    assert_eq!(read(&layers).unwrap().listen.to_string(), "127.0.0.1:2");
    layers.flags.insert("--listen", "127.0.0.1:3".into());
    layers.flags.insert("--data", "here".into());
    let config = read(&layers).unwrap();
    assert_eq!((config.listen.port(), config.data.as_path(), config.log.format), (3, Path::new("/app/here"), LogFormat::Json));
    layers.flags.insert("--listen", "nowhere".into());
    layers.environment.insert("TIDINGS_LOG_FORMAT".into(), "xml".into());
    let told = read(&layers).unwrap_err().problems;
    assert_eq!(
        told,
        [
            "--listen: \"nowhere\" is not an address: write IP and port, for example \"127.0.0.1:8430\"",
            "TIDINGS_LOG_FORMAT: \"xml\" is none of text, json"
        ]
    );
}

#[test]
fn a_file_that_was_named_must_be_there() {
    let mut layers = Layers { folder: "/nowhere".into(), ..Layers::default() };
    assert!(Config::load(&layers).is_ok());
    layers.flags.insert("--config", "my.toml".into());
    assert_eq!(Config::load(&layers).unwrap_err().problems[0].split(':').next(), Some("--config"));
}

#[test]
fn the_reference_lists_exactly_what_is_read() {
    let text = "[access]\nkeys = [{}]\njwt = {}\n[sources.task_status]\n[tasks.x]\n";
    let page = reader::Page::new("page", text);
    let table = DeTable::parse(text).unwrap();
    from_page(&page, table.get_ref(), &layers(), Path::new("/app"));
    let mut asked = page.asked();
    let mut listed: Vec<String> = keys::KEYS.iter().map(|key| key.path.to_owned()).collect();
    asked.sort();
    listed.sort();
    assert_eq!(asked, listed);
    let page = reference();
    for key in keys::KEYS {
        let name = key.path.rsplit('.').next().unwrap();
        assert!(page.contains(name), "{}", key.path);
    }
}

#[test]
fn every_dialect_is_on_until_it_is_switched_off() {
    let names =
        |text: &str| Config::read(&layers(), Some((Path::new("/app/tidings.toml"), text))).map(|config| config.dialects.names());
    let all: Vec<&str> = ::dialects::ALL.iter().map(|dialect| dialect.name()).collect();
    assert_eq!(names("").unwrap(), all);
    for name in &all {
        assert!(!names(&format!("[dialects]\n{name} = false\n")).unwrap().contains(name));
    }
    let refused = names("[dialects]\nsse_task = false\n").unwrap_err();
    assert_eq!(refused.problems, ["tidings.toml:2: unknown key `sse_task` in [dialects]: did you mean `sse_tasks`?"]);
}

#[test]
fn the_examples_are_read() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/tidings.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let config = Config::read(&layers(), Some((&file, &text))).unwrap();
    assert_eq!(config.tasks.len(), 5);
}
