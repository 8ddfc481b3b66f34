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
    write: fn(&mut Text, &Server),
}

const SECTIONS: &[Section] = &[
    Section { name: "server", default: true, write: server::write },
    Section { name: "tls", default: true, write: server::write_tls },
    Section { name: "clients", default: true, write: clients::write },
    Section { name: "memory", default: true, write: memory::write },
    Section { name: "persistence", default: true, write: persistence::write },
    Section { name: "stats", default: true, write: stats::write },
    Section { name: "replication", default: true, write: server::write_replication },
    Section { name: "cpu", default: true, write: server::write_cpu },
    Section { name: "modules", default: true, write: |text, _| text.section("Modules") },
    Section { name: "commandstats", default: false, write: commands::write_stats },
    Section { name: "errorstats", default: true, write: commands::write_errors },
    Section { name: "latencystats", default: false, write: commands::write_latencies },
    Section { name: "cluster", default: true, write: server::write_cluster },
    Section { name: "cluster_info", default: false, write: server::write_cluster_info },
    Section { name: "scriptingengines", default: false, write: server::write_engines },
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
            (section.write)(&mut text, &server);
        }
    }
    ctx.reply.verbatim("txt", text.0.as_bytes());
    Ok(())
}

/// Sections that `/metrics` shows with labels instead.
const LABELLED: [&str; 4] = ["commandstats", "errorstats", "latencystats", "keyspace"];

/// Section, name and value of every field but those of the sections that have a row for each command, error or database.
pub(crate) fn fields(server: &Server) -> Vec<(&'static str, String, String)> {
    let mut fields = Vec::new();
    for section in SECTIONS.iter().filter(|section| !LABELLED.contains(&section.name)) {
        let mut text = Text(String::new());
        (section.write)(&mut text, server);
        let lines = text.0.lines().filter_map(|line| line.split_once(':'));
        fields.extend(lines.map(|(name, value)| (section.name, name.to_owned(), value.to_owned())));
    }
    fields
}

fn write_keyspace(text: &mut Text, server: &Server) {
    text.section("Keyspace");
    for db in 0..DATABASES as u8 {
        let (keys, expires) = (server.engine.len(db), server.engine.expires(db));
        let ttl = server.engine.swept().mean_ttl_ms(db);
        let volatile = server.engine.volatile_hashes(db);
        if keys > 0 {
            text.line(
                &format!("db{db}"),
                format_args!(
                    "keys={keys},expires={expires},avg_ttl={ttl},keys_with_volatile_items={volatile}"
                ),
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
