//! What happens now and then, on the thread that accepts: rates are sampled, idle clients are closed,
//! newcomers that nobody serves are looked after.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::dispatch::Dispatcher;
use crate::client::Face;
use crate::server::Server;

/// Samples per second.
const SAMPLES_PER_SECOND: u32 = 10;

/// Runs as long as its thread does.
pub async fn run(server: Arc<Server>, dispatcher: Dispatcher) {
    let mut interval = tokio::time::interval(Duration::from_secs(1) / SAMPLES_PER_SECOND);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for count in 0u32.. {
        interval.tick().await;
        server.stats.sample();
        dispatcher.look_after(&server);
        crate::admin::latency::collect(&server);
        let limit = server.engine.tuning().maxmemory();
        server.stats.exceeded.note(limit != 0 && server.engine.memory().used() > limit);
        if count % SAMPLES_PER_SECOND == 0 {
            close_idle(&server);
            wake_stuck(&server);
        }
    }
}

/// Enforces `timeout` and `memcached-idle-timeout`.
fn close_idle(server: &Server) {
    let settings = server.settings.load();
    let (resp, memcached) = (settings.timeout, settings.memcached_idle_timeout);
    if (resp == 0 && memcached == 0) || server.clients.pause.held().is_some() {
        return;
    }
    let now = server.stats.ticks.now();
    for entry in server.clients.list() {
        let last = entry.figures.last_active.load(Ordering::Relaxed); // ORDERING: a figure.
        let idle_us = server.stats.ticks.to_us(now.saturating_sub(last));
        let timeout = match entry.face {
            Face::Resp => resp,
            Face::Memcached if entry.fd >= 0 => memcached,
            _ => 0,
        };
        if timeout != 0 && idle_us > timeout.saturating_mul(1_000_000) && !entry.is_blocked() {
            tracing::debug!("closing idle client {} ({})", entry.id, entry.addr);
            entry.kill();
        }
    }
}

/// Lets connections with unread output look at their limits: a soft limit may have run out while nothing moved.
fn wake_stuck(server: &Server) {
    let limits = server.settings.load().client_output_buffer_limit;
    let soft_bytes = [limits.normal, limits.pubsub].map(|limit| limit.soft_bytes);
    let Some(soft_bytes) = soft_bytes.into_iter().filter(|bytes| *bytes != 0).min() else { return };
    for entry in server.clients.list() {
        // ORDERING: a figure.
        if entry.figures.output_bytes.load(Ordering::Relaxed) as u64 > soft_bytes {
            entry.wake();
        }
    }
}
