//! A Lua state with what it has compiled. Each belongs to the thread that runs a script in it; idle ones wait to be
//! taken by the next.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use polycache_core::sha1::Sum;
use rapidhash::fast::RandomState;

use super::function::Library;
use super::lua::compile::compile;
use super::lua::sandbox::{Worlds, prepare};
use super::lua::{Reference, Stack, State};
use super::script::Script;
use crate::limits::COMPILED_SCRIPTS_MAX;

/// A state, its sandbox, and the functions in it.
pub struct Machine {
    pub state: State,
    pub worlds: Worlds,
    by_source: HashMap<Box<[u8]>, Arc<Compiled>, RandomState>,
    by_sum: HashMap<Sum, Arc<Compiled>, RandomState>,
    /// The cache's count of flushes that the two maps belong to.
    flushes: u64,
    /// Functions of the libraries that are loaded here.
    pub functions: HashMap<String, Arc<Loaded>, RandomState>,
    /// The engine's count of changes of libraries that they belong to.
    pub changes: u64,
    /// Whose globals are current.
    in_functions: bool,
}

/// A compiled script.
pub struct Compiled {
    pub script: Arc<Script>,
    pub function: Reference,
}

/// A function of a library that is loaded here.
pub struct Loaded {
    pub library: Arc<Library>,
    /// Among the library's functions.
    pub place: usize,
    pub callback: Reference,
}

impl Machine {
    /// A new one; `None` where there is no memory.
    pub fn new(limit_bytes: usize) -> Option<Machine> {
        let mut state = State::new(limit_bytes)?;
        let worlds = state.with(prepare);
        Some(Machine {
            state,
            worlds,
            by_source: HashMap::default(),
            by_sum: HashMap::default(),
            flushes: 0,
            functions: HashMap::default(),
            changes: 0,
            in_functions: false,
        })
    }

    /// Forgets what SCRIPT FLUSH made void.
    pub fn refresh(&mut self, flushes: u64) {
        if self.flushes != flushes {
            self.forget();
            self.flushes = flushes;
        }
    }

    fn forget(&mut self) {
        self.by_source.clear();
        let all = std::mem::take(&mut self.by_sum);
        self.state.with(|stack| {
            for compiled in all.into_values().filter_map(Arc::into_inner) {
                stack.forget(compiled.function);
            }
        });
    }

    /// The script with this source, if it was compiled here.
    pub fn find_source(&self, source: &[u8]) -> Option<Arc<Compiled>> {
        self.by_source.get(source).filter(|found| !found.script.is_gone.load(Ordering::SeqCst)).cloned()
    }

    pub fn find_sum(&self, sum: &Sum) -> Option<Arc<Compiled>> {
        self.by_sum.get(sum).filter(|found| !found.script.is_gone.load(Ordering::SeqCst)).cloned()
    }

    /// Compiles a script; the compiler's message where it cannot.
    pub fn compile(&mut self, script: &Arc<Script>) -> Result<Arc<Compiled>, String> {
        if self.by_sum.len() >= COMPILED_SCRIPTS_MAX {
            self.forget();
        }
        self.enter(false);
        let function = self.state.with(|stack| match compile(stack, script.body(), b"@user_script") {
            Ok(()) => Ok(stack.keep()),
            Err(_) => Err(message(stack)),
        })?;
        let compiled = Arc::new(Compiled { script: script.clone(), function });
        self.by_source.insert(script.source.clone(), compiled.clone());
        if let Some(old) = self.by_sum.insert(script.sum, compiled.clone())
            && let Some(old) = Arc::into_inner(old)
        {
            self.state.with(|stack| stack.forget(old.function));
        }
        Ok(compiled)
    }

    /// Makes the globals of functions, or of EVAL, the current ones.
    pub fn enter(&mut self, in_functions: bool) {
        if self.in_functions != in_functions {
            let world = if in_functions { &self.worlds.functions } else { &self.worlds.eval };
            self.state.with(|stack| world.enter(stack));
            self.in_functions = in_functions;
        }
    }
}

/// The text on top.
pub fn message(stack: Stack) -> String {
    String::from_utf8_lossy(stack.bytes(-1).unwrap_or(b"unknown error")).into_owned()
}

/// Idle machines: any thread may take one, most often that which it gave back last.
#[allow(clippy::vec_box, reason = "a machine is large, and moves twice with every script")]
pub struct Machines {
    shards: [Mutex<Vec<Box<Machine>>>; SHARDS],
    bytes: [AtomicUsize; SHARDS],
}

const SHARDS: usize = 16;

impl Default for Machines {
    fn default() -> Machines {
        Machines {
            shards: std::array::from_fn(|_| Mutex::default()),
            bytes: [const { AtomicUsize::new(0) }; SHARDS],
        }
    }
}

impl Machines {
    pub fn take(&self, limit_bytes: usize) -> Option<Box<Machine>> {
        let idle = self.shards[shard()].lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(machine) => {
                machine.state.set_limit(limit_bytes);
                Some(machine)
            }
            None => Machine::new(limit_bytes).map(Box::new),
        }
    }

    pub fn give_back(&self, machine: Box<Machine>) {
        let shard = shard();
        let mut idle = self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < crate::limits::IDLE_MACHINES_MAX {
            // ORDERING: a figure, of the last one that came back.
            self.bytes[shard].store(machine.state.used_bytes(), Ordering::Relaxed);
            idle.push(machine);
        }
    }

    /// Bytes of Lua memory, about.
    pub fn used_bytes(&self) -> usize {
        // ORDERING: a figure.
        self.bytes.iter().map(|bytes| bytes.load(Ordering::Relaxed)).sum()
    }
}

/// The shard of this thread.
fn shard() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        // ORDERING: any spread will do.
        static SHARD: usize = NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS;
    }
    SHARD.with(|shard| *shard)
}
