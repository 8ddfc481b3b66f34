//! MIGRATE: keys with their values to another server, as DUMP there and RESTORE here would do it.
//!
//! # Concurrency
//! Nothing is latched while the network is waited for. What was sent is deleted here only where it is still the same; a
//! key that was changed meanwhile is sent again. The calling thread waits, as Redis does: its other clients with it, for
//! as long as the timeout says at most for each step.

mod options;
mod peer;
mod table;

use polycache_core::clock::UnixMillis;
use polycache_core::command::{Args, Ctx, Failure, Outcome};
use polycache_core::engine::DbIndex;
use polycache_core::exchange;
use polycache_core::record::{Effect, Record};

use options::Options;
use peer::{Peer, PeerError};
pub use table::TABLE;

/// How often a key that others change all the time is sent before the command gives up.
const ROUNDS: usize = 16;

impl From<PeerError> for Failure {
    fn from(error: PeerError) -> Failure {
        Failure::text(match error {
            PeerError::Connecting => "IOERR error or timeout connecting to the client",
            PeerError::Writing => "IOERR error or timeout writing to target instance",
            PeerError::Reading => "IOERR error or timeout reading to target instance",
        })
    }
}

fn refused(text: &str) -> Failure {
    Failure::new(format!("ERR Target instance replied with error: {text}"))
}

/// `MIGRATE host port key|"" db timeout [COPY] [REPLACE] [AUTH password | AUTH2 user password] [KEYS key ...]`
fn migrate(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const CHANGING: Failure =
        Failure::text("TRYAGAIN Keys were changed again and again while they were sent");
    let options = Options::parse(args)?;
    let mut keys: Vec<&[u8]> = options.keys.clone();
    let mut records = ctx.read_many(&keys)?;
    let mut at = 0;
    keys.retain(|_| {
        at += 1;
        records[at - 1].is_some()
    });
    records.retain(|record| record.is_some());
    if keys.is_empty() {
        ctx.reply.status("NOKEY");
        return Ok(());
    }
    let mut peer = Peer::connect(options.host, options.port, options.timeout)?;
    if let Some(words) = &options.auth
        && let Err(error) = peer.call(words)?
    {
        return Err(refused(&error));
    }
    let db = options.db.to_string();
    if let Err(error) = peer.call(&[b"SELECT", db.as_bytes()])? {
        return Err(refused(&error));
    }
    let mut failure = None;
    for round in 0..ROUNDS {
        let replace = options.replace || round > 0;
        for (key, record) in keys.iter().zip(&records) {
            // A key that went away meanwhile is not there any more either.
            match record {
                Some(record) => send(ctx, &mut peer, key, *record, replace)?,
                None => peer.send(&[b"DEL", key])?,
            }
        }
        peer.flush()?;
        let mut sent = Vec::with_capacity(keys.len());
        for (key, record) in keys.iter().zip(&records) {
            match peer.reply()? {
                Ok(()) => sent.push((*key, *record)),
                Err(error) => failure = failure.or(Some(refused(&error))),
            }
        }
        if options.copy {
            break;
        }
        keys = delete_unchanged(ctx, &sent)?;
        if keys.is_empty() {
            break;
        }
        if round + 1 == ROUNDS {
            return Err(CHANGING);
        }
        records = ctx.read_many(&keys)?;
    }
    match failure {
        Some(failure) => Err(failure),
        None => {
            ctx.reply.ok();
            Ok(())
        }
    }
}

/// Sends a RESTORE of a record.
fn send(ctx: &Ctx<'_>, peer: &mut Peer, key: &[u8], record: Record<'_>, replace: bool) -> Outcome {
    let payload =
        exchange::payload(ctx.engine.config().rdb_options(), |writer| exchange::tell_record(record, writer))
            .map_err(|stop| Failure::new(format!("ERR {stop}")))?;
    let left = record.expire_at().map_or(0, |at| at.0.saturating_sub(UnixMillis::now().0).max(1));
    let ttl = left.to_string();
    let words: [&[u8]; 5] = [b"RESTORE", key, ttl.as_bytes(), &payload, b"REPLACE"];
    peer.send(&words[..if replace { 5 } else { 4 }])?;
    Ok(())
}

/// Deletes what is still as it was sent, at one instant; the keys that are not.
fn delete_unchanged<'k>(
    ctx: &Ctx<'_>,
    sent: &[(&'k [u8], Option<Record<'_>>)],
) -> Result<Vec<&'k [u8]>, Failure> {
    let places: Vec<(DbIndex, &[u8])> = sent.iter().map(|(key, _)| (ctx.session.db, *key)).collect();
    let mut latches = ctx.latch_many(&places)?;
    let mut changed = Vec::new();
    for (position, (key, record)) in sent.iter().enumerate() {
        let entry = latches.entry(position);
        match (entry.record(), record) {
            (Some(now), Some(then)) if now.as_ptr() == then.as_ptr() => {
                entry.remove(Effect::Del);
            }
            // The same key may have been asked for twice; and what has expired is gone there soon.
            (None, _) => {}
            (Some(_), _) => changed.push(*key),
        }
    }
    Ok(changed)
}
