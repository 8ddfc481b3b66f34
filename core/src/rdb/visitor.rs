//! What a file or payload holds, as events: the reader calls a visitor, and whoever writes calls the writer, which is a
//! visitor too. Elements come one by one, so that no large value exists twice.
//!
//! Order: [`ValueVisitor::begin_value`], the elements of its kind, [`ValueVisitor::end_value`]. A string comes in
//! pieces. A stream is its entries, [`ValueVisitor::stream_meta`], then for each group: the group, its pending entries,
//! [`ValueVisitor::stream_consumers`], and for each consumer: the consumer, the ids that it owns.
//!
//! Whoever receives must expect duplicates of members, fields, groups and consumers, and values without elements: the
//! reader, which holds no value, cannot notice them (Redis skips empty values of a file, and refuses an empty payload).

use std::borrow::Cow;

use super::error::Stop;

/// What a visitor answers.
pub type Visit = Result<(), Stop>;

/// The types of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    String,
    List,
    Set,
    Hash,
    SortedSet,
    Stream,
}

/// What is known of a value before its elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub kind: Kind,
    /// Elements, fields, or bytes of a string. From the reader it is what the file claims, not to be trusted; the
    /// writer needs it exactly.
    pub elements: Option<u64>,
    /// About how many bytes the elements are together, where that is known; the writer cuts streams by it.
    pub bytes: Option<u64>,
    /// Fields of this hash may have an expiry of their own.
    pub fields_expire: bool,
}

impl Shape {
    pub fn new(kind: Kind, elements: u64) -> Shape {
        Shape { kind, elements: Some(elements), bytes: None, fields_expire: false }
    }

    pub(super) fn unknown(kind: Kind) -> Shape {
        Shape { kind, elements: None, bytes: None, fields_expire: false }
    }
}

/// A key of a file, without its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key<'a> {
    pub db: u64,
    pub name: Cow<'a, [u8]>,
    /// Milliseconds since 1970.
    pub expire_at: Option<u64>,
    /// Seconds since the last access, from a server that evicts by LRU.
    pub idle: Option<u64>,
    /// The logarithmic counter of a server that evicts by LFU.
    pub frequency: Option<u8>,
}

impl<'a> Key<'a> {
    pub fn new(db: u64, name: &'a [u8]) -> Key<'a> {
        Key { db, name: Cow::Borrowed(name), expire_at: None, idle: None, frequency: None }
    }
}

/// The id of a stream's entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    pub ms: u64,
    pub seq: u64,
}

impl StreamId {
    pub const MIN: StreamId = StreamId { ms: 0, seq: 0 };

    /// Big-endian, as radix trees sort them.
    pub fn to_bytes(self) -> [u8; 16] {
        ((u128::from(self.ms) << 64) | u128::from(self.seq)).to_be_bytes()
    }

    pub fn from_bytes(bytes: [u8; 16]) -> StreamId {
        let number = u128::from_be_bytes(bytes);
        StreamId { ms: (number >> 64) as u64, seq: number as u64 }
    }
}

/// Fields and values of a stream's entry, in turn.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    bytes: &'a [u8],
    /// Where each piece ends.
    ends: &'a [usize],
}

impl<'a> Fields<'a> {
    /// `ends` are the ends of consecutive pieces of `bytes`: field, value, field, value ...
    pub fn new(bytes: &'a [u8], ends: &'a [usize]) -> Fields<'a> {
        debug_assert!(ends.len().is_multiple_of(2) && ends.last().is_none_or(|end| *end <= bytes.len()));
        Fields { bytes, ends }
    }

    /// Number of pairs.
    pub fn len(&self) -> usize {
        self.ends.len() / 2
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The pairs of field and value.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        let (bytes, ends) = (self.bytes, self.ends);
        (0..ends.len() / 2).map(move |pair| {
            let start = if pair == 0 { 0 } else { ends[2 * pair - 1] };
            let (middle, end) = (ends[2 * pair], ends[2 * pair + 1]);
            (&bytes[start..middle], &bytes[middle..end])
        })
    }
}

