//! The server: puts the parts together, starts them in order, stops them in the reverse.
//!
//! Start: store and output, engine and hub, then the loops (release before the first commit), then the socket, then the children of
//! a former server are ended and their jobs rescued, then claiming begins. Stop: watchers are sent away, children are ended, what was
//! accepted is written, the store is closed. SIGHUP reads the configuration again.

pub mod access;
mod doorway;
mod http;
mod logging;
mod sources;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bus::InProcess;
use engine::clock::{SharedClock, WatchedClock};
use engine::port::{Bus, Listener, Output, SharedStore};
use engine::{Engine, Host, Parts, Release};
use gateway::{Hub, HubLimits};
use store::{OpenError, SqliteOptions, SqliteOutput, SqliteStore};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{Config, ConfigError, Layers};
use crate::exit::Exit;
use doorway::Doorway;
use sources::Sources;

/// Watchers are told to come back within this time, each at a moment of its own.
const RETURN_SPREAD: Duration = Duration::from_millis(2_000);
/// How long watchers may take to leave.
const LEAVE_WITHIN: Duration = Duration::from_millis(1_000);

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{0}\n{advice}", advice = open_advice(.0))]
    Open(#[from] OpenError),
    #[error("cannot listen on {listen}: {source}\n{advice}", advice = listen_advice(.source, *.listen))]
    Listen { listen: SocketAddr, source: std::io::Error },
    #[error("access cannot be configured so: {0}")]
    Access(#[from] api::access::BadAccess),
    #[error("{what}: {source}")]
    System { what: &'static str, source: std::io::Error },
}

fn open_advice(error: &OpenError) -> &'static str {
    match error {
        OpenError::Locked { .. } => "Stop the other server, or give this one a folder of its own with --data.",
        OpenError::Newer { .. } => "Start the newer server again, or restore a copy of the folder from before it ran.",
        OpenError::ReadOnly { .. } | OpenError::Folder { .. } => "Name a folder that this user may write to with --data.",
        OpenError::Descriptors { .. } => "Raise the limit with ulimit -n or LimitNOFILE=, then start again. Nothing was changed.",
        OpenError::DiskFull { .. } => "Make room on the disk, then start again. Nothing was lost.",
        _ => "Nothing was changed. Look at the folder, or name another with --data.",
    }
}

fn listen_advice(error: &std::io::Error, listen: SocketAddr) -> String {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            format!("Something else listens there: name another port with --listen, for example {}:0.", listen.ip())
        }
        std::io::ErrorKind::PermissionDenied => {
            "Ports below 1024 need a right of their own: name a higher one with --listen.".to_owned()
        }
        _ => "Name another address with --listen.".to_owned(),
    }
}

