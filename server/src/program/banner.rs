//! What the program says when it serves: where, with which data, how durable.

use std::net::SocketAddr;
use std::path::Path;

use polycache_core::config::FsyncPolicy;

use crate::config::Settings;
use crate::server::{Addresses, Server};

/// Logs the banner.
pub fn show(
    settings: &Settings,
    server: &Server,
    addresses: &Addresses,
    metrics: &[SocketAddr],
    opened_ms: u128,
) {
    let keys: u64 = (0..settings.databases).map(|db| server.engine.len(db)).sum();
    tracing::info!("Polycache {} is ready, process {}", crate::VERSION, std::process::id());
    tracing::info!("  RESP:       {}", resp(addresses));
    tracing::info!("  memcached:  {}", memcached(addresses));
    if !metrics.is_empty() {
        tracing::info!("  metrics:    {}", list(metrics));
    }
    let dir = std::path::absolute(&settings.dir).unwrap_or_else(|_| Path::new(&settings.dir).to_owned());
    tracing::info!("  data:       {} ({keys} keys, opened in {opened_ms} ms)", dir.display());
    tracing::info!("  durability: {}", durability(settings));
    tracing::info!("  workers:    {}", server.workers);
    if server.acl.default_user().is_open() && !settings.protected_mode {
        tracing::warn!("no password and no protected mode: whoever reaches the ports owns the data");
    }
}

fn resp(addresses: &Addresses) -> String {
    match (&addresses.unixsocket, addresses.resp.is_empty()) {
        (None, _) => list(&addresses.resp),
        (Some(path), true) => path.clone(),
        (Some(path), false) => format!("{}, {path}", list(&addresses.resp)),
    }
}

fn memcached(addresses: &Addresses) -> String {
    let mut text = match (&addresses.memcached_unixsocket, addresses.memcached.is_empty()) {
        (None, _) => list(&addresses.memcached),
        (Some(path), true) => path.clone(),
        (Some(path), false) => format!("{}, {path}", list(&addresses.memcached)),
    };
    if !addresses.memcached_udp.is_empty() {
        text.push_str(&format!(", UDP {}", list(&addresses.memcached_udp)));
    }
    text
}

fn list(addresses: &[SocketAddr]) -> String {
    if addresses.is_empty() {
        return "off".into();
    }
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// What a crash can cost, in words.
fn durability(settings: &Settings) -> String {
    if settings.append_only {
        return match settings.append_fsync {
            FsyncPolicy::Always => "append-only log, on the disk before every reply (always)".into(),
            FsyncPolicy::EverySec => {
                "append-only log, a crash of the machine loses at most a second (everysec)".into()
            }
            FsyncPolicy::No => "append-only log, on the disk when the system likes (no)".into(),
        };
    }
    if settings.save.is_empty() {
        return "none: no append-only log and no save points, data is kept only by SAVE".into();
    }
    let points: Vec<String> = settings
        .save
        .iter()
        .map(|point| format!("{} s if {} keys changed", point.seconds, point.changes))
        .collect();
    format!("snapshots after {}; a crash loses what is newer", points.join(", "))
}
