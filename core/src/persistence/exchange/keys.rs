//! Telling all keys of a cut, whatever the file is made of.
//!
//! Small values are told within the walk over a chain of the table, whose callbacks must be short and wait for nothing;
//! long ones are shared with their records there, and told afterwards, under no pin and no latch.

use std::path::Path;

use crate::engine::Engine;
use crate::exchange::{self, Contents};
use crate::index::Index;
use crate::index::scan::Walked;
use crate::log::entry::Annotation;
use crate::persistence::StorageError;
use crate::persistence::base::{Cut, damaged_record};
use crate::rdb::visitor::Key;
use crate::rdb::{ValueVisitor, Visit};
use crate::record::{Kind, NewTrees, OwnedRecord, Record, Rope, Str};
use crate::snapshot::SaveError;

use super::stopped;

/// What writes keys to a file.
pub trait KeyWriter: ValueVisitor + Sized {
    /// A library of functions in its source code.
    fn library(&mut self, code: &[u8]) -> Visit;
    /// The keys of a database follow.
    fn database(&mut self, db: u64, index: &Index) -> Visit;
    /// A key, with what memcached adds to it; its value follows.
    fn begin(&mut self, key: &Key<'_>, item: Annotation) -> Visit;
    /// Tells the container of the key at hand.
    fn container(&mut self, kind: Kind, contents: &Contents<'_>) -> Visit {
        exchange::tell_container(kind, contents, self)
    }
    /// The key at hand is complete.
    fn end(&mut self) -> Visit {
        Ok(())
    }
    /// Whether the disk may be waited for.
    fn may_wait(&mut self, may: bool);
    /// Gives what was gathered to the file, if it is much.
    fn drain(&mut self) -> Visit;
}

/// Writes all keys of `cut`. It ends early, as cancelled, if `may_be_cancelled`.
pub fn write_keys<W: KeyWriter>(
    engine: &Engine,
    path: &Path,
    cut: Cut<'_>,
    may_be_cancelled: bool,
    writer: &mut W,
) -> Result<(), StorageError> {
    let failed = |stop| stopped(path, stop);
    cut.libraries.values().try_for_each(|code| writer.library(code)).map_err(failed)?;
    for (db, index) in cut.indexes.iter().enumerate() {
        let db = db as u64;
        if !index.is_empty() {
            writer.database(db, index).map_err(failed)?;
        }
        for chain in 0..index.chains() {
            if may_be_cancelled && engine.snapshots().is_cancelled() {
                return Err(SaveError::Cancelled.into());
            }
            writer.may_wait(false);
            let pin = crossbeam_epoch::pin();
            let (mut damaged, mut outcome, mut long) = (false, Ok(()), Vec::new());
            index.walk_chain(chain, &pin, &mut |walked| {
                if outcome.is_err() {
                    return;
                }
                match walked {
                    Walked::Memory { record, trees, .. } => {
                        outcome = tell(writer, db, record, trees, &mut long);
                    }
                    Walked::Mapped(word) => {
                        let backing = index.backing().expect("mapped words exist only over a backing");
                        match backing.load(word.address()) {
                            Ok(record) => outcome = tell_mapped(writer, db, record, &mut long),
                            Err(_) => damaged = true,
                        }
                    }
                }
            });
            drop(pin);
            if damaged {
                return Err(damaged_record(path));
            }
            outcome.map_err(failed)?;
            writer.may_wait(true);
            long.iter().try_for_each(|long| long.tell(writer, db)).map_err(failed)?;
            writer.drain().map_err(failed)?;
        }
    }
    Ok(())
}

/// A key whose value is too long to be written within the walk.
struct Long {
    key: Key<'static>,
    item: Annotation,
    value: LongValue,
}

enum LongValue {
    Rope(Rope),
    Trees(Kind, Box<NewTrees>),
    /// A record of the snapshot that the engine was opened from, taken out of its file.
    Loaded(OwnedRecord),
}

impl Long {
    fn tell<W: KeyWriter>(&self, writer: &mut W, db: u64) -> Visit {
        writer.begin(&Key { db, ..self.key.clone() }, self.item)?;
        match &self.value {
            LongValue::Rope(rope) => exchange::tell_string(Str::Rope(rope), writer)?,
            LongValue::Trees(kind, trees) => writer.container(*kind, &Contents::shared(trees))?,
            LongValue::Loaded(record) => tell_value(writer, record.as_record())?,
        }
        writer.end()
    }
}

fn tell_value<W: KeyWriter>(writer: &mut W, record: Record<'_>) -> Visit {
    match record.kind() {
        Kind::String => exchange::tell_string(record.value(), writer),
        kind => writer.container(kind, &Contents::of(record.body())),
    }
}

fn key_of(record: Record<'_>, db: u64) -> Key<'_> {
    Key { expire_at: record.expire_at().map(|at| at.0), ..Key::new(db, record.key()) }
}

fn owned(key: Key<'_>) -> Key<'static> {
    let name = key.name.to_vec().into();
    Key { name, ..key }
}

/// Writes a record, or puts its value aside for later; `trees` are a share of a large container's.
fn tell<W: KeyWriter>(
    writer: &mut W,
    db: u64,
    record: Record<'_>,
    trees: Option<Box<NewTrees>>,
    long: &mut Vec<Long>,
) -> Visit {
    if record.is_place() {
        return Ok(());
    }
    let item = Annotation::of(record.flags(), record.marks());
    let key = key_of(record, db);
    let value = match (trees, record.value()) {
        (Some(trees), _) => LongValue::Trees(record.kind(), trees),
        (None, Str::Rope(rope)) => LongValue::Rope(rope.clone()),
        (None, Str::Inline(_)) => {
            writer.begin(&key, item)?;
            tell_value(writer, record)?;
            return writer.end();
        }
    };
    long.push(Long { key: owned(key), item, value });
    Ok(())
}

/// The same for a record that lies in the snapshot's file.
fn tell_mapped<W: KeyWriter>(writer: &mut W, db: u64, record: OwnedRecord, long: &mut Vec<Long>) -> Visit {
    let view = record.as_record();
    if view.trees().is_none() && matches!(view.value(), Str::Inline(_)) {
        return tell(writer, db, view, None, long);
    }
    let (key, item) = (owned(key_of(view, db)), Annotation::of(view.flags(), view.marks()));
    long.push(Long { key, item, value: LongValue::Loaded(record) });
    Ok(())
}
