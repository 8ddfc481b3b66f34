//! From an RDB file to keys of the engine.

use std::path::Path;

use super::{ITEM_AUX, storage_error};
use crate::clock::UnixMillis;
use crate::engine::{DbIndex, Engine};
use crate::eviction;
use crate::exchange::{Builder, Built};
use crate::index::ahead::AHEAD_KEYS;
use crate::limits::DATABASES;
use crate::log::entry::Annotation;
use crate::operation::Operation;
use crate::persistence::StorageError;
use crate::rdb::visitor::{Consumer, Fields, Group, Key, Pending, StreamId, StreamMeta};
use crate::rdb::{FileVisitor, RdbError, Shape, Stop, ValueVisitor, Visit, read_file};
use crate::record::Effect;
use crate::transaction::Entry;
use smallvec::SmallVec;

/// Keys under one epoch pin: garbage is freed in between.
const KEYS_PER_PIN: u64 = 256;

/// What a file brought.
#[derive(Clone, Copy, Debug)]
pub struct Loaded {
    pub keys: u64,
    /// Bytes of the file; what follows are commands.
    pub bytes: u64,
}

/// What becomes of keys whose time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expired {
    Drop,
    /// The commands that follow the file were logged while they lived.
    Keep,
}

/// Adds the keys of the RDB file that `bytes`, from `path`, begin with. After an error some of them are there.
pub fn load(engine: &Engine, path: &Path, bytes: &[u8], expired: Expired) -> Result<Loaded, StorageError> {
    let mut loader = Loader {
        engine,
        op: begin(engine),
        now: UnixMillis::now(),
        expired,
        key: None,
        item: Annotation::default(),
        builder: Builder::new(engine),
        waiting: Vec::with_capacity(AHEAD_KEYS),
        loaded: 0,
        pinned_until: KEYS_PER_PIN,
        dropped: 0,
        empty: 0,
    };
    let summary = read_file(bytes, &mut loader).map_err(|error| storage_error(path, error))?;
    loader.store().map_err(|stop| storage_error(path, RdbError::stopped(summary.bytes, stop)))?;
    tracing::info!(
        "Loaded {} keys from the RDB file {} (version {}), {} were expired, {} empty",
        loader.loaded,
        path.display(),
        summary.version,
        loader.dropped,
        loader.empty
    );
    Ok(Loaded { keys: loader.loaded, bytes: summary.bytes })
}

struct Loader<'a> {
    engine: &'a Engine,
    op: Operation<'a>,
    now: UnixMillis,
    expired: Expired,
    key: Option<Key<'static>>,
    /// What memcached adds to the key that follows.
    item: Annotation,
    builder: Builder<'a>,
    /// Keys that have been read and are not in the engine yet.
    waiting: Vec<Waiting>,
    loaded: u64,
    /// The epoch is pinned anew when so many keys are loaded.
    pinned_until: u64,
    dropped: u64,
    /// Keys with empty values, which Redis leaves out too.
    empty: u64,
}

/// A key that has been read.
struct Waiting {
    db: DbIndex,
    key: Key<'static>,
    item: Annotation,
    built: Built,
}

fn begin(engine: &Engine) -> Operation<'_> {
    let op = engine.begin();
    // A key that is over is there all the same: it is noticed when it comes twice, and commands may follow.
    op.stop_time(UnixMillis(1));
    op
}

