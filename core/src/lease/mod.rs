//! The lease: of all who find a value missing or out of date, one makes the new one, and the others know it.
//!
//! There is one lease per key, whichever face asks for it: memcached's meta commands (`mg` with N, R and the tokens W, X,
//! Z; `md` with I), and whoever loads in-process (`ask.rs`). It is marks of the record, so it needs no table of its own,
//! goes with the record when that is deleted or evicted, and ends with any write of a new value:
//!
//! | marks | meaning | the next reader who asks |
//! |---|---|---|
//! | none | a good value | reads it; takes the lease early where less than its R is left of the time to live |
//! | stale | an old value | takes the lease |
//! | leased | a good value; somebody makes a new one | uses it |
//! | stale, leased | an old value; somebody makes a new one | uses it, or waits |
//! | place, leased | no value yet; somebody makes one | waits |
//! | place, stale | no value, and who was to make one is gone | takes the lease |
//!
//! A *place* is a record without a value: memcached's clients see an empty item, as memcached has it; to all others the
//! key is absent, and deleting it ends the lease.
//!
//! A record never changes, so taking a lease puts a copy in its place that keeps the CAS number: whoever read before
//! may still store with it. The version is another one, and tells one holder from the next.
//!
//! *In the log* there are no leases, and no places. In snapshots a lease becomes "stale": who held it may be gone after a
//! restart, and the next reader is to take it again.

mod ask;

pub use ask::{Answer, Ask, Held, ask};

use crate::clock::UnixMillis;
use crate::command::Failure;
use crate::record::{Draft, Effect, Marks, NewValue, Record};
use crate::transaction::Entry;
use crate::version;

/// What asking for the lease of a key came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lease {
    /// Nobody needs one: the value is good.
    Fresh,
    /// The caller has it: it is to make a new value.
    Taken,
    /// Somebody else has it.
    Held,
}

/// Whether a reader of `record` would get the lease. `recache` is the R of memcached: take it early where less than so
/// many milliseconds are left.
#[inline]
pub fn look(record: Record<'_>, recache: Option<u64>, now: UnixMillis) -> Lease {
    let marks = record.marks();
    if marks.leased {
        return Lease::Held;
    }
    let early = match (recache, record.expire_at()) {
        (Some(left), Some(at)) => at.0.saturating_sub(now.0) < left,
        _ => false,
    };
    if marks.stale || early { Lease::Taken } else { Lease::Fresh }
}

/// Takes the lease of the record in `entry`: one that [`look`] said can be taken, or that was held for too long.
pub fn take(entry: &mut Entry<'_>, record: Record<'_>) -> Result<(), Failure> {
    let marks = Marks { leased: true, cas: Some(record.cas()), ..record.marks() };
    entry.put_marked(copy(record, record.expire_at())?, marks, Effect::Silent);
    Ok(())
}

/// Makes an empty record for a key that has none, with the lease taken.
pub fn create(entry: &mut Entry<'_>, expire_at: Option<UnixMillis>) {
    let draft = Draft { expire_at, ..Draft::string(b"") };
    entry.put_marked(draft, Marks { leased: true, place: true, ..Marks::default() }, Effect::Silent);
}

/// Ends a lease without a new value: the next reader takes it.
pub fn give_back(entry: &mut Entry<'_>, record: Record<'_>) -> Result<(), Failure> {
    if record.is_place() {
        entry.remove(Effect::Silent);
        return Ok(());
    }
    let marks = Marks { leased: false, cas: Some(record.cas()), ..record.marks() };
    entry.put_marked(copy(record, record.expire_at())?, marks, Effect::Silent);
    Ok(())
}

/// Marks the value as out of date, whoever may be making a new one: the next reader takes the lease. The CAS number
/// becomes a new one, or `cas`.
pub fn invalidate(
    entry: &mut Entry<'_>,
    record: Record<'_>,
    expire_at: Option<UnixMillis>,
    cas: Option<u64>,
) -> Result<(), Failure> {
    let marks = Marks { stale: true, leased: false, cas, ..record.marks() };
    let effect = if record.is_place() { Effect::Silent } else { Effect::Set };
    entry.put_marked(copy(record, expire_at)?, marks, effect);
    Ok(())
}

