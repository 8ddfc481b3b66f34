//! Digests of values and data sets that say whether two servers hold the same: DEBUG DIGEST and DEBUG DIGEST-VALUE.
//!
//! # Format
//! As Redis and Valkey compute them, so that digests of theirs and ours can be compared. *Mixing* bytes into a digest is
//! to combine it with their SHA-1 by exclusive or and to take the SHA-1 of the result: order matters. Where it does not
//! (members, fields, keys), elements have digests of their own that are combined by exclusive or alone.

use super::{kind_of, tell_record};
use crate::clock::UnixMillis;
use crate::double;
use crate::engine::{DbIndex, Engine};
use crate::rdb::visitor::{Fields, StreamId};
use crate::rdb::{Shape, Stop, ValueVisitor, Visit};
use crate::record::{Kind, Record};
use crate::sha1::{Sha1, Sum};

/// A digest in the making.
#[derive(Default)]
pub struct Digest {
    sum: Sum,
    /// Fields of hashes whose time is over by then do not count: they are gone, whether or not they were swept.
    now: UnixMillis,
    /// Of a string that comes in pieces.
    string: Option<Sha1>,
}

impl Digest {
    fn at(now: UnixMillis) -> Digest {
        Digest { now, ..Digest::default() }
    }

    fn combine(&mut self, sum: Sum) {
        self.sum.iter_mut().zip(sum).for_each(|(byte, other)| *byte ^= other);
    }

    fn mix_sum(&mut self, sum: Sum) {
        self.combine(sum);
        self.sum = Sha1::of(&self.sum);
    }

    fn mix(&mut self, bytes: &[u8]) {
        self.mix_sum(Sha1::of(bytes));
    }

    /// Adds an element that has no place in an order.
    fn add(&mut self, element: &[u8]) {
        self.combine(Sha1::of(element));
    }

    /// Of a record's value and whether it expires, mixed into what is there.
    fn value(&mut self, record: Record<'_>) -> Visit {
        tell_record(record, self)?;
        if record.expire_at().is_some() {
            self.add(b"!!expire!!");
        }
        Ok(())
    }
}

/// The number of a type in digests.
fn number_of(kind: Kind) -> u32 {
    match kind {
        Kind::Absent | Kind::String => 0,
        Kind::List => 1,
        Kind::Set => 2,
        Kind::SortedSet => 3,
        Kind::Hash => 4,
        Kind::Stream => 6,
    }
}

impl ValueVisitor for Digest {
    fn begin_value(&mut self, shape: Shape) -> Visit {
        let kind = kind_of(shape.kind);
        self.mix(&number_of(kind).to_be_bytes());
        self.string = (kind == Kind::String).then(Sha1::default);
        Ok(())
    }

    fn string(&mut self, piece: &[u8]) -> Visit {
        self.string.get_or_insert_default().add(piece);
        Ok(())
    }

    fn list_element(&mut self, element: &[u8]) -> Visit {
        self.mix(element);
        Ok(())
    }

    fn set_member(&mut self, member: &[u8]) -> Visit {
        self.add(member);
        Ok(())
    }

    fn hash_field(&mut self, field: &[u8], value: &[u8], expire_at: Option<u64>) -> Visit {
        if expire_at.is_some_and(|at| at <= self.now.0) {
            return Ok(());
        }
        let mut element = Digest::default();
        element.mix(field);
        element.mix(value);
        self.add(&element.sum);
        Ok(())
    }

    fn sorted_set_member(&mut self, member: &[u8], score: f64) -> Visit {
        let mut element = Digest::default();
        element.mix(member);
        element.mix(&double::shortest(score));
        self.add(&element.sum);
        Ok(())
    }

    fn stream_entry(&mut self, id: StreamId, fields: Fields<'_>) -> Visit {
        self.mix(format!("{}.{}", id.ms, id.seq).as_bytes());
        for (field, value) in fields.iter() {
            self.mix(field);
            self.mix(value);
        }
        Ok(())
    }

    fn end_value(&mut self) -> Visit {
        if let Some(string) = self.string.take() {
            self.mix_sum(string.finish());
        }
        Ok(())
    }
}

/// The digest of a record's value as it is at `now`.
pub fn digest_of_value(record: Record<'_>, now: UnixMillis) -> Result<Sum, Stop> {
    let mut digest = Digest::at(now);
    digest.value(record)?;
    Ok(digest.sum)
}

/// The digest of all databases. Every key is taken in the state in which it is met: writers are not held up.
pub fn digest_of_all(engine: &Engine, now: UnixMillis) -> Result<Sum, Stop> {
    let mut all = Digest::default();
    let mut told = Ok(());
    for db in 0..engine.config().databases as DbIndex {
        if engine.len(db) == 0 {
            continue;
        }
        all.mix(&u32::from(db).to_be_bytes());
        engine.for_each_record(db, &mut |record| {
            if told.is_ok() && !record.is_expired(now) && !record.is_place() {
                let mut digest = Digest::at(now);
                digest.mix(record.key());
                told = digest.value(record);
                all.add(&digest.sum);
            }
        });
    }
    told.map(|()| all.sum)
}
