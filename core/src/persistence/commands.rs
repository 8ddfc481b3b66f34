//! Values as the commands that make them: what a base in RESP is made of.
//!
//! Containers are added to 64 elements at a time, as Redis does; streams are XADD, XGROUP, XCLAIM and XSETID. The bytes
//! go to the file as they come, however large a value is; a mark stands behind every group of whole commands.
//!
//! What a consumer has not acknowledged may be gone from its stream, and XCLAIM claims only what is there: such an
//! entry is added, claimed and taken away again. Redis' own rewrite forgets it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::iter::Peekable;

use crate::container::stream::Id;
use crate::double;
use crate::exchange::{self, Contents};
use crate::index::Index;
use crate::log::Lsn;
use crate::log::entry::{Annotation, encode_command};
use crate::log::mark::{GroupSum, Mark};
use crate::rdb::visitor::{Consumer, Fields, Group, Key, Pending, StreamId, StreamMeta};
use crate::rdb::{self, Shape, Stop, ValueVisitor, Visit};
use crate::record::{Kind, Str};

use super::exchange::KeyWriter;

/// Bytes between two marks.
const GROUP_BYTES: usize = 1024 * 1024;
/// Bytes that are gathered before they go to the file.
const BUFFER_BYTES: usize = 256 * 1024;
/// Elements of a container that one command adds, as in Redis.
const ELEMENTS_PER_COMMAND: usize = 64;

/// Writes marked groups of commands.
pub struct CommandWriter {
    file: File,
    buffer: Vec<u8>,
    may_wait: bool,
    /// The group that is being written: where it begins, its sum and length so far.
    position: Lsn,
    sum: GroupSum,
    group_bytes: u64,
    key: Vec<u8>,
    expire_at: Option<u64>,
    item: Annotation,
    kind: rdb::Kind,
    /// The words behind the key of the command being put together.
    words: Vec<u8>,
    words_count: usize,
    elements: usize,
    stream: StreamState,
}

/// Where a stream is.
#[derive(Default)]
struct StreamState {
    /// Entries that are pending and gone, and whether they belong in front of all that are there.
    missing: BTreeMap<Id, bool>,
    next_missing: Option<Peekable<std::collections::btree_map::IntoIter<Id, bool>>>,
    meta: StreamMeta,
    group: Vec<u8>,
    pending: BTreeMap<StreamId, (i64, u64)>,
    consumer: Vec<u8>,
}

fn text(id: StreamId) -> String {
    format!("{}-{}", id.ms, id.seq)
}

impl CommandWriter {
    pub fn new(mut file: File) -> std::io::Result<CommandWriter> {
        file.write_all(&Mark::header(Lsn(0)).encode())?;
        Ok(CommandWriter {
            file,
            buffer: Vec::new(),
            may_wait: true,
            position: Lsn(0),
            sum: GroupSum::default(),
            group_bytes: 0,
            key: Vec::new(),
            expire_at: None,
            item: Annotation::default(),
            kind: rdb::Kind::String,
            words: Vec::new(),
            words_count: 0,
            elements: 0,
            stream: StreamState::default(),
        })
    }

    /// Writes the last group and syncs the file.
    pub fn finish(mut self) -> std::io::Result<()> {
        self.write_buffer()?;
        self.write_mark()?;
        self.file.sync_all()
    }

