//! From an RDB file to keys of the engine.

use std::path::Path;

use super::{ITEM_AUX, storage_error};
use crate::clock::UnixMillis;
use crate::engine::{DbIndex, Engine};
use crate::limits::{DATABASES, INLINE_BYTES_MAX};
use crate::log::entry::Annotation;
use crate::operation::Operation;
use crate::persistence::StorageError;
use crate::rdb::visitor::Key;
use crate::rdb::{FileVisitor, Kind, Shape, Stop, ValueVisitor, Visit, read_file};
use crate::record::{Draft, Effect, NewValue, Rope};
use crate::transaction::Entry;

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
        value: Value::None,
        loaded: 0,
        dropped: 0,
        functions: 0,
    };
    let summary = read_file(bytes, &mut loader).map_err(|error| storage_error(path, error))?;
    if loader.functions > 0 {
        tracing::warn!(
            "{}: {} function libraries were left out: functions are not supported yet",
            path.display(),
            loader.functions
        );
    }
    tracing::info!(
        "Loaded {} keys from the RDB file {} (version {}), {} were expired",
        loader.loaded,
        path.display(),
        summary.version,
        loader.dropped
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
    value: Value,
    loaded: u64,
    dropped: u64,
    functions: u64,
}

/// The value at hand.
enum Value {
    None,
    Small(Vec<u8>),
    Long(Rope),
}

fn begin(engine: &Engine) -> Operation<'_> {
    let op = engine.begin();
    // A key that is over is there all the same: it is noticed when it comes twice, and commands may follow.
    op.stop_time(UnixMillis(1));
    op
}

impl Loader<'_> {
    fn store(&mut self, value: Value) -> Visit {
        let key = self.key.take().ok_or_else(|| Stop::refused("a value without a key"))?;
        let item = std::mem::take(&mut self.item);
        let expire_at = key.expire_at.map(UnixMillis);
        if self.expired == Expired::Drop && expire_at.is_some_and(|at| at < self.now) {
            self.dropped += 1;
            return Ok(());
        }
        let value = match &value {
            Value::Small(bytes) => NewValue::Bytes(bytes),
            Value::Long(rope) => NewValue::Rope(rope.clone()),
            Value::None => return Err(Stop::refused("a key without a value")),
        };
        let db = self.database(key.db)?;
        let mut entry = Entry::latch(&self.op, db, &key.name)
            .map_err(|_| Stop::refused("a record of the loaded snapshot is damaged"))?;
        if entry.record().is_some() {
            let name = String::from_utf8_lossy(&key.name).into_owned();
            return Err(Stop::refused(format!("the key '{name}' of database {db} comes twice")));
        }
        let draft = Draft { value, expire_at, flags: item.flags, raw: false };
        entry.put_marked(draft, item.marks(), Effect::Silent);
        drop(entry);
        self.loaded += 1;
        if self.loaded.is_multiple_of(KEYS_PER_PIN) {
            self.op = begin(self.engine);
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

    fn function(&mut self, _: &[u8]) -> Visit {
        self.functions += 1;
        Ok(())
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
        if shape.kind != Kind::String {
            let kind = shape.kind;
            return Err(Stop::refused(format!("values of the type {kind:?} cannot be loaded yet")));
        }
        self.value = Value::Small(Vec::new());
        Ok(())
    }

    fn string(&mut self, piece: &[u8]) -> Visit {
        match &mut self.value {
            Value::Small(bytes) if bytes.len() + piece.len() <= INLINE_BYTES_MAX => {
                bytes.extend_from_slice(piece);
            }
            Value::Small(bytes) => self.value = Value::Long(Rope::from_pieces([bytes.as_slice(), piece])),
            Value::Long(rope) => *rope = rope.append(piece),
            Value::None => return Err(Stop::refused("a piece of a string outside of one")),
        }
        Ok(())
    }

    fn end_value(&mut self) -> Visit {
        let value = std::mem::replace(&mut self.value, Value::None);
        self.store(value)
    }
}
