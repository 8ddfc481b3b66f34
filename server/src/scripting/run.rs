//! One run of a script: what it may do, what it has done, and whether it is to end.

use std::cell::{Cell, OnceCell, RefCell};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use polycache_core::command::{Args, Host, Protocol, Session};
use polycache_core::engine::Operation;

use super::function::Registered;
use crate::server::Server;

/// The address of the light value that a script is left by when it must move to another thread: no other is raised.
pub const PREEMPTED: usize = 0x7065;

/// A script that runs, as others see it.
pub struct Running {
    pub started: Instant,
    /// The function's name, or empty for EVAL.
    pub name: String,
    pub command: Vec<Vec<u8>>,
    pub is_function: bool,
    state: AtomicU8,
    /// It has run for longer than `busy-reply-threshold`.
    is_overdue: AtomicBool,
}

const QUIET: u8 = 0;
const WRITTEN: u8 = 1;
const KILLED: u8 = 2;
const STOPPED: u8 = 3;

impl Running {
    /// Ends it, unless it has written; `false` if it has.
    fn kill(&self) -> bool {
        let killed = self.state.compare_exchange(QUIET, KILLED, Ordering::SeqCst, Ordering::SeqCst);
        matches!(killed, Ok(_) | Err(KILLED))
    }

    /// Notes that it writes; `false` if it has been killed.
    fn write(&self) -> bool {
        let wrote = self.state.compare_exchange(QUIET, WRITTEN, Ordering::SeqCst, Ordering::SeqCst);
        matches!(wrote, Ok(_) | Err(WRITTEN))
    }
}

/// What becomes of a script after some instructions.
pub enum Verdict {
    GoOn,
    /// It takes too long for a thread that serves clients.
    Move,
    /// It ends with this error.
    End(&'static str),
}

/// A run, for functions that the script calls.
pub struct Run<'a> {
    pub server: &'a Arc<Server>,
    pub op: &'a Operation<'a>,
    /// The command that runs it.
    pub args: Args<'a>,
    /// The function's name.
    pub function: Option<&'a str>,
    /// The caller's, for the time of the run: SELECT changes this one.
    pub session: RefCell<Session>,
    pub host: RefCell<&'a mut dyn Host>,
    /// Set once it has run for a while.
    pub running: OnceCell<Arc<Running>>,
    /// What `redis.call` gives replies as.
    pub protocol: Cell<Protocol>,
    pub read_only: bool,
    /// There is no room in memory, and the script did not say that it may write all the same.
    pub is_out_of_memory: bool,
    /// Nobody else is at work.
    pub is_alone: Cell<bool>,
    /// It called a command that sees the whole keyspace, and must begin anew, alone.
    pub needs_to_be_alone: Cell<bool>,
    pub has_written: Cell<bool>,
    /// When it must leave this thread, in ticks.
    pub moves_at: Option<u64>,
    pub moved: Cell<bool>,
    /// Functions of a library that is being loaded.
    pub registered: RefCell<Option<Vec<Registered>>>,
    /// When loading must be done, in ticks.
    pub ends_at: Option<u64>,
}

impl<'a> Run<'a> {
    pub fn new(
        server: &'a Arc<Server>,
        op: &'a Operation<'a>,
        session: Session,
        host: &'a mut dyn Host,
        args: Args<'a>,
    ) -> Run<'a> {
        Run {
            server,
            op,
            args,
            function: None,
            session: RefCell::new(session),
            host: RefCell::new(host),
            running: OnceCell::new(),
            protocol: Cell::new(Protocol::Resp2),
            read_only: false,
            is_out_of_memory: false,
            is_alone: Cell::new(false),
            needs_to_be_alone: Cell::new(false),
            has_written: Cell::new(false),
            moves_at: None,
            moved: Cell::new(false),
            registered: RefCell::new(None),
            ends_at: None,
        }
    }

    /// Begins, perhaps anew.
    pub fn begin(&self, is_alone: bool) {
        self.is_alone.set(is_alone);
        self.needs_to_be_alone.set(false);
        self.protocol.set(Protocol::Resp2);
    }

    /// Called every some thousand instructions.
    pub fn verdict(&self) -> Verdict {
        if self.moved.get() || self.needs_to_be_alone.get() {
            return Verdict::Move;
        }
        let running = self.running.get_or_init(|| self.server.scripting.running.enter(self));
        match running.state.load(Ordering::SeqCst) {
            KILLED if running.is_function => {
                return Verdict::End("ERR Script killed by user with FUNCTION KILL.");
            }
            KILLED => return Verdict::End("ERR Script killed by user with SCRIPT KILL."),
            STOPPED => return Verdict::End("ERR The server is shutting down."),
            _ => {}
        }
        // ORDERING: only this thread sets it.
        if !running.is_overdue.load(Ordering::Relaxed) {
            let threshold = self.server.settings.load().busy_reply_threshold;
            if running.started.elapsed() >= Duration::from_millis(threshold) {
                self.server.scripting.running.note_overdue(running);
            }
        }
        let now = self.server.stats.ticks.now();
        if self.ends_at.is_some_and(|at| now > at) {
            return Verdict::End("ERR FUNCTION LOAD timeout");
        }
        if !self.has_written.get() && self.moves_at.is_some_and(|at| now > at) {
            self.moved.set(true);
            return Verdict::Move;
        }
        Verdict::GoOn
    }

    /// Notes that a write comes; the error where the script has been killed meanwhile.
    pub fn begin_write(&self) -> Result<(), &'static str> {
        if !self.has_written.get() {
            if self.running.get().is_some_and(|running| !running.write()) {
                return Err("ERR Script killed by user with SCRIPT KILL.");
            }
            self.has_written.set(true);
        }
        Ok(())
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        if let Some(running) = self.running.get() {
            self.server.scripting.running.leave(running);
        }
    }
}