    fn write_buffer(&mut self) -> std::io::Result<()> {
        self.file.write_all(&self.buffer)?;
        self.sum.update(&self.buffer);
        self.group_bytes += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    fn write_mark(&mut self) -> std::io::Result<()> {
        if self.group_bytes > 0 {
            let mark = std::mem::take(&mut self.sum).mark(self.position, self.group_bytes);
            self.file.write_all(&mark.encode())?;
            self.position = mark.end();
            self.group_bytes = 0;
        }
        Ok(())
    }

    /// Within a command: gives the bytes to the file if there are many.
    fn spill(&mut self) -> Visit {
        if self.may_wait && self.buffer.len() >= BUFFER_BYTES {
            self.write_buffer()?;
        }
        Ok(())
    }

    /// Behind a command.
    fn between(&mut self) -> Visit {
        self.spill()?;
        if self.may_wait && self.group_bytes >= GROUP_BYTES as u64 {
            self.write_buffer()?;
            self.write_mark()?;
        }
        Ok(())
    }

    fn command(&mut self, words: &[&[u8]]) -> Visit {
        let words: Vec<Str<'_>> = words.iter().map(|word| Str::Inline(word)).collect();
        encode_command(&mut self.buffer, &words);
        self.between()
    }

    fn word(&mut self, word: &[u8]) {
        push_bulk(&mut self.words, word);
        self.words_count += 1;
    }

    /// Behind the words of an element.
    fn end_element(&mut self) -> Visit {
        self.elements += 1;
        if self.elements == ELEMENTS_PER_COMMAND || self.words.len() >= BUFFER_BYTES {
            return self.end_command();
        }
        Ok(())
    }

    /// Writes the command whose words have been gathered.
    fn end_command(&mut self) -> Visit {
        if self.words_count == 0 {
            return Ok(());
        }
        let name: &[u8] = match self.kind {
            rdb::Kind::List => b"RPUSH",
            rdb::Kind::Set => b"SADD",
            rdb::Kind::Hash => b"HSET",
            _ => b"ZADD",
        };
        self.open(self.words_count + 2, name);
        self.buffer.append(&mut self.words);
        self.words_count = 0;
        self.elements = 0;
        self.between()
    }

    /// Begins a command on the key, of so many words.
    fn open(&mut self, words: usize, name: &[u8]) {
        self.buffer.push(b'*');
        self.buffer.extend_from_slice(itoa::Buffer::new().format(words).as_bytes());
        self.buffer.extend_from_slice(b"\r\n");
        push_bulk(&mut self.buffer, name);
        push_bulk(&mut self.buffer, &self.key);
    }

    fn on_key(&mut self, name: &[u8], words: &[&[u8]]) -> Visit {
        self.open(words.len() + 2, name);
        words.iter().for_each(|word| push_bulk(&mut self.buffer, word));
        self.between()
    }

    /// Adds the missing entries in front of `id`, or all that are left.
    fn add_missing(&mut self, before: Option<Id>) -> Visit {
        loop {
            let Some(missing) = &mut self.stream.next_missing else { return Ok(()) };
            let next = missing.next_if(|(id, _)| before.is_none_or(|before| *id < before));
            let Some((id, _)) = next else { return Ok(()) };
            self.on_key(b"XADD", &[id.to_string().as_bytes(), b"x", b"y"])?;
        }
    }

    /// Takes the missing entries away again, and says what the stream knows of itself.
    fn end_stream(&mut self) -> Visit {
        let StreamState { missing, meta, .. } = std::mem::take(&mut self.stream);
        if missing.values().any(|is_in_front| *is_in_front) {
            // XTRIM leaves no trace; XDEL would.
            match meta.length {
                0 => self.on_key(b"XTRIM", &[b"MAXLEN", b"=", b"0"])?,
                _ => self.on_key(b"XTRIM", &[b"MINID", b"=", text(meta.first_id).as_bytes()])?,
            }
        }
        for (id, _) in missing.iter().filter(|(_, is_in_front)| !**is_in_front) {
            self.on_key(b"XDEL", &[id.to_string().as_bytes()])?;
        }
        let (last, deleted) = (text(meta.last_id), text(meta.max_deleted_id));
        let mut added = itoa::Buffer::new();
        let added = added.format(meta.entries_added).as_bytes();
        self.on_key(
            b"XSETID",
            &[last.as_bytes(), b"ENTRIESADDED", added, b"MAXDELETEDID", deleted.as_bytes()],
        )
    }
}

fn push_bulk(buffer: &mut Vec<u8>, bytes: &[u8]) {
    buffer.push(b'$');
    buffer.extend_from_slice(itoa::Buffer::new().format(bytes.len()).as_bytes());
    buffer.extend_from_slice(b"\r\n");
    buffer.extend_from_slice(bytes);
    buffer.extend_from_slice(b"\r\n");
}

impl KeyWriter for CommandWriter {
    fn library(&mut self, code: &[u8]) -> Visit {
        self.command(&[b"function", b"load", b"replace", code])
    }

    fn database(&mut self, db: u64, _: &Index) -> Visit {
        self.command(&[b"select", itoa::Buffer::new().format(db).as_bytes()])
    }

    fn begin(&mut self, key: &Key<'_>, item: Annotation) -> Visit {
        self.key.clear();
        self.key.extend_from_slice(&key.name);
        (self.expire_at, self.item) = (key.expire_at, item);
        Ok(())
    }

    fn container(&mut self, kind: Kind, contents: &Contents<'_>) -> Visit {
        self.stream = StreamState::default();
        if kind == Kind::Stream {
            self.stream.missing = exchange::missing_entries(contents)?;
            self.stream.next_missing = Some(self.stream.missing.clone().into_iter().peekable());
        }
        exchange::tell_container(kind, contents, self)
    }

    fn end(&mut self) -> Visit {
        match self.expire_at {
            // A string's time stands in its SET.
            Some(at) if self.kind != rdb::Kind::String => {
                self.on_key(b"PEXPIREAT", &[itoa::Buffer::new().format(at).as_bytes()])
            }
            _ => Ok(()),
        }
    }

    fn may_wait(&mut self, may: bool) {
        self.may_wait = may;
    }

