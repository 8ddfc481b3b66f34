//! Worker threads: each runs a runtime of its own and the connections that it was given.

use std::cell::{Cell, RefCell};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use polycache_core::patience::{self, Reach};
use tokio::runtime::Runtime;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::accept;
use super::connection::Connection;
use super::dispatch::{Dispatcher, Newcomer, Order, Worker};
use super::durability::{self, Waits};
use super::housekeeping;
use super::listen::{Bound, Protocol};
use super::socket;
use super::udp;
use crate::client::{Client, Face};
use crate::config::{Cached, Settings};
use crate::limits::READ_BUFFER_BYTES;
use crate::memcached;
use crate::pubsub;
use crate::resp;
use crate::server::Server;
use crate::stats::{Counter, Shard};

/// The running worker threads of one server.
pub struct Workers {
    dispatcher: Dispatcher,
    stop_accepting: Arc<Notify>,
    accepting: Option<JoinHandle<()>>,
}

impl Workers {
    /// Starts the threads: the workers, and one that accepts on `listeners`, so that nobody waits at the door while a
    /// worker is busy with a long command.
    pub fn start(server: &Arc<Server>, listeners: Vec<Bound>) -> io::Result<Workers> {
        let (dispatcher, stop) = (Dispatcher::default(), Arc::new(Notify::new()));
        let mut running =
            Workers { dispatcher: dispatcher.clone(), stop_accepting: stop.clone(), accepting: None };
        for number in 0..server.workers {
            dispatcher.add(start(server, format!("polycache-net-{number}"))?);
        }
        let server = server.clone();
        running.accepting = Some(spawn("polycache-accept".into(), move |runtime| {
            runtime.block_on(async {
                accept::spawn(&server, listeners, &dispatcher);
                tokio::spawn(housekeeping::run(server.clone(), dispatcher));
                stop.notified().await;
            });
        })?);
        Ok(running)
    }

