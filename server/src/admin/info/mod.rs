//! INFO: the state of the server as lines `name:value` in sections.
//!
//! Tools read these names; those of Redis and Valkey that mean something here are all present, and some that are
//! always zero here because tools expect them.

mod clients;
mod commands;
mod memory;
mod persistence;
mod server;
mod stats;

use std::fmt::Display;

use polycache_core::command::{Args, Ctx, Failure, Outcome};
use polycache_core::limits::DATABASES;

pub(super) use clients::Buffers;

use super::process;
use crate::client::Client;
use crate::limits::NAMES_ASKED_MAX;
use crate::server::Server;

/// The text under construction.
pub(super) struct Text(String);

impl Text {
    /// Begins a section; sections are separated by a blank line.
    fn section(&mut self, title: &str) {
        if !self.0.is_empty() {
            self.0.push_str("\r\n");
        }
        self.0.push_str("# ");
        self.0.push_str(title);
        self.0.push_str("\r\n");
    }

    fn line(&mut self, name: &str, value: impl Display) {
        use std::fmt::Write;
        // Writing to a string does not fail.
        let _ = write!(self.0, "{name}:{value}\r\n");
    }

    /// A number of bytes, and once more for people.
    fn bytes(&mut self, name: &str, bytes: u64) {
        self.line(name, bytes);
        self.line(&format!("{name}_human"), human(bytes));
    }
}

/// One section: its name, whether INFO without arguments shows it, and what writes it.
struct Section {
    name: &'static str,
    default: bool,
    write: fn(&mut Text, &Ctx<'_>, &Server),
}

const SECTIONS: &[Section] = &[
    Section { name: "server", default: true, write: server::write },
    Section { name: "clients", default: true, write: clients::write },
    Section { name: "memory", default: true, write: memory::write },
    Section { name: "persistence", default: true, write: persistence::write },
    Section { name: "stats", default: true, write: stats::write },
    Section { name: "replication", default: true, write: server::write_replication },
    Section { name: "cpu", default: true, write: server::write_cpu },
    Section { name: "modules", default: true, write: |text, _, _| text.section("Modules") },
    Section { name: "commandstats", default: false, write: commands::write_stats },
    Section { name: "errorstats", default: true, write: commands::write_errors },
    Section { name: "latencystats", default: false, write: |text, _, _| text.section("Latencystats") },
    Section { name: "cluster", default: true, write: server::write_cluster },
    Section { name: "memcached", default: true, write: clients::write_memcached },
    Section { name: "keyspace", default: true, write: write_keyspace },
];

/// `INFO [section ...]`
pub(super) fn info(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let names = &args[1..];
    if names.len() > NAMES_ASKED_MAX {
        return Err(Failure::new(format!("ERR more than {NAMES_ASKED_MAX} sections")));
    }
    let asked = |name: &str| names.iter().any(|word| word.eq_ignore_ascii_case(name.as_bytes()));
    let all = asked("all") || asked("everything");
    let default = names.is_empty() || asked("default");
    let server = Client::of(ctx.host).server.clone();
    let mut text = Text(String::with_capacity(8 << 10));
    for section in SECTIONS {
        if all || default && section.default || asked(section.name) {
            (section.write)(&mut text, ctx, &server);
        }
    }
    ctx.reply.verbatim("txt", text.0.as_bytes());
    Ok(())
}

fn write_keyspace(text: &mut Text, ctx: &Ctx<'_>, _: &Server) {
    text.section("Keyspace");
    for db in 0..DATABASES as u8 {
        let (keys, expires) = (ctx.engine.len(db), ctx.engine.expires(db));
        let volatile = ctx.engine.volatile_hashes(db);
        if keys > 0 {
            text.line(
                &format!("db{db}"),
                format_args!("keys={keys},expires={expires},avg_ttl=0,keys_with_volatile_items={volatile}"),
            );
        }
    }
}

/// Bytes as people read them: `1.73M`.
fn human(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["K", "M", "G", "T", "P", "E"];
    if bytes < 1024 {
        return format!("{bytes}B");
    }
    let (mut amount, mut unit) = (bytes as f64 / 1024.0, 0);
    while amount >= 1024.0 {
        amount /= 1024.0;
        unit += 1;
    }
    format!("{amount:.2}{}", UNITS[unit])
}

/// Yes is 1, as INFO writes it.
fn bit(yes: bool) -> u8 {
    u8::from(yes)
}

#[cfg(test)]
mod tests {
    use super::human;

    #[test]
    fn bytes_for_people() {
        let pairs =
            [(0, "0B"), (320, "320B"), (33792, "33.00K"), (1811944, "1.73M"), (25276502016, "23.54G")];
        for (bytes, text) in pairs {
            assert_eq!(human(bytes), text);
        }
        assert_eq!(human(u64::MAX), "16.00E");
    }
}