    fn drain(&mut self) -> Visit {
        self.between()
    }
}

impl ValueVisitor for CommandWriter {
    fn begin_value(&mut self, shape: Shape) -> Visit {
        self.kind = shape.kind;
        if shape.kind == rdb::Kind::String {
            self.item.encode(&mut self.buffer);
            self.open(if self.expire_at.is_some() { 5 } else { 3 }, b"SET");
            self.buffer.push(b'$');
            let len = shape.elements.ok_or_else(|| Stop::refused("a string of unknown length"))?;
            self.buffer.extend_from_slice(itoa::Buffer::new().format(len).as_bytes());
            self.buffer.extend_from_slice(b"\r\n");
        }
        Ok(())
    }

    fn string(&mut self, piece: &[u8]) -> Visit {
        self.buffer.extend_from_slice(piece);
        self.spill()
    }

    fn list_element(&mut self, element: &[u8]) -> Visit {
        self.word(element);
        self.end_element()
    }

    fn set_member(&mut self, member: &[u8]) -> Visit {
        self.word(member);
        self.end_element()
    }

    fn hash_field(&mut self, field: &[u8], value: &[u8], expire_at: Option<u64>) -> Visit {
        if let Some(at) = expire_at {
            let mut digits = itoa::Buffer::new();
            let at = digits.format(at).as_bytes();
            return self.on_key(b"HSETEX", &[b"PXAT", at, b"FIELDS", b"1", field, value]);
        }
        self.word(field);
        self.word(value);
        self.end_element()
    }

    fn sorted_set_member(&mut self, member: &[u8], score: f64) -> Visit {
        self.word(double::text(score).as_slice());
        self.word(member);
        self.end_element()
    }

    fn stream_entry(&mut self, id: StreamId, fields: Fields<'_>) -> Visit {
        self.add_missing(Some(Id { millis: id.ms, sequence: id.seq }))?;
        self.open(3 + 2 * fields.len(), b"XADD");
        push_bulk(&mut self.buffer, text(id).as_bytes());
        for (field, value) in fields.iter() {
            push_bulk(&mut self.buffer, field);
            push_bulk(&mut self.buffer, value);
        }
        self.between()
    }

    fn stream_meta(&mut self, meta: &StreamMeta) -> Visit {
        self.add_missing(None)?;
        self.stream.meta = *meta;
        if meta.length == 0 && self.stream.missing.is_empty() {
            // As Redis makes an empty stream.
            let id = meta.last_id.max(StreamId { ms: 0, seq: 1 });
            return self.on_key(b"XADD", &[b"MAXLEN", b"0", text(id).as_bytes(), b"x", b"y"]);
        }
        Ok(())
    }

    fn stream_group(&mut self, group: &Group<'_>) -> Visit {
        self.stream.group = group.name.to_vec();
        self.stream.pending.clear();
        let mut digits = itoa::Buffer::new();
        let read = group.entries_read.map_or("-1", |read| digits.format(read));
        let (last, key) = (text(group.last_id), self.key.clone());
        let words: [&[u8]; 7] =
            [b"XGROUP", b"CREATE", &key, group.name, last.as_bytes(), b"ENTRIESREAD", read.as_bytes()];
        self.command(&words)
    }

    fn stream_pending(&mut self, pending: &Pending) -> Visit {
        self.stream.pending.insert(pending.id, (pending.delivered_at, pending.deliveries));
        Ok(())
    }

    fn stream_consumer(&mut self, consumer: &Consumer<'_>) -> Visit {
        self.stream.consumer = consumer.name.to_vec();
        if consumer.pending > 0 {
            return Ok(());
        }
        let (key, group) = (self.key.clone(), self.stream.group.clone());
        self.command(&[b"XGROUP", b"CREATECONSUMER", &key, &group, consumer.name])
    }

    fn stream_owned(&mut self, id: StreamId) -> Visit {
        let found = self.stream.pending.get(&id);
        let (at, count) = *found.ok_or_else(|| Stop::refused("a consumer has what is not pending"))?;
        let (mut time, mut deliveries) = (itoa::Buffer::new(), itoa::Buffer::new());
        let (id, group, consumer) = (text(id), self.stream.group.clone(), self.stream.consumer.clone());
        self.on_key(
            b"XCLAIM",
            &[
                &group,
                &consumer,
                b"0",
                id.as_bytes(),
                b"TIME",
                time.format(at).as_bytes(),
                b"RETRYCOUNT",
                deliveries.format(count).as_bytes(),
                b"JUSTID",
                b"FORCE",
            ],
        )
    }

    fn end_value(&mut self) -> Visit {
        match self.kind {
            rdb::Kind::String => {
                self.buffer.extend_from_slice(b"\r\n");
                if let Some(at) = self.expire_at {
                    push_bulk(&mut self.buffer, b"PXAT");
                    push_bulk(&mut self.buffer, itoa::Buffer::new().format(at).as_bytes());
                }
                self.between()
            }
            rdb::Kind::Stream => self.end_stream(),
            _ => self.end_command(),
        }
    }
}