    /// Closes listeners and connections and joins the threads.
    pub fn stop(&mut self) {
        self.stop_accepting.notify_one();
        for thread in self.dispatcher.close().into_iter().chain(self.accepting.take()) {
            if thread.thread().id() != std::thread::current().id() && thread.join().is_err() {
                tracing::error!("a worker thread panicked");
            }
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Starts a worker.
pub(super) fn start(server: &Arc<Server>, name: String) -> io::Result<Worker> {
    let (orders, receiver) = unbounded_channel();
    let load = Arc::new(AtomicUsize::new(0));
    let (server, own_load) = (server.clone(), load.clone());
    let thread = spawn(name, move |runtime| {
        let shard = server.stats.take_worker();
        Thread::enter(&server, shard);
        pubsub::enter();
        patience::enter(server.scripting.overdue(), Reach::Everywhere);
        runtime.block_on(serve(&server, receiver, &own_load));
        // Connections end here, before their counters go to somebody else.
        drop(runtime);
        Thread::leave();
        pubsub::leave();
        if let Some(shard) = shard {
            server.stats.give_worker(shard);
        }
    })?;
    Ok(Worker { orders, load, thread })
}

/// Starts a thread with a runtime of its own, which is made here so that its failure is known here.
fn spawn(name: String, work: impl FnOnce(Runtime) + Send + 'static) -> io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name(name).spawn(move || work(runtime))
}

/// Takes orders until told to stop.
async fn serve(server: &Arc<Server>, mut orders: UnboundedReceiver<Order>, load: &Arc<AtomicUsize>) {
    tokio::spawn(durability::pump(server.engine.clone()));
    tokio::spawn(pubsub::pump());
    while let Some(Order::Serve(ticket)) = orders.recv().await {
        let seat = Seat(load.clone());
        let Some(newcomer) = ticket.take() else { continue };
        if let Err(error) = take(server, newcomer, seat) {
            tracing::debug!("a connection was lost before it was served: {error}");
        }
    }
}

/// A connection's part of its worker's load.
struct Seat(Arc<AtomicUsize>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed); // ORDERING: see `dispatch.rs`.
    }
}

/// Starts serving a connection on this thread.
fn take(server: &Arc<Server>, newcomer: Newcomer, seat: Seat) -> io::Result<()> {
    let (accepted, protocol, addr, laddr) = match newcomer {
        Newcomer::Connection { stream, protocol, addr, laddr } => (stream, protocol, addr, laddr),
        Newcomer::Datagrams { socket, remote } => {
            let datagrams = udp::Datagrams::new(server, socket, remote)?;
            tokio::spawn(async move {
                let _seat = seat;
                datagrams.run().await;
            });
            return Ok(());
        }
    };
    let settings = server.settings.load();
    let fd = socket::prepare(&accepted, &settings);
    let stream = accepted.register()?;
    let face = match protocol {
        Protocol::Resp => Face::Resp,
        Protocol::Memcached => Face::Memcached,
    };
    let now = server.stats.ticks.now();
    let entry = server.clients.register_socket(face, addr, laddr, fd, now);
    let client = Client::new(server.clone(), entry);
    match protocol {
        Protocol::Resp => {
            let connection = Connection::new(stream, resp::codec::Codec::default(), client);
            tokio::spawn(async move {
                let _seat = seat;
                connection.run().await;
            });
        }
        Protocol::Memcached => {
            let connection = Connection::new(stream, memcached::Codec::default(), client);
            tokio::spawn(async move {
                let _seat = seat;
                connection.run().await;
            });
        }
    }
    Ok(())
}

/// What the connections of a thread share.
pub struct Thread {
    /// As long as [`READ_BUFFER_BYTES`]; what a read of a connection at rest fills.
    pub input: Vec<u8>,
    /// Empty between turns.
    pub output: Vec<u8>,
    /// Whose connections they are.
    pub server: Arc<Server>,
    /// Connections that wait for the disk.
    pub waits: Waits,
    cached: Cached,
    pub settings: Arc<Settings>,
    /// The counters that are this thread's alone, if any were left.
    pub shard: Option<usize>,
}

thread_local! {
    static THREAD: RefCell<Option<Thread>> = const { RefCell::new(None) };
}

thread_local! {
    /// The shard of [`Thread::shard`], for commands that run while the thread's things are lent out.
    static SHARD: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Calls `work` with the counters of this thread.
pub fn with_stats(server: &Server, work: impl FnOnce(&Shard)) {
    work(match SHARD.get() {
        Some(shard) => server.stats.worker(shard),
        None => server.stats.shared(),
    });
}

impl Thread {
    fn enter(server: &Arc<Server>, shard: Option<usize>) {
        let mut cached = Cached::new(&server.settings);
        let settings = cached.get(&server.settings).clone();
        let thread = Thread {
            input: vec![0; READ_BUFFER_BYTES],
            output: Vec::new(),
            server: server.clone(),
            waits: Waits::default(),
            cached,
            settings,
            shard,
        };
        SHARD.set(shard);
        THREAD.with_borrow_mut(|slot| *slot = Some(thread));
    }

    fn leave() {
        SHARD.set(None);
        THREAD.with_borrow_mut(|slot| *slot = None);
    }

    /// Calls `work` with this worker's shared things.
    pub fn with<R>(work: impl FnOnce(&mut Thread) -> R) -> R {
        THREAD.with_borrow_mut(|thread| work(thread.as_mut().expect("connections live on workers")))
    }

    /// Takes up changed settings.
    #[inline]
    pub fn refresh(&mut self, server: &Server) {
        if self.cached.is_stale(&server.settings) {
            self.settings = self.cached.get(&server.settings).clone();
        }
        if self.input.is_empty() {
            // A command panicked while it was lent out.
            self.input = vec![0; READ_BUFFER_BYTES];
        }
    }

    /// Where this thread counts.
    #[inline]
    pub fn stats<'a>(&self, server: &'a Server) -> &'a Shard {
        match self.shard {
            Some(shard) => server.stats.worker(shard),
            None => server.stats.shared(),
        }
    }
}

/// Counts a connection that was refused.
pub fn count_refused(server: &Server) {
    server.stats.shared().add(Counter::ConnectionsRejected, 1);
}
