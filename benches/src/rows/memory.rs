//! Memory over key and value, at a million keys of 16 + 64 bytes.

use polycache_tests::support::{Kind, ServerOptions};

use super::saving::MILLION;
use crate::Options;
use crate::figure::{Figure, Target};
use crate::load::{Plan, Protocol, fill};
use crate::machine;
use crate::subject::{Subject, volatile};

const PAYLOAD_BYTES: f64 = 80.0;
const TARGET_BYTES: f64 = 32.0;

/// By the server's own account, and by the system's.
pub fn run(_: &Options) -> Result<Vec<Figure>, String> {
    let mut measured = Vec::new();
    for kind in [Kind::Polycache, Kind::Valkey] {
        let subject = Subject::start(kind, volatile());
        let account = || (used_memory(&subject), machine::resident_bytes(subject.server.process_id()) as f64);
        let before = account();
        fill(subject.server.port, &MILLION).map_err(|error| error.to_string())?;
        let after = account();
        let keys = MILLION.keys as f64;
        measured
            .push(((after.0 - before.0) / keys - PAYLOAD_BYTES, (after.1 - before.1) / keys - PAYLOAD_BYTES));
    }
    let [ours, peer] = measured[..] else { return Err("two servers were measured".into()) };
    let figure = |what: &str, ours: f64, peer: f64| Figure {
        what: format!("memory over key and value, {what}, bytes"),
        ours: format!("{ours:.1}"),
        peer: format!("{peer:.1} (Valkey 9.1.2)"),
        ratio: ours / TARGET_BYTES,
        target: Target::AtMost(1.0),
    };
    Ok(vec![figure("resident", ours.1, peer.1), figure("used_memory", ours.0, peer.0)])
}

/// Against memcached, by the system's account: what an item costs over its key and value.
pub fn memcached(_: &Options) -> Result<Vec<Figure>, String> {
    let plan = Plan { protocol: Protocol::Memcached, ..MILLION };
    let mut measured = Vec::new();
    for kind in [Kind::Polycache, Kind::Memcached] {
        let options = match kind {
            // By default it has room for 64 MB.
            Kind::Memcached => ServerOptions::new().flag("memory-limit", 1024),
            _ => volatile(),
        };
        let subject = Subject::start(kind, options);
        let resident = || machine::resident_bytes(subject.server.process_id()) as f64;
        let before = resident();
        fill(subject.server.memcached_port, &plan).map_err(|error| error.to_string())?;
        measured.push((resident() - before) / plan.keys as f64 - PAYLOAD_BYTES);
    }
    let [ours, peer] = measured[..] else { return Err("two servers were measured".into()) };
    Ok(vec![Figure {
        what: "memory over key and value, resident, against memcached".into(),
        ours: format!("{ours:.1}"),
        peer: format!("{peer:.1}"),
        ratio: ours / peer,
        target: Target::AtMost(0.6),
    }])
}

fn used_memory(subject: &Subject) -> f64 {
    let text = subject.server.client().say("INFO memory").text();
    let field = text.lines().find_map(|line| line.strip_prefix("used_memory:")).unwrap_or("0");
    field.trim().parse().unwrap_or(0.0)
}
