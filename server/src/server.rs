//! The server: what every face of it shares, and its start and stop.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Instant, SystemTime};

use polycache_core::command::{Registry, Spec, TABLES};
use polycache_core::engine::Engine;
use polycache_core::event::class;
use tokio::sync::Notify;

use crate::acl::Acl;
use crate::admin::{CommandLogs, LatencyMonitor, Monitors};
use crate::client::Clients;
use crate::config::value::Rename;
use crate::config::{Live, Settings};
use crate::net::listen::Listen;
use crate::net::{Turns, Workers};
use crate::pubsub::{Hub, Teller};
use crate::stats::ServerStats;
use crate::tracking::Tracking;

/// Everything that connections, embedded handles and server commands share.
pub struct Server {
    pub engine: Engine,
    pub settings: Live,
    pub clients: Arc<Clients>,
    pub tracking: Arc<Tracking>,
    pub acl: Arc<Acl>,
    pub stats: ServerStats,
    pub command_logs: CommandLogs,
    pub latency: LatencyMonitor,
    pub monitors: Monitors,
    pub memcached: crate::memcached::Shared,
    pub pubsub: Arc<Hub>,
    pub scripting: crate::scripting::Scripting,
    pub registry: &'static Registry,
    pub started: Instant,
    pub started_at: SystemTime,
    /// 40 hexadecimal digits that are new with every start.
    pub run_id: String,
    /// Keys that were loaded from files.
    pub loaded_keys: u64,
    /// Number of worker threads.
    pub workers: usize,
    /// What the workers are doing.
    pub turns: Turns,
    /// The configured users are in force.
    access_started: Mutex<bool>,
    stop_requested: AtomicBool,
    stop: Notify,
}

impl Server {
    /// A server without sockets: for embedded handles, and the first half of [`Server::start`].
    pub fn new(engine: Engine, settings: Settings) -> Arc<Server> {
        let workers = crate::server::workers(&settings);
        let registry = renamed(&settings.rename_commands);
        let acl = Arc::new(Acl::new(registry, &settings));
        let settings = Live::new(settings);
        let access = acl.clone();
        settings.on_change(Box::new(move |old, new| {
            if old.requirepass != new.requirepass {
                access.set_default_password(new.requirepass.as_bytes());
            }
            Ok(())
        }));
        let tuned = engine.clone();
        settings.on_change(Box::new(move |old, new| crate::config::apply(&tuned, old, new)));
        let loaded_keys = (0..crate::limits::DATABASES as u8).map(|db| engine.len(db)).sum();
        let pubsub = Arc::new(Hub::default());
        pubsub.apply(&settings.load());
        let (clients, tracking) = (Arc::new(Clients::default()), Arc::new(Tracking::default()));
        tracking.apply(&settings.load());
        let teller = Teller { hub: pubsub.clone(), tracking: tracking.clone(), clients: clients.clone() };
        engine.events().observe(Arc::new(teller));
        let tracks = tracking.clone();
        engine.events().set_interest(!class::CHANGES, pubsub.wanted_classes());
        let (told, telling) = (pubsub.clone(), engine.clone());
        settings.on_change(Box::new(move |_, new| {
            told.apply(new);
            tracks.apply(new);
            telling.events().set_interest(!class::CHANGES, told.wanted_classes());
            Ok(())
        }));
        Arc::new(Server {
            engine,
            acl,
            clients,
            tracking,
            stats: ServerStats::new(registry, workers),
            command_logs: CommandLogs::default(),
            latency: LatencyMonitor::default(),
            monitors: Monitors::default(),
            memcached: Default::default(),
            pubsub,
            scripting: Default::default(),
            settings,
            registry,
            started: Instant::now(),
            started_at: SystemTime::now(),
            run_id: run_id(),
            loaded_keys,
            workers,
            turns: Turns::new(workers),
            access_started: Mutex::new(false),
            stop_requested: AtomicBool::new(false),
            stop: Notify::new(),
        })
    }

    /// Listens and serves.
    pub fn start(engine: Engine, settings: Settings) -> Result<Running, StartError> {
        Server::new(engine, settings).listen()
    }

    /// Starts the worker threads and listens where the settings say.
    pub fn listen(self: Arc<Server>) -> Result<Running, StartError> {
        let listen = Listen::from_settings(&self.settings.load());
        self.listen_on(&listen)
    }

