//! Commands on the server itself: INFO, COMMAND, CONFIG, MEMORY, SLOWLOG, DEBUG, SHUTDOWN, saving.

pub(crate) mod command;
mod commandlog;
mod config;
mod debug;
mod debug_protocol;
mod identity;
mod info;
pub(crate) mod latency;
mod lolwut;
mod memory;
mod module;
pub(crate) mod monitor;
pub(crate) mod persistence;
pub(crate) mod process;
pub(crate) mod redact;
mod replication;
mod shutdown;
mod table;
mod wait;

use polycache_core::command::{Args, Ctx, Failure, Outcome};

pub use commandlog::{CommandLogs, Subject};
pub(crate) use info::fields as info_fields;
pub use latency::LatencyMonitor;
pub use monitor::Monitors;
pub use table::TABLES;
pub use wait::{LocalWait, answer};

/// The handler of rows that have only subcommands; the dispatcher calls it for none of them.
pub(crate) fn container(_: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    Err(Failure::wrong_arity(&String::from_utf8_lossy(args[0]).to_ascii_lowercase()))
}

/// Replies to a HELP subcommand: what `command` is called with, and the lines on each subcommand.
pub(crate) fn help(ctx: &mut Ctx<'_>, command: &str, lines: &[&str]) -> Outcome {
    ctx.reply.array(lines.len() + 3);
    ctx.reply.status(&format!("{command} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
    for line in lines {
        ctx.reply.status(line);
    }
    ctx.reply.status("HELP");
    ctx.reply.status("    Print this help.");
    Ok(())
}