/// Runs the server until it is told to stop.
pub async fn run(config: Config, layers: Layers) -> Result<(), ServeError> {
    logging::start(&config.log);
    save_memory();
    let signals = Signals::new()?;
    api::install_crypto();
    let clock: SharedClock = Arc::new(WatchedClock::default());
    let bus: Arc<dyn Bus> = Arc::new(InProcess::default());
    let listen = |source| ServeError::Listen { listen: config.listen, source };
    let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    let store = SqliteStore::open(&config.data, clock.clone(), bus.clone(), store_options())?;
    let store: SharedStore = store;
    let output: Arc<dyn Output> = SqliteOutput::open(&config.data)?;
    let engine = Engine::new(Parts {
        store: store.clone(),
        output: output.clone(),
        bus: bus.clone(),
        clock: clock.clone(),
        catalog: config.catalog(),
    });
    let hub = Hub::new(store.clone(), output.clone(), engine.clone(), clock.clone(), hub_limits(&config));
    let sources = Sources::new(&config, &engine);
    let mut listeners: Vec<Arc<dyn Listener>> = vec![engine.clone(), hub.clone()];
    listeners.extend(sources.listeners());
    let release = Release::new(store.clone(), listeners);
    let released = release.stats();
    let sources_health = sources.health(&store);
    let loops = Loops::start(&engine, release, bus, sources);

    let own_secret = store.identity().secret;
    let access = api::Access::new(access::for_api(&config.access, address.port(), own_secret), clock)?;
    let limits = Arc::new(api::RequestLimits::new(config.limits.requests));
    let context = api::Context {
        engine: engine.clone(),
        hub: hub.clone(),
        access: access.clone(),
        limits: limits.clone(),
        counts: Arc::default(),
        released,
        dialects: config.dialects.served().into(),
        sources: sources_health,
        metrics_open: config.access.metrics_open,
        draining: CancellationToken::new(),
        shutdown: CancellationToken::new(),
        tasks: TaskTracker::new(),
    };
    let (draining, shutdown, live) = (context.draining.clone(), context.shutdown.clone(), context.tasks.clone());
    let doorway = Doorway::new(listener, config.limits.concurrency);
    let server = tokio::spawn(http::serve(doorway, api::router(context), shutdown.clone()));
    announce(&config, address);

    let children = CancellationToken::new();
    let host = Host::new(engine.clone(), Arc::new(runner(&config.data, &store)), children.clone());
    let hosting = tokio::spawn(async move {
        while let Err(error) = host.rescue().await {
            tracing::error!(%error, "the jobs of a former server could not be rescued; trying again");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        host.run().await;
    });

    let reload = Reload { layers, engine, access, limits, own_secret, port: address.port(), sources: config.sources.clone() };
    signals.wait_for_stop(&reload).await;
    tracing::info!("stopping");
    draining.cancel();
    children.cancel();
    hub.drain(RETURN_SPREAD, LEAVE_WITHIN).await;
    shutdown.cancel();
    live.close();
    let stopped = async {
        let _ = hosting.await;
        let _ = server.await;
        live.wait().await;
    };
    if tokio::time::timeout(Duration::from_millis(config.limits.stop_within_ms), stopped).await.is_err() {
        tracing::warn!("not everything ended in time; what is left is ended with the server");
    }
    loops.stop().await;
    output.close().await;
    store.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Huge pages make the memory of an idle server half as large again, and pay nothing here: what is large is read from the store's cache
/// in small pages. Children are given them back by the shim.
fn save_memory() {
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::debug!(%error, "huge pages stay in use");
    }
}

/// A sync that failed ends the process with a code of its own: a crash would look like a defect.
fn store_options() -> SqliteOptions {
    let on_sync_failure = Arc::new(|_: &str| std::process::exit(Exit::DiskFailed.code().into()));
    SqliteOptions { on_sync_failure, ..SqliteOptions::default() }
}

fn hub_limits(config: &Config) -> HubLimits {
    match config.access.is_open() {
        // Everybody is the same user there: a bound for each user would bound all of them together.
        true => HubLimits { sockets_per_principal: usize::MAX, waits_per_principal: usize::MAX, ..HubLimits::default() },
        false => HubLimits::default(),
    }
}

fn runner(data: &Path, store: &SharedStore) -> runner::Children {
    let home = runner::Home {
        shim: std::env::current_exe().unwrap_or_else(|_| "tidings".into()),
        shim_args: vec!["shim".to_owned()],
        host: store.identity().host.to_string(),
        children_folder: data.join("children"),
        input_folder: data.join("inputs"),
    };
    runner::Children::new(home, data.to_owned())
}

/// Says where to look.
fn announce(config: &Config, address: SocketAddr) {
    tracing::info!(%address, data = %config.data.display(), tasks = config.tasks.len(), "listening");
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    println!("Tidings is at http://{address}");
    println!("  tasks   {}", if config.tasks.is_empty() { "none yet".to_owned() } else { config.catalog().names().join(", ") });
    println!("  data    {}", config.data.display());
    println!("  access  {}", access_in_words(config));
    if let Some(channel) = &config.sources.task_status {
        println!("  channel {} at {}; new jobs there are of {}", channel.channel, channel.redis, channel.owner);
    }
}

fn access_in_words(config: &Config) -> String {
    let access = &config.access;
    if access.is_open() {
        return "open: whoever can log in to this machine can see and control every job. Configure [access] to change that."
            .to_owned();
    }
    let users =
        access.jwt.as_ref().map_or("no users' tokens".to_owned(), |jwt| format!("users' tokens signed with {}", jwt.algorithm));
    let origins = if access.origins.is_empty() { "none".to_owned() } else { access.origins.join(", ") };
    let app =
        access.introspect.as_ref().map_or("the app is not asked".to_owned(), |app| format!("the app is asked at {}", app.shown()));
    format!("{users}; {app}; API keys: {}; foreign origins: {origins}", access.keys.len())
}

/// The loops of the engine, with what ends them.
struct Loops {
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Loops {
    fn start(engine: &Arc<Engine>, release: Release, bus: Arc<dyn Bus>, sources: Sources) -> Loops {
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(release.run(bus, stop.clone()));
        tasks.spawn(engine.clone().run_timers(stop.clone()));
        tasks.spawn(engine.clone().run_progress(stop.clone()));
        sources.start(&tasks, &stop);
        tasks.close();
        Loops { stop, tasks }
    }

    /// Ends them; progress that was accepted is written first, and sources finish what they have in hand.
    async fn stop(self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

/// What SIGHUP changes: tasks, access and request limits.
struct Reload {
    layers: Layers,
    engine: Arc<Engine>,
    access: Arc<api::Access>,
    limits: Arc<api::RequestLimits>,
    own_secret: [u8; 32],
    port: u16,
    /// As the server started with them; they need a new start.
    sources: crate::config::Sources,
}

impl Reload {
    fn now(&self) {
        let config = match Config::load(&self.layers) {
            Ok(config) => config,
            Err(error) => {
                tracing::error!("the configuration was not taken, the former one stays: {error}");
                return;
            }
        };
        if config.access.is_open() != self.access.is_open() {
            tracing::error!("the configuration was not taken: opening or closing access needs a new start");
            return;
        }
        if let Err(error) = self.access.replace(access::for_api(&config.access, self.port, self.own_secret)) {
            tracing::error!(%error, "the configuration was not taken, the former one stays");
            return;
        }
        self.engine.replace_catalog(config.catalog());
        self.engine.rights_changed(None);
        self.limits.replace(config.limits.requests);
        for warning in config.warnings() {
            tracing::warn!("{warning}");
        }
        if config.sources != self.sources {
            tracing::warn!(
                "[sources] changed in the configuration: it counts from the next start on, until then the former one stays"
            );
        }
        tracing::info!(
            tasks = config.tasks.len(),
            "the configuration was read again: tasks, access and request limits are as it says"
        );
    }
}

/// What the server is told from outside. Received from the very start, so that none of them ends the process unasked.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn new() -> Result<Signals, ServeError> {
        let on = |kind| signal(kind).map_err(|source| ServeError::System { what: "signals cannot be received", source });
        Ok(Signals {
            terminate: on(SignalKind::terminate())?,
            interrupt: on(SignalKind::interrupt())?,
            hangup: on(SignalKind::hangup())?,
        })
    }

    /// Answers when SIGTERM or SIGINT comes; carries out SIGHUP meanwhile. Another one ends the process at once.
    async fn wait_for_stop(mut self, reload: &Reload) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => break,
                _ = self.interrupt.recv() => break,
                _ = self.hangup.recv() => reload.now(),
            }
        }
        tokio::spawn(async move {
            tokio::select! {
                _ = self.terminate.recv() => {}
                _ = self.interrupt.recv() => {}
            }
            tracing::warn!("told twice: ending at once; the shims end the children");
            std::process::exit(130);
        });
    }
}
