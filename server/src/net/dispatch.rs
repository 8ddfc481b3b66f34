//! Who serves a newcomer: the worker with the fewest connections, or a spare one while a script keeps that from it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::mpsc::UnboundedSender;

use super::listen::Protocol;
use super::stream::Accepted;
use super::worker;
use crate::server::Server;

/// The most workers beyond the configured ones.
const SPARES_MAX: usize = 8;

/// Looks after which a newcomer is offered to all workers.
const OFFERED_AFTER: u32 = 2;

/// What is on its way to its worker.
pub enum Newcomer {
    Connection {
        stream: Accepted,
        protocol: Protocol,
        addr: String,
        laddr: String,
    },
    /// A socket for datagrams; whether they may come from other machines.
    Datagrams {
        socket: std::net::UdpSocket,
        remote: bool,
    },
}

/// A newcomer until somebody serves it.
#[derive(Clone)]
pub struct Ticket(Arc<Mutex<Option<Newcomer>>>);

impl Ticket {
    /// The newcomer, for the first who asks.
    pub fn take(&self) -> Option<Newcomer> {
        self.lock().take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Newcomer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a worker is told.
pub enum Order {
    Serve(Ticket),
    Stop,
}

/// One worker as others see it.
pub struct Worker {
    pub orders: UnboundedSender<Order>,
    /// Connections that it serves, and those on their way to it.
    pub load: Arc<AtomicUsize>,
    pub thread: JoinHandle<()>,
}

impl Worker {
    fn serve(&self, ticket: Ticket) {
        // ORDERING: relaxed: a stale count makes the spread a little less even.
        self.load.fetch_add(1, Ordering::Relaxed);
        // A worker that stops needs no connections.
        let _ = self.orders.send(Order::Serve(ticket));
    }
}

/// The way to the workers.
#[derive(Clone, Default)]
pub struct Dispatcher(Arc<Mutex<Desk>>);

#[derive(Default)]
struct Desk {
    /// The configured ones, and then spares.
    workers: Vec<Worker>,
    spares: usize,
    /// Newcomers that perhaps nobody serves yet.
    waiting: Vec<Waiting>,
    is_closed: bool,
}

struct Waiting {
    ticket: Ticket,
    /// Looks at which it was still waiting while a script was overdue.
    looks: u32,
}

impl Dispatcher {
    fn lock(&self) -> MutexGuard<'_, Desk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a worker.
    pub fn add(&self, worker: Worker) {
        self.lock().workers.push(worker);
    }

    /// Gives a newcomer to the worker that has the fewest.
    pub fn dispatch(&self, newcomer: Newcomer) {
        let mut desk = self.lock();
        let ticket = Ticket(Arc::new(Mutex::new(Some(newcomer))));
        // ORDERING: see `Worker::serve`.
        let Some(worker) = desk.workers.iter().min_by_key(|worker| worker.load.load(Ordering::Relaxed))
        else {
            return;
        };
        worker.serve(ticket.clone());
        desk.waiting.push(Waiting { ticket, looks: 0 });
    }

    /// Called now and then: forgets newcomers that are served. While a script runs for too long, which may be on a
    /// worker's own thread, those who go on waiting are offered to all workers, and then to a new one: whoever comes to
    /// end the script is served.
    pub fn look_after(&self, server: &Arc<Server>) {
        let mut desk = self.lock();
        desk.waiting.retain(|waiting| waiting.ticket.lock().is_some());
        if !server.scripting.is_overdue() || desk.is_closed {
            return;
        }
        let desk = &mut *desk;
        desk.waiting.iter_mut().for_each(|waiting| waiting.looks += 1);
        // Whoever comes first serves: a worker that is stuck finds nothing there any more.
        for waiting in desk.waiting.iter().filter(|waiting| waiting.looks == OFFERED_AFTER) {
            desk.workers.iter().for_each(|worker| worker.serve(waiting.ticket.clone()));
        }
        if desk.spares == SPARES_MAX || desk.waiting.iter().all(|waiting| waiting.looks <= OFFERED_AFTER) {
            return;
        }
        match worker::start(server, format!("polycache-spare-{}", desk.spares)) {
            Ok(spare) => {
                tracing::warn!("a script keeps a worker from its clients: another thread serves new ones");
                desk.waiting.iter().for_each(|waiting| spare.serve(waiting.ticket.clone()));
                desk.workers.push(spare);
                desk.spares += 1;
            }
            Err(error) => tracing::error!("no thread for clients that a script keeps waiting: {error}"),
        }
    }

    /// Tells all workers to stop, and hands out their threads.
    pub fn close(&self) -> Vec<JoinHandle<()>> {
        let mut desk = self.lock();
        desk.is_closed = true;
        desk.waiting.clear();
        desk.workers
            .drain(..)
            .map(|worker| {
                let _ = worker.orders.send(Order::Stop);
                worker.thread
            })
            .collect()
    }
}