/// What a stream knows of itself besides its entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamMeta {
    /// Entries that are in it.
    pub length: u64,
    pub last_id: StreamId,
    pub first_id: StreamId,
    pub max_deleted_id: StreamId,
    pub entries_added: u64,
    /// Consumer groups that follow.
    pub groups: u64,
}

/// A consumer group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group<'a> {
    pub name: &'a [u8],
    pub last_id: StreamId,
    /// How many entries of all that were ever added it has read; `None` where that is not known any more.
    pub entries_read: Option<u64>,
    /// Pending entries that follow, in the order of their ids.
    pub pending: u64,
}

/// An entry that was delivered and not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    pub id: StreamId,
    /// Milliseconds since 1970.
    pub delivered_at: i64,
    pub deliveries: u64,
}

/// A consumer of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consumer<'a> {
    pub name: &'a [u8],
    /// Milliseconds since 1970 of the last attempt to read.
    pub seen_at: i64,
    /// ... and of the last that got something; -1 if none did.
    pub active_at: i64,
    /// Ids of pending entries that follow, in order.
    pub pending: u64,
}

/// Receives a value. Who does not care for a kind leaves its methods as they are: they pass over it.
#[allow(unused_variables)]
pub trait ValueVisitor {
    fn begin_value(&mut self, shape: Shape) -> Visit;
    /// The next piece of a string; an empty string has none.
    fn string(&mut self, piece: &[u8]) -> Visit {
        Ok(())
    }
    fn list_element(&mut self, element: &[u8]) -> Visit {
        Ok(())
    }
    fn set_member(&mut self, member: &[u8]) -> Visit {
        Ok(())
    }
    /// `expire_at` in milliseconds since 1970.
    fn hash_field(&mut self, field: &[u8], value: &[u8], expire_at: Option<u64>) -> Visit {
        Ok(())
    }
    /// The score is not NaN.
    fn sorted_set_member(&mut self, member: &[u8], score: f64) -> Visit {
        Ok(())
    }
    /// Entries come in the order of their ids.
    fn stream_entry(&mut self, id: StreamId, fields: Fields<'_>) -> Visit {
        Ok(())
    }
    fn stream_meta(&mut self, meta: &StreamMeta) -> Visit {
        Ok(())
    }
    fn stream_group(&mut self, group: &Group<'_>) -> Visit {
        Ok(())
    }
    fn stream_pending(&mut self, pending: &Pending) -> Visit {
        Ok(())
    }
    /// How many consumers of the group follow.
    fn stream_consumers(&mut self, count: u64) -> Visit {
        Ok(())
    }
    fn stream_consumer(&mut self, consumer: &Consumer<'_>) -> Visit {
        Ok(())
    }
    /// A pending entry of the group that belongs to the consumer.
    fn stream_owned(&mut self, id: StreamId) -> Visit {
        Ok(())
    }
    fn end_value(&mut self) -> Visit;
}

/// Receives a file.
pub trait FileVisitor: ValueVisitor {
    /// A remark about the file (`redis-ver`, `ctime`, `aof-base` ...).
    fn aux(&mut self, name: &[u8], value: &[u8]) -> Visit {
        let _ = (name, value);
        Ok(())
    }
    /// A library of functions in its source code.
    fn function(&mut self, code: &[u8]) -> Visit;
    /// How many keys of a database follow, as the file claims.
    fn sizes(&mut self, db: u64, keys: u64, expires: u64) -> Visit {
        let _ = (db, keys, expires);
        Ok(())
    }
    /// The key of the value that follows.
    fn key(&mut self, key: &Key<'_>) -> Visit;
    /// Something that is not for us, and was passed over: `what` says so in words.
    fn skipped(&mut self, what: &str) {
        let _ = what;
    }
    /// A key with a module's value, which is passed over unless this is an error.
    fn module_key(&mut self, key: &Key<'_>, module: &str) -> Visit {
        Err(Stop::refused(format!(
            "the key '{}' holds a value of the module type '{module}', which is not supported",
            String::from_utf8_lossy(&key.name[..key.name.len().min(64)])
        )))
    }
}