/// The scripts that have run for a while.
#[derive(Default)]
pub struct AllRunning {
    all: Mutex<Vec<Arc<Running>>>,
    /// One of them is overdue. Changes with the lock held.
    overdue: Arc<AtomicBool>,
}

/// What became of a wish to end scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kill {
    Done,
    /// All have written.
    Refused,
    /// None runs.
    None,
}

impl AllRunning {
    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Running>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, run: &Run<'_>) -> Arc<Running> {
        let command = run.args.iter().map(|arg| arg[..arg.len().min(COMMAND_ARG_BYTES_MAX)].to_vec());
        let running = Arc::new(Running {
            started: Instant::now(),
            name: run.function.unwrap_or_default().to_owned(),
            command: command.take(COMMAND_ARGS_MAX).collect(),
            is_function: run.function.is_some(),
            state: AtomicU8::new(if run.has_written.get() { WRITTEN } else { QUIET }),
            is_overdue: AtomicBool::new(false),
        });
        self.lock().push(running.clone());
        running
    }

    fn leave(&self, running: &Arc<Running>) {
        let mut all = self.lock();
        all.retain(|other| !Arc::ptr_eq(other, running));
        self.tell(&all);
    }

    fn note_overdue(&self, running: &Running) {
        let all = self.lock();
        running.is_overdue.store(true, Ordering::Relaxed); // ORDERING: read with the lock held, or by us.
        self.tell(&all);
    }

    fn tell(&self, all: &[Arc<Running>]) {
        // ORDERING: as above; of the flag, see `patience.rs`.
        let is_overdue = all.iter().any(|running| running.is_overdue.load(Ordering::Relaxed));
        self.overdue.store(is_overdue, Ordering::Relaxed);
    }

    /// Set while one of them is overdue.
    pub fn overdue(&self) -> Arc<AtomicBool> {
        self.overdue.clone()
    }

    pub fn is_overdue(&self) -> bool {
        self.overdue.load(Ordering::Relaxed) // ORDERING: a hint.
    }

    /// The one that has run longest.
    pub fn oldest(&self) -> Option<Arc<Running>> {
        self.lock().iter().min_by_key(|running| running.started).cloned()
    }

    /// Ends all scripts, or functions, that have not written.
    pub fn kill(&self, is_function: bool) -> Kill {
        let all = self.lock();
        let mut kill = Kill::None;
        for running in all.iter().filter(|running| running.is_function == is_function) {
            match running.kill() {
                true => kill = Kill::Done,
                false if kill == Kill::None => kill = Kill::Refused,
                false => {}
            }
        }
        kill
    }

    /// Ends all, whatever they have done: the server goes.
    pub fn stop(&self) {
        self.lock().iter().for_each(|running| running.state.store(STOPPED, Ordering::SeqCst));
    }
}

/// What FUNCTION STATS shows of a command.
const COMMAND_ARGS_MAX: usize = 32;
const COMMAND_ARG_BYTES_MAX: usize = 128;

/// How long a script may hold a thread that serves clients.
pub const INLINE_US_MAX: u64 = 2000;
/// Beyond this a script's next run goes to a thread of its own.
pub const FAST_US_MAX: u64 = 1000;
