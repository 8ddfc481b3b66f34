//! Scripts: EVAL and its kin, SCRIPT, FUNCTION, FCALL, on Lua 5.1.
//!
//! A call takes an idle [`machine::Machine`] (a Lua state with what it has compiled), finds the script there, pushes
//! keys and arguments, and calls. `redis.call` carries a command out with the operation, the session and the client of
//! the caller; the reply is pushed onto the script's stack while the command says it ([`reply::LuaReply`]). Each thread
//! most often finds the machine that it used before.
//!
//! # Time
//! A script that was quick so far runs on the thread that serves its client, any other on a thread for scripts
//! ([`offload`]), so that others' commands go on. A quick one that takes long is left and begun anew over there, unless
//! it has written. SCRIPT KILL and FUNCTION KILL end whatever has not written; the hook looks every some thousand
//! instructions.
//!
//! # Limits
//! Memory of one state (`lua-memory-limit`), scripts that are kept, nesting of what the libraries read and write.

mod answer;
mod api;
mod cache;
mod call;
mod eval;
mod function;
mod isolation;
mod library;
mod lua;
mod machine;
mod offload;
mod reply;
mod run;
mod script;
mod script_command;
mod table;
#[cfg(test)]
mod test;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use polycache_core::command::{Args, Failure, Spec};

pub use offload::{Done, ScriptWait};
pub use table::COMMANDS;

use crate::limits::{IDLE_MACHINE_BYTES_MAX, SCRIPT_MEMORY_BYTES_MAX};
use machine::Machine;
use script::Flags;

/// What a server knows of scripts.
#[derive(Default)]
pub struct Scripting {
    scripts: cache::Cache,
    machines: machine::Machines,
    running: run::AllRunning,
    offload: Arc<offload::Offload>,
    functions: function::Functions,
}

impl Scripting {
    /// A machine to run a script in.
    fn take(&self) -> Result<Box<Machine>, Failure> {
        let mut machine = self.machines.take(SCRIPT_MEMORY_BYTES_MAX).ok_or(eval::NO_MACHINE)?;
        machine.refresh(self.scripts.flushes());
        Ok(machine)
    }

    /// Keeps a machine for the next script, unless the last one has left much behind.
    fn give_back(&self, machine: Box<Machine>) {
        if machine.state.used_bytes() <= IDLE_MACHINE_BYTES_MAX {
            self.machines.give_back(machine);
        }
    }

    /// Whether a command runs a script or function that said of itself that it writes, and must not where memory is full.
    pub fn needs_memory(&self, spec: &Spec, args: Args<'_>) -> bool {
        let flags = match spec.name {
            "eval" | "eval_ro" => script::shebang(args[1]).ok().map(|(_, flags)| flags),
            "evalsha" | "evalsha_ro" => {
                eval::parse_sum(args[1]).and_then(|sum| self.scripts.find(&sum)).map(|script| script.flags)
            }
            "fcall" | "fcall_ro" => self.functions.flags(&String::from_utf8_lossy(args[1])),
            _ => None,
        };
        let exempt = [Flags::PLAIN, Flags::NO_WRITES, Flags::ALLOW_OOM];
        flags.is_some_and(|flags| !exempt.into_iter().any(|flag| flags.has(flag)))
    }

    /// Set while a script runs for longer than `busy-reply-threshold`.
    pub fn overdue(&self) -> Arc<AtomicBool> {
        self.running.overdue()
    }

    /// Whether a script runs for longer than `busy-reply-threshold`.
    pub fn is_overdue(&self) -> bool {
        self.running.is_overdue()
    }

    /// Ends all scripts: the server goes.
    pub fn stop(&self) {
        self.running.stop();
    }

    /// What INFO shows.
    pub fn figures(&self) -> Figures {
        let (scripts, script_bytes, evicted) = self.scripts.figures();
        let (libraries, functions, function_bytes) = self.functions.figures();
        Figures {
            lua_bytes: self.machines.used_bytes(),
            scripts,
            script_bytes,
            evicted,
            libraries,
            functions,
            function_bytes,
        }
    }
}

/// Figures of scripts and functions.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    pub lua_bytes: usize,
    pub scripts: usize,
    pub script_bytes: usize,
    pub evicted: u64,
    pub libraries: usize,
    pub functions: usize,
    pub function_bytes: usize,
}