impl Loader<'_> {
    /// Takes a key with its value to those that wait.
    fn accept(&mut self, built: Option<Built>) -> Visit {
        let key = self.key.take().ok_or_else(|| Stop::refused("a value without a key"))?;
        let item = std::mem::take(&mut self.item);
        let expire_at = key.expire_at.map(UnixMillis);
        if self.expired == Expired::Drop && expire_at.is_some_and(|at| at < self.now) {
            self.dropped += 1;
            return Ok(());
        }
        let Some(built) = built else {
            self.empty += 1;
            return Ok(());
        };
        let db = self.database(key.db)?;
        self.waiting.push(Waiting { db, key, item, built });
        if self.waiting.len() == AHEAD_KEYS { self.store() } else { Ok(()) }
    }

    /// Puts the keys that wait into the engine: together, so that their buckets come from memory at the same time.
    fn store(&mut self) -> Visit {
        let names: SmallVec<[&[u8]; AHEAD_KEYS]> =
            self.waiting.iter().map(|waiting| waiting.key.name.as_ref()).collect();
        // Keys of one database follow one another.
        if let Some(first) = self.waiting.first() {
            self.op.look_ahead(first.db, &names);
        }
        drop(names);
        for waiting in self.waiting.drain(..) {
            let Waiting { db, key, item, mut built } = waiting;
            let mut entry = Entry::latch(&self.op, db, &key.name)
                .map_err(|_| Stop::refused("a record of the loaded snapshot is damaged"))?;
            if entry.record().is_some() {
                let name = String::from_utf8_lossy(&key.name).into_owned();
                return Err(Stop::refused(format!("the key '{name}' of database {db} comes twice")));
            }
            let draft = built.draft(key.expire_at.map(UnixMillis), item.flags);
            entry.put_marked(draft, item.marks(), Effect::Silent);
            let access = eviction::carried_access(key.idle, key.frequency, &self.op);
            if let (Some(record), Some(access)) = (entry.record(), access) {
                record.set_access(access);
            }
            self.loaded += 1;
        }
        if self.loaded >= self.pinned_until {
            self.op = begin(self.engine);
            self.pinned_until = self.loaded + KEYS_PER_PIN;
        }
        Ok(())
    }

    fn database(&self, number: u64) -> Result<DbIndex, Stop> {
        let databases = self.engine.config().databases.min(DATABASES);
        if number >= databases as u64 {
            return Err(Stop::refused(format!(
                "it uses database {number}, but only {databases} are configured"
            )));
        }
        Ok(number as DbIndex)
    }
}

impl FileVisitor for Loader<'_> {
    fn aux(&mut self, name: &[u8], value: &[u8]) -> Visit {
        if name == ITEM_AUX {
            self.item = Annotation::decode(value);
        }
        Ok(())
    }

    fn function(&mut self, code: &[u8]) -> Visit {
        self.engine.libraries().load(code).map_err(Stop::refused)
    }

    fn key(&mut self, key: &Key<'_>) -> Visit {
        let name = key.name.to_vec().into();
        self.key = Some(Key { name, ..key.clone() });
        Ok(())
    }

    fn skipped(&mut self, what: &str) {
        tracing::warn!("Left out of the RDB file: {what}");
    }
}

impl ValueVisitor for Loader<'_> {
    fn begin_value(&mut self, shape: Shape) -> Visit {
        self.builder.begin_value(shape)
    }
    fn string(&mut self, piece: &[u8]) -> Visit {
        self.builder.string(piece)
    }
    fn list_element(&mut self, element: &[u8]) -> Visit {
        self.builder.list_element(element)
    }
    fn set_member(&mut self, member: &[u8]) -> Visit {
        self.builder.set_member(member)
    }
    fn hash_field(&mut self, field: &[u8], value: &[u8], expire_at: Option<u64>) -> Visit {
        self.builder.hash_field(field, value, expire_at)
    }
    fn sorted_set_member(&mut self, member: &[u8], score: f64) -> Visit {
        self.builder.sorted_set_member(member, score)
    }
    fn stream_entry(&mut self, id: StreamId, fields: Fields<'_>) -> Visit {
        self.builder.stream_entry(id, fields)
    }
    fn stream_meta(&mut self, meta: &StreamMeta) -> Visit {
        self.builder.stream_meta(meta)
    }
    fn stream_group(&mut self, group: &Group<'_>) -> Visit {
        self.builder.stream_group(group)
    }
    fn stream_pending(&mut self, pending: &Pending) -> Visit {
        self.builder.stream_pending(pending)
    }
    fn stream_consumers(&mut self, count: u64) -> Visit {
        self.builder.stream_consumers(count)
    }
    fn stream_consumer(&mut self, consumer: &Consumer<'_>) -> Visit {
        self.builder.stream_consumer(consumer)
    }
    fn stream_owned(&mut self, id: StreamId) -> Visit {
        self.builder.stream_owned(id)
    }
    fn end_value(&mut self) -> Visit {
        self.builder.end_value()?;
        let built = self.builder.take();
        self.accept(built)
    }
}
