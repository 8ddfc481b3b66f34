//! Threads for scripts that take long, or nobody knows how long: the worker of the connection goes on serving others,
//! and the connection waits as for a blocking command.
//!
//! Threads are made as they are needed, up to a bound, and end when they have had nothing to do for a while.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use polycache_core::command::Reply as _;
use polycache_core::command::{Ctx, Failure, Outcome, Protocol, Session, Spec, execute};
use polycache_core::log::Lsn;
use polycache_core::patience::{self, Reach};

use crate::client::{Client, ReplyMode};
use crate::limits::SCRIPT_THREADS_MAX;
use crate::resp::emit::Emitter;
use crate::resp::lookup;
use crate::server::Server;

/// How long a thread waits for more.
const IDLE_TIME: Duration = Duration::from_secs(10);

/// Nested values take the stack.
const STACK_BYTES: usize = 8 << 20;

/// Scripts that wait for a thread, and how many there are.
#[derive(Default)]
pub struct Offload {
    queue: Mutex<Queue>,
    filled: Condvar,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    threads: usize,
    idle: usize,
}

/// A command to be carried out.
struct Job {
    server: Arc<Server>,
    client: Client,
    session: Session,
    args: Vec<Vec<u8>>,
    spec: &'static Spec,
    done: Arc<Slot>,
}

/// Where the result is put.
#[derive(Default)]
struct Slot(Mutex<(Option<Done>, Option<Waker>)>);

/// What a script on a thread of its own came to.
pub struct Done {
    /// The reply in the connection's protocol.
    pub output: Vec<u8>,
    pub lsn: Option<Lsn>,
    pub failed: bool,
}

/// A connection's side.
pub struct ScriptWait {
    slot: Arc<Slot>,
    /// Its reply is not wanted (CLIENT REPLY).
    pub is_muted: bool,
}

impl ScriptWait {
    pub fn poll(&self, cx: &Context<'_>) -> Poll<Done> {
        let mut slot = self.slot.0.lock().unwrap_or_else(PoisonError::into_inner);
        match slot.0.take() {
            Some(done) => Poll::Ready(done),
            None => {
                slot.1 = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// Has the command carried out on another thread; the client waits.
pub fn submit(ctx: &mut Ctx<'_>, server: &Arc<Server>, args: &[&[u8]]) -> Outcome {
    let (spec, _) = lookup::lookup(server, args)?;
    let client = Client::of(ctx.host);
    let slot = Arc::new(Slot::default());
    let job = Job {
        server: server.clone(),
        client: client.double(),
        session: ctx.session.clone(),
        args: args.iter().map(|arg| arg.to_vec()).collect(),
        spec,
        done: slot.clone(),
    };
    Offload::push(&server.scripting.offload, job)?;
    client.script = Some(ScriptWait { slot, is_muted: client.reply_mode != ReplyMode::On });
    Ok(())
}

impl Offload {
    fn push(this: &Arc<Offload>, job: Job) -> Outcome {
        let mut queue = this.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.jobs.len() >= queue.idle && queue.threads < SCRIPT_THREADS_MAX {
            let shared = this.clone();
            let thread = std::thread::Builder::new().name("polycache-script".into()).stack_size(STACK_BYTES);
            let overdue = job.server.scripting.overdue();
            let work = move || {
                patience::enter(overdue, Reach::OutsideScopes);
                shared.serve();
            };
            match thread.spawn(work) {
                Ok(_) => queue.threads += 1,
                Err(error) if queue.threads == 0 => {
                    return Err(Failure::new(format!("ERR no thread for the script: {error}")));
                }
                Err(error) => tracing::warn!("no further thread for scripts: {error}"),
            }
        }
        queue.jobs.push_back(job);
        drop(queue);
        this.filled.notify_one();
        Ok(())
    }

    fn serve(&self) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(job) = queue.jobs.pop_front() {
                drop(queue);
                job.run();
                queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            queue.idle += 1;
            let (locked, timeout) =
                self.filled.wait_timeout(queue, IDLE_TIME).unwrap_or_else(PoisonError::into_inner);
            queue = locked;
            queue.idle -= 1;
            if timeout.timed_out() && queue.jobs.is_empty() {
                queue.threads -= 1;
                return;
            }
        }
    }
}

impl Job {
    fn run(mut self) {
        let protocol: Protocol = self.client.protocol;
        let mut output = Vec::new();
        let mut reply = Emitter::new(&mut output, protocol);
        let args: Vec<&[u8]> = self.args.iter().map(Vec::as_slice).collect();
        let op = self.server.engine.begin();
        op.set_client(self.client.id);
        op.tell_reads(self.client.tracking.is_some());
        let mut ctx = Ctx {
            engine: &self.server.engine,
            op: &op,
            session: &mut self.session,
            reply: &mut reply,
            host: &mut self.client,
            registry: self.server.registry,
        };
        execute(self.spec, &mut ctx, &args);
        let failed = reply.errors() > 0;
        let lsn = op.last_lsn();
        drop(op);
        let mut slot = self.done.0.lock().unwrap_or_else(PoisonError::into_inner);
        slot.0 = Some(Done { output, lsn, failed });
        if let Some(waker) = slot.1.take() {
            waker.wake();
        }
    }
}
