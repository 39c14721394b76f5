//! The shim role without the server around it, for tests; and, as `serve`, a server to be killed: it starts the program in
//! its remaining arguments and then only waits.

fn main() {
    if std::env::args().nth(1).as_deref() == Some("shim") {
        runner::shim::main();
    }
    serve();
}

/// `serve <home folder> <program> <argument>…`: prints the child's pid and stays.
fn serve() {
    use std::time::Duration;
    let args: Vec<String> = std::env::args().skip(2).collect();
    let [folder, argv @ ..] = args.as_slice() else {
        eprintln!("usage: tidings-shim-probe serve FOLDER PROGRAM [ARGUMENT]…");
        std::process::exit(2);
    };
    let folder = std::path::Path::new(folder);
    let home = runner::Home {
        shim: std::env::current_exe().expect("the path of this program"),
        shim_args: vec!["shim".into()],
        host: std::env::var("PROBE_HOST").expect("PROBE_HOST"),
        children_folder: folder.join("children"),
        input_folder: folder.join("input"),
    };
    let launch = runner::Launch {
        job: "probe-job".into(),
        attempt: 1,
        task: "probe".into(),
        owner: "nobody".into(),
        argv: argv.to_vec(),
        cwd: None,
        env: vec![("PATH".into(), std::env::var("PATH").unwrap_or_default())],
        channel: runner::Channel::Plain,
        input_json: None,
        pause: runner::PauseKind::None,
        progress: runner::ProgressFrom::ChannelOnly,
        memory_bytes: None,
        abort_grace: Duration::from_secs(1),
        exit_grace: Duration::from_secs(1),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut started = runner::spawn(home, launch);
        while let Some(said) = started.said.recv().await {
            if let runner::ChildSaid::Spawned { pid, .. } = said {
                println!("{pid}");
            }
        }
    });
}