/// Whether a writer's CAS number is an older one of the same record: what it brings is out of date, yet newer than what
/// would be served without it.
///
/// Versions of several threads are not ordered, so where the record's number is its version every number that was ever
/// given out is taken as older; one that a client chose is compared as it is.
pub fn is_older(cas: u64, record: Record<'_>) -> bool {
    match record.marks().cas {
        Some(chosen) => cas < chosen,
        None => cas != record.version() && cas < version::bound(),
    }
}

fn copy(record: Record<'_>, expire_at: Option<UnixMillis>) -> Result<Draft<'_>, Failure> {
    let value = NewValue::Str(record.string()?);
    Ok(Draft { value, expire_at, flags: record.flags(), raw: record.is_raw() })
}

#[cfg(all(test, not(shuttle)))]
mod test {
    use super::*;
    use crate::config::EngineConfig;
    use crate::engine::Engine;
    use crate::operation::Touch;

    #[test]
    fn one_takes_it_and_a_new_value_ends_it() {
        let engine = Engine::in_memory(EngineConfig::default());
        let op = engine.begin();
        op.see_places();
        let mut entry = Entry::latch(&op, 0, b"k").unwrap();
        create(&mut entry, None);
        assert_eq!(look(entry.record().unwrap(), None, op.now()), Lease::Held);
        entry.put(Draft::string(b"v"), Effect::Set);
        let record = entry.record().unwrap();
        assert_eq!(look(record, None, op.now()), Lease::Fresh);
        let before = record.cas();
        invalidate(&mut entry, record, None, None).unwrap();
        let record = entry.record().unwrap();
        assert_ne!(record.cas(), before);
        assert!(is_older(before, record));
        assert_eq!(look(record, None, op.now()), Lease::Taken);
        let stale = record.cas();
        take(&mut entry, record).unwrap();
        let record = entry.record().unwrap();
        assert_eq!(look(record, None, op.now()), Lease::Held);
        assert_eq!(record.cas(), stale, "who read before may still store");
        assert!(record.marks().stale);
    }

    #[test]
    fn it_is_taken_early_where_little_time_is_left() {
        let engine = Engine::in_memory(EngineConfig::default());
        let op = engine.begin();
        let mut entry = Entry::latch(&op, 0, b"k").unwrap();
        let draft = Draft { expire_at: Some(UnixMillis(op.now().0 + 10_000)), ..Draft::string(b"v") };
        entry.put(draft, Effect::Set);
        let record = entry.record().unwrap();
        assert_eq!(look(record, Some(5_000), op.now()), Lease::Fresh);
        assert_eq!(look(record, Some(20_000), op.now()), Lease::Taken);
    }

    #[test]
    fn a_place_is_seen_by_those_who_know_leases() {
        let engine = Engine::in_memory(EngineConfig::default());
        let (knows, others) = (engine.begin(), engine.begin());
        knows.see_places();
        create(&mut Entry::latch(&knows, 0, b"k").unwrap(), None);
        assert!(knows.read(0, b"k", Touch::Quiet).unwrap().unwrap().is_place());
        assert!(others.read(0, b"k", Touch::Quiet).unwrap().is_none());
        assert!(Entry::latch(&others, 0, b"k").unwrap().record().is_none());
        assert!(knows.read(0, b"k", Touch::Quiet).unwrap().is_some(), "a look leaves it");
        assert!(!Entry::latch(&others, 0, b"k").unwrap().remove(Effect::Del));
        assert!(knows.read(0, b"k", Touch::Quiet).unwrap().is_none(), "deleting ends it");
    }

    #[test]
    fn giving_back_leaves_what_there_was() {
        let engine = Engine::in_memory(EngineConfig::default());
        let op = engine.begin();
        op.see_places();
        let mut entry = Entry::latch(&op, 0, b"k").unwrap();
        create(&mut entry, None);
        let place = entry.record().unwrap();
        give_back(&mut entry, place).unwrap();
        assert!(entry.record().is_none());
        entry.put(Draft::string(b"v"), Effect::Set);
        let before = entry.record().unwrap().cas();
        let record = entry.record().unwrap();
        take(&mut entry, record).unwrap();
        let record = entry.record().unwrap();
        give_back(&mut entry, record).unwrap();
        let record = entry.record().unwrap();
        assert_eq!((look(record, None, op.now()), record.cas()), (Lease::Fresh, before));
    }
}