    /// Starts worker threads and listens at these addresses; may be called again for others.
    pub fn listen_on(self: Arc<Server>, listen: &Listen) -> Result<Running, StartError> {
        self.start_access().map_err(StartError::Acl)?;
        self.memcached.users.load(&self.settings.load()).map_err(StartError::AuthFile)?;
        let (bound, addresses) = listen.bind()?;
        let workers = Workers::start(&self, bound).map_err(StartError::Thread)?;
        Ok(Running { server: self, addresses, workers })
    }

    /// Takes the users of the configuration or the ACL file, the first time that the server listens.
    fn start_access(&self) -> Result<(), String> {
        let mut started = self.access_started.lock().unwrap_or_else(PoisonError::into_inner);
        if !*started {
            self.acl.start(&self.settings.load())?;
            *started = true;
        }
        Ok(())
    }

    /// Asks the program to end (SHUTDOWN, once it has saved): [`Server::stop_requested`] completes.
    pub fn request_stop(&self) {
        self.stop_requested.store(true, Ordering::SeqCst);
        self.stop.notify_waiters();
    }

    /// Whether the program is about to end.
    pub fn stops(&self) -> bool {
        self.stop_requested.load(Ordering::SeqCst)
    }

    /// Completes when somebody called [`Server::request_stop`].
    pub async fn stop_requested(&self) {
        loop {
            let notified = self.stop.notified();
            if self.stop_requested.load(Ordering::SeqCst) {
                return;
            }
            notified.await;
        }
    }
}

/// A server that listens; dropping it stops it.
pub struct Running {
    pub server: Arc<Server>,
    addresses: Addresses,
    workers: Workers,
}

/// Where a server listens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    pub resp: Vec<SocketAddr>,
    pub memcached: Vec<SocketAddr>,
    pub unixsocket: Option<String>,
    pub memcached_unixsocket: Option<String>,
    pub memcached_udp: Vec<SocketAddr>,
}

impl Running {
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Closes listeners and connections and joins the worker threads; the engine stays open.
    pub fn stop(mut self) {
        self.server.scripting.stop();
        self.workers.stop();
    }
}

/// Why a server could not start.
#[derive(Debug)]
pub enum StartError {
    /// An address could not be listened on: in use, not ours, not permitted.
    Listen { address: String, error: std::io::Error },
    /// The file of memcached users cannot be read, or is wrong.
    AuthFile(String),
    /// The users of the configuration or the ACL file are wrong.
    Acl(String),
    /// A thread or its runtime could not be made.
    Thread(std::io::Error),
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            StartError::Listen { address, error } => write!(f, "cannot listen on {address}: {error}"),
            StartError::Acl(reason) => write!(f, "{reason}"),
            StartError::AuthFile(reason) => write!(f, "memcached-auth-file: {reason}"),
            StartError::Thread(error) => write!(f, "cannot start a worker thread: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

/// The families of commands that the server adds to the core's.
static FAMILIES: &[&[Spec]] = &[
    crate::acl::TABLE,
    crate::client::COMMANDS,
    crate::migrate::TABLE,
    crate::pubsub::TABLE,
    crate::scripting::COMMANDS,
    crate::transaction::TABLE,
];

/// All commands of core and server, built once.
pub fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| Registry::new(&all_tables()))
}

/// The commands under the names that `rename-command` gives them; loading the settings has checked these. A server
/// that renames keeps its table for good, like the common one.
fn renamed(renames: &[Rename]) -> &'static Registry {
    if renames.is_empty() {
        return registry();
    }
    let mut registry = Registry::new(&all_tables());
    for Rename { from, to } in renames {
        if let Err(reason) = registry.rename(from, String::leak(to.to_ascii_lowercase())) {
            tracing::error!("rename-command {from}: {reason}");
        }
    }
    Box::leak(Box::new(registry))
}

fn all_tables() -> Vec<&'static [Spec]> {
    [TABLES, FAMILIES, &crate::admin::TABLES].concat()
}

/// The number of worker threads that the settings mean.
fn workers(settings: &Settings) -> usize {
    let wanted = match settings.io_threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    wanted.clamp(1, crate::limits::WORKERS_MAX)
}

fn run_id() -> String {
    (0..40).map(|_| char::from_digit(fastrand::u32(0..16), 16).unwrap_or('0')).collect()
}
