//! flush_all, cache_memlimit, version, shutdown: what concerns the whole server.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use polycache_core::command::{Ctx, Failure, Session, Value, ValueReply, dispatch};
use polycache_core::engine::DbIndex;

use super::expiry::Expiry;
use super::shared::MEMCACHED_VERSION;
use super::text::emit::{self, Line};
use super::work::Work;
use crate::server::Server;
use crate::stats::Counter;

/// The smallest `cache_memlimit`, in megabytes, as in memcached.
const MEMORY_LIMIT_MEGABYTES_MIN: u64 = 8;

/// The largest, in megabytes, as in memcached: more is a mistake.
const MEMORY_LIMIT_MEGABYTES_MAX: u64 = 1_000_000_000;

/// Rest before a delayed flush that a script kept from its work tries again.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// version.
pub fn version(work: &mut Work<'_>) {
    work.out.extend_from_slice(b"VERSION ");
    work.out.extend_from_slice(MEMCACHED_VERSION.as_bytes());
    work.out.extend_from_slice(b"\r\n");
}

/// flush_all: everything goes, now or after `delay` (an exptime); a later flush_all replaces one that waits.
///
/// memcached flushes what is older than a second before the moment, on a clock of whole seconds, so that
/// `flush_all 1` works at once; so here.
pub fn flush_all(work: &mut Work<'_>, delay: i64) -> Result<(), Failure> {
    work.permit_call(&[b"flushdb"])?;
    work.stats.add(Counter::MemcachedFlushes, 1);
    let now = work.ctx.now();
    // ORDERING: relaxed: only that the numbers differ matters.
    let number = work.server.memcached.flushes.fetch_add(1, Ordering::Relaxed) + 1;
    let wait = match Expiry::resolve(delay.saturating_sub(1), now) {
        Expiry::At(at) if delay > 1 => Duration::from_millis(at.0 - now.0),
        _ => Duration::ZERO,
    };
    let db = work.ctx.session.db;
    if wait.is_zero() {
        work.ctx.engine.admit_write(work.ctx.op, false)?;
        work.ctx.op.flush(Some(db))?;
        Ok(())
    } else {
        flush_later(work.client().server.clone(), number, db, wait)
    }
}

/// Flushes after `wait` on this worker's runtime.
fn flush_later(server: Arc<Server>, number: u64, db: DbIndex, wait: Duration) -> Result<(), Failure> {
    let runtime = tokio::runtime::Handle::try_current()
        .map_err(|_| Failure::text("ERR delayed flush_all needs a server"))?;
    // Neither keeps the server alive: its engine must be free to close.
    let server = Arc::downgrade(&server);
    runtime.spawn(async move {
        tokio::time::sleep(wait).await;
        while let Some(server) = server.upgrade()
            // ORDERING: see `flush_all`.
            && server.memcached.flushes.load(Ordering::Relaxed) == number
            && server.engine.begin().flush(Some(db)).is_err()
        {
            // A script is in the way.
            drop(server);
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    });
    Ok(())
}

/// cache_memlimit: sets `maxmemory`.
pub fn memory_limit(work: &mut Work<'_>, megabytes: u64, noreply: bool) {
    let result = match megabytes {
        ..MEMORY_LIMIT_MEGABYTES_MIN => Ok(emit::LIMIT_TOO_SMALL),
        MEMORY_LIMIT_MEGABYTES_MIN..=MEMORY_LIMIT_MEGABYTES_MAX => {
            execute(work, &[b"CONFIG", b"SET", b"maxmemory", format!("{megabytes}mb").as_bytes()])
        }
        _ => Ok(emit::LIMIT_NOT_MEGABYTES),
    };
    work.answer(noreply, result, emit::OUT_OF_MEMORY);
}

/// shutdown [graceful]; whether the connection is to be closed.
pub fn shutdown(work: &mut Work<'_>, mode: Option<&[u8]>) -> bool {
    if !work.settings.memcached_shutdown {
        work.out.extend_from_slice(emit::SHUTDOWN_OFF);
        return false;
    }
    if mode.is_some_and(|mode| mode != b"graceful") {
        work.out.extend_from_slice(emit::BAD_SHUTDOWN_MODE);
        return false;
    }
    match execute(work, &[b"SHUTDOWN"]) {
        Ok(_) => true,
        Err(failure) => {
            emit::failure(work.out, &failure, emit::OUT_OF_MEMORY);
            false
        }
    }
}

/// Carries out one of the table's commands.
pub(super) fn execute(work: &mut Work<'_>, args: &[&[u8]]) -> Result<Line, Failure> {
    work.permit_call(args)?;
    let mut reply = ValueReply::default();
    dispatch(
        &mut Ctx {
            engine: work.ctx.engine,
            op: work.ctx.op,
            session: &mut Session::default(),
            reply: &mut reply,
            host: &mut *work.ctx.host,
            registry: work.ctx.registry,
        },
        args,
    );
    match reply.finish() {
        Some(Value::Error(text)) => Err(Failure::new(text)),
        _ => Ok(emit::OK),
    }
}
