//! Asking for the value of a key, or for the lease to make it, and waiting while somebody else has that.
//!
//! It is a blocking command like BLPOP: who asks is served at once, or entered as a waiter while the key is latched, and
//! served by whoever stores the value, gives the lease back or deletes the key. So the next loader is chosen under the
//! key's latch, in order of arrival, and nobody polls.
//!
//! A holder may be gone for good (a client of memcached that died, a thread that hangs). Who has waited long enough asks
//! again with [`Ask::over`] and takes the lease over, unless somebody else did so meanwhile. Whoever of the holders is
//! first may store: their CAS number is the same.

use super::{Lease, create, look, take};
use crate::blocking::{self, Demand, Serving, Timeout};
use crate::clock::UnixMillis;
use crate::command::{Ctx, Failure, Outcome, Reply, Value};
use crate::record::{Kind, Record};
use crate::sync::Arc;
use crate::sync::atomic::{AtomicU64, Ordering};

/// How to ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// Take the lease of a good value where less than so many milliseconds are left of its time to live.
    pub early_ms: Option<u64>,
    /// An old value is good enough while somebody else makes a new one.
    pub takes_stale: bool,
    /// Take the lease from who took it with this version of the record, even if it is not given back.
    pub over: Option<u64>,
}

/// What asking came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Value(Vec<u8>),
    /// The caller is to make the value.
    Lease(Held),
}

/// The lease of a key, held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Who stores for this lease finds this CAS number.
    pub cas: u64,
    /// Tells this holder from one who took the lease over.
    pub version: u64,
    /// The value that the lease is to replace.
    pub old: Option<Vec<u8>>,
}

impl Ask {
    /// Whether `record` is an answer, or the lease is to be had.
    #[inline]
    pub fn is_answered(&self, record: Record<'_>, now: UnixMillis) -> bool {
        if look(record, self.early_ms, now) != Lease::Held {
            return true;
        }
        let marks = record.marks();
        let is_good = !marks.place && (!marks.stale || self.takes_stale);
        is_good || self.over == Some(record.version())
    }

    /// Whether asking for the value of `record` takes the lease; it is answered.
    #[inline]
    pub fn takes_lease(&self, record: Record<'_>, now: UnixMillis) -> bool {
        match look(record, self.early_ms, now) {
            Lease::Fresh => false,
            Lease::Taken => true,
            Lease::Held => self.over == Some(record.version()),
        }
    }
}

impl Held {
    /// Whether `record` is still leased under this number, so that a value may be stored.
    pub fn may_store(&self, record: Record<'_>) -> bool {
        record.marks().leased && record.cas() == self.cas
    }

    /// Whether the lease of `record` is this holder's to give back.
    pub fn is_holder(&self, record: Record<'_>) -> bool {
        self.may_store(record) && record.version() == self.version
    }
}

impl Answer {
    /// Reads what [`ask`] replied.
    pub fn of(reply: Value) -> Result<Answer, Failure> {
        let parts = match reply {
            Value::Bulk(value) => return Ok(Answer::Value(value)),
            Value::Error(text) => return Err(Failure::new(text)),
            Value::Array(parts) => <[Value; 3]>::try_from(parts).ok(),
            _ => None,
        };
        match parts {
            Some([Value::Integer(cas), Value::Integer(version), old]) => {
                let old = if let Value::Bulk(old) = old { Some(old) } else { None };
                Ok(Answer::Lease(Held { cas: cas as u64, version: version as u64, old }))
            }
            _ => Err(Failure::text("ERR the lease's answer has another shape than expected")),
        }
    }
}

/// Replies what [`Answer::of`] reads, or blocks the host until there is an answer, at most for `patience`. `seen` gets the
/// version of the record that is waited for. The operation sees places.
pub fn ask(ctx: &mut Ctx<'_>, key: &[u8], ask: Ask, patience: Timeout, seen: Arc<AtomicU64>) -> Outcome {
    blocking::run(ctx, &[key], patience, Asking { ask, seen })
}

struct Asking {
    ask: Ask,
    seen: Arc<AtomicU64>,
}

impl Asking {
    fn is_answered(&self, record: Option<Record<'_>>) -> bool {
        record.is_none_or(|record| {
            // Who asks is told of a list or a hash at once.
            record.kind() != Kind::String || self.ask.is_answered(record, UnixMillis::now())
        })
    }
}

impl Demand for Asking {
    fn kind(&self) -> Kind {
        Kind::String
    }

    fn check(&self, _: usize, record: Option<Record<'_>>) -> Result<bool, Failure> {
        if let Some(record) = record {
            // ORDERING: read by the thread that asks, and written before it gets its `Blocked`.
            self.seen.store(record.version(), Ordering::Relaxed);
        }
        Ok(self.is_answered(record))
    }

    fn is_ready(&self, _: usize, record: Option<Record<'_>>) -> bool {
        self.is_answered(record)
    }

    fn wants_absence(&self) -> bool {
        true
    }

    fn serve(&self, serving: &mut Serving<'_, '_, '_>, reply: &mut dyn Reply) -> Outcome {
        let entry = &mut *serving.source;
        let found = entry.present();
        match found {
            None => create(entry, None),
            Some(record) => {
                let value = record.string()?;
                if !self.ask.takes_lease(record, UnixMillis::now()) {
                    reply.string(value);
                    return Ok(());
                }
                take(entry, record)?;
            }
        }
        let Some(leased) = entry.present() else { return Err(Failure::text("ERR the lease is gone")) };
        reply.array(3);
        reply.integer(leased.cas() as i64);
        reply.integer(leased.version() as i64);
        match found.filter(|record| !record.is_place()) {
            Some(record) => reply.string(record.string()?),
            None => reply.null(),
        }
        Ok(())
    }
}
