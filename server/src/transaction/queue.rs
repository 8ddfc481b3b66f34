//! The queue of a transaction: all arguments in one buffer, which the next transaction of the connection uses again.

use polycache_core::command::args::database;
use polycache_core::command::spec::{Keys, flag};
use polycache_core::command::{Args, Spec};
use polycache_core::engine::{DbIndex, Engine};
use smallvec::SmallVec;

use super::exec::Ran;
use super::watch::Watched;
use crate::admin::command::keys_used;
use crate::limits::IDLE_BUFFER_BYTES_MAX;
use crate::server::Server;
use crate::stats::CommandIndex;

/// What a connection carries between WATCH, MULTI and EXEC.
#[derive(Default)]
pub struct Transaction {
    /// Between MULTI and EXEC.
    pub is_open: bool,
    /// A command was refused: EXEC will be, too.
    pub has_failed: bool,
    pub queue: Queue,
    pub(super) watched: Vec<Watched>,
    /// What EXEC ran, to be counted.
    pub ran: Vec<Ran>,
}

impl Transaction {
    /// Ends it; nothing is watched any more.
    pub(super) fn clear(&mut self) {
        self.is_open = false;
        self.has_failed = false;
        self.queue.clear();
        self.watched.clear();
    }

    /// Keys that are watched.
    pub fn watched(&self) -> usize {
        self.watched.len()
    }
}

/// Commands to be run as one.
#[derive(Default)]
pub struct Queue {
    pub(super) commands: Vec<Queued>,
    /// Where the arguments of all commands stand in `bytes`.
    arguments: Vec<(usize, usize)>,
    bytes: Vec<u8>,
    /// One of them may need memory.
    pub(super) needs_memory: bool,
    /// One of them sees or changes more than the keys that its line names.
    pub(super) is_exclusive: bool,
}

/// A command whose arguments are `first..end` of the queue's.
pub(super) struct Queued {
    pub spec: &'static Spec,
    pub index: CommandIndex,
    first: usize,
    end: usize,
}

/// Whether the command waits for EXEC, in a transaction.
pub fn is_queued(spec: &Spec) -> bool {
    !matches!(spec.name, "exec" | "discard" | "quit" | "reset")
}

/// Whether the command is refused where memory is full.
pub fn needs_memory(server: &Server, spec: &Spec, args: Args<'_>) -> bool {
    spec.flags & flag::DENYOOM != 0 || server.scripting.needs_memory(spec, args)
}

/// Commands that look at keys which their line does not name.
const WHOLE: &[&str] = &[
    "copy",
    "dbsize",
    "flushall",
    "flushdb",
    "info",
    "keys",
    "migrate",
    "move",
    "randomkey",
    "scan",
    "sort",
    "sort_ro",
    "swapdb",
];

/// Whether a command needs the keyspace for itself.
fn is_whole(spec: &Spec) -> bool {
    let is_open = |keys: Keys| matches!(keys, Keys::Unknown | Keys::Behind(_));
    spec.flags & flag::ADMIN != 0
        || spec.group == "scripting"
        || is_open(spec.keys)
        || spec.key_specs.iter().any(|key_spec| is_open(key_spec.keys))
        || (spec.keys == Keys::None && spec.is_write())
        || WHOLE.contains(&spec.name)
}

impl Queue {
    /// Queues a command whose arity fits, and that may need memory.
    pub fn push(&mut self, spec: &'static Spec, index: CommandIndex, args: Args<'_>, needs_memory: bool) {
        let first = self.arguments.len();
        for argument in args {
            let begin = self.bytes.len();
            self.bytes.extend_from_slice(argument);
            self.arguments.push((begin, self.bytes.len()));
        }
        self.needs_memory |= needs_memory;
        // Most transactions say the same several times.
        if self.commands.last().is_none_or(|last| !std::ptr::eq(last.spec, spec)) {
            self.is_exclusive |= is_whole(spec);
        }
        self.commands.push(Queued { spec, index, first, end: self.arguments.len() });
    }

    pub fn len(&self) -> usize {
        self.commands.len()
    }

    pub fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    /// Bytes that it keeps.
    pub fn bytes(&self) -> usize {
        self.bytes.len() + size_of_val(&*self.arguments) + size_of_val(&*self.commands)
    }

    fn clear(&mut self) {
        if self.bytes.capacity() + self.arguments.capacity() * size_of::<(usize, usize)>()
            > IDLE_BUFFER_BYTES_MAX
        {
            *self = Self::default();
            return;
        }
        self.commands.clear();
        self.arguments.clear();
        self.bytes.clear();
        self.needs_memory = false;
        self.is_exclusive = false;
    }

    pub(super) fn args(&self, command: &Queued) -> SmallVec<[&[u8]; 8]> {
        let ranges = self.arguments[command.first..command.end].iter();
        ranges.map(|&(begin, end)| &self.bytes[begin..end]).collect()
    }

    /// The keys that the commands name, by database, which SELECT changes on the way.
    pub(super) fn keys<'q>(
        &'q self,
        engine: &Engine,
        mut db: DbIndex,
        keys: &mut SmallVec<[(DbIndex, &'q [u8]); 8]>,
    ) {
        for command in &self.commands {
            let spec = command.spec;
            if spec.name == "select" {
                let args = self.args(command);
                db = database(engine, args[1]).unwrap_or(db);
                continue;
            }
            // Most specifications say no more than the row itself.
            let is_all = spec.key_specs.iter().all(|key_spec| key_spec.keys == spec.keys);
            if let (Keys::Range { first, last, step }, true) = (spec.keys, is_all) {
                let ranges = &self.arguments[command.first..command.end];
                let last = if last < 0 { ranges.len().saturating_add_signed(last) } else { last as usize };
                let named = ranges.iter().take(last + 1).skip(first).step_by(step.max(1));
                keys.extend(named.map(|&(begin, end)| (db, &self.bytes[begin..end])));
            } else if spec.keys != Keys::None {
                let args = self.args(command);
                // Of a line that cannot be right nothing is known; it will fail by itself.
                for (position, _) in keys_used(spec, &args).unwrap_or_default() {
                    keys.push((db, args[position]));
                }
            }
        }
    }
}
