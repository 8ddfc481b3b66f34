//! Changing a stream.
//!
//! Each change reads the paths of all that it touches before the first of them is changed: where a node of a file is
//! damaged it fails as a whole, and what was changed before can be put.

use super::group::{consumer_key, owned_key, pending_key};
use super::{CONSUMERS, Consumer, ENTRIES, GROUPS, Group, Id, Meta, PENDING, Pending, Stream, encode_fields};
use crate::command::Failure;
use crate::container::Finished;
use crate::index::Damaged;
use crate::record::{Draft, Effect, Kind, Record};
use crate::transaction::Entry;
use crate::tree::{Edit, TreeRef};

/// A stream being changed, or made.
pub struct StreamEdit<'a> {
    pub meta: Meta,
    edits: [Edit<'a>; 4],
}

impl<'a> StreamEdit<'a> {
    /// Begins with the stream in the entry's record, or with an empty one.
    pub fn of(entry: &Entry<'a>, record: Option<Record<'a>>) -> Result<StreamEdit<'a>, Failure> {
        let Some(record) = record else { return Ok(Self::empty()) };
        let stream = Stream::of(record)?;
        Ok(StreamEdit { meta: stream.meta, edits: stream.trees.map(|tree| entry.edit(tree)) })
    }

    /// Begins with nothing.
    pub fn empty() -> StreamEdit<'a> {
        StreamEdit { meta: Meta::default(), edits: std::array::from_fn(|_| Edit::new(TreeRef::EMPTY, false)) }
    }

    /// The stream as changed so far.
    pub fn view(&self) -> Stream<'_> {
        let [entries, groups, consumers, pending] = &self.edits;
        Stream { meta: self.meta, trees: [entries.tree(), groups.tree(), consumers.tree(), pending.tree()] }
    }

    /// Adds an entry behind all others.
    pub fn add(&mut self, id: Id, strings: &[&[u8]]) -> Result<(), Damaged> {
        self.edits[ENTRIES].append(&id.encode(), &encode_fields(strings))?;
        self.meta.last = self.meta.last.max(id);
        self.meta.added += 1;
        Ok(())
    }

    /// Adds an entry whose fields are encoded, wherever it belongs, and counts nothing.
    pub fn place(&mut self, id: Id, fields: &[u8]) -> Result<(), Damaged> {
        self.edits[ENTRIES].put(&id.encode(), fields).map(|_| ())
    }

    /// Removes the first `count` entries.
    pub fn trim(&mut self, count: u64) -> Result<(), Damaged> {
        self.edits[ENTRIES].remove_range(0..count)
    }

    /// Removes an entry as XDEL does; whether it was there.
    pub fn delete(&mut self, id: Id) -> Result<bool, Damaged> {
        let found = self.edits[ENTRIES].remove(&id.encode())?;
        if found {
            self.meta.max_deleted = self.meta.max_deleted.max(id);
        }
        Ok(found)
    }

    /// Makes a group; `false` if there is one of this name.
    pub fn add_group(&mut self, name: &[u8], last: Id, read: Option<u64>) -> Result<bool, Damaged> {
        if self.edits[GROUPS].tree().get(name)?.is_some() {
            return Ok(false);
        }
        let group = Group { number: self.meta.next_group, last, read, next_consumer: 0 };
        self.meta.next_group += 1;
        self.set_group(name, group)?;
        Ok(true)
    }

    pub fn set_group(&mut self, name: &[u8], group: Group) -> Result<(), Damaged> {
        self.edits[GROUPS].put(name, &group.encode()).map(|_| ())
    }

    /// Removes a group with all that belongs to it.
    pub fn remove_group(&mut self, name: &[u8], group: Group) -> Result<(), Damaged> {
        let after = (u64::from(group.number) + 1).to_be_bytes();
        let mut ranges = Vec::with_capacity(2);
        for tree in [CONSUMERS, PENDING] {
            let begin = self.edits[tree].tree().place(&group.number.to_be_bytes())?.rank;
            let end = match group.number {
                u32::MAX => self.edits[tree].len(),
                _ => self.edits[tree].tree().place(&after[4..])?.rank,
            };
            if begin < end {
                self.edits[tree].tree().at(begin)?;
                self.edits[tree].tree().at(end - 1)?;
            }
            ranges.push((tree, begin..end));
        }
        self.edits[GROUPS].remove(name)?;
        ranges.into_iter().try_for_each(|(tree, range)| self.edits[tree].remove_range(range))
    }

    /// The consumer called `name`, made where it is not there; whether it was made.
    pub fn consumer(
        &mut self,
        group_name: &[u8],
        group: &mut Group,
        name: &[u8],
        now: u64,
    ) -> Result<(Consumer, bool), Damaged> {
        if let Some(consumer) = self.view().consumer(*group, name)? {
            return Ok((consumer, false));
        }
        let consumer = Consumer { number: group.next_consumer, seen: now, active: None };
        group.next_consumer += 1;
        self.set_group(group_name, *group)?;
        self.set_consumer(*group, name, consumer)?;
        Ok((consumer, true))
    }

    pub fn set_consumer(&mut self, group: Group, name: &[u8], consumer: Consumer) -> Result<(), Damaged> {
        self.edits[CONSUMERS].put(&consumer_key(group.number, name), &consumer.encode()).map(|_| ())
    }

    /// Removes a consumer with all that it has not acknowledged; how much that was.
    pub fn remove_consumer(&mut self, group: Group, name: &[u8], consumer: Consumer) -> Result<u64, Damaged> {
        let mut ids = Vec::new();
        self.view().for_owned(group, consumer, Id::MIN, |pending| {
            ids.push(pending.id);
            true
        })?;
        for id in &ids {
            self.edits[PENDING].remove(&pending_key(group.number, *id))?;
        }
        let key = |id| owned_key(group.number, consumer.number, id);
        let begin = self.edits[PENDING].tree().place(&key(Id::MIN))?.rank;
        self.edits[PENDING].remove_range(begin..begin + ids.len() as u64)?;
        self.edits[CONSUMERS].remove(&consumer_key(group.number, name))?;
        Ok(ids.len() as u64)
    }

    /// Notes that a consumer has an entry that it is to acknowledge; whoever had it has it no longer.
    pub fn set_pending(&mut self, group: Group, pending: Pending) -> Result<(), Damaged> {
        let before = self.view().pending(group, pending.id)?;
        let mut owned = before.map(|before| before.consumer).into_iter().chain([pending.consumer]);
        owned.try_for_each(|consumer| self.look_at_owned(group, consumer, pending.id))?;
        if let Some(before) = before
            && before.consumer != pending.consumer
        {
            self.edits[PENDING].remove(&owned_key(group.number, before.consumer, pending.id))?;
        }
        self.edits[PENDING].put(&pending_key(group.number, pending.id), &pending.encode())?;
        if before.is_none_or(|before| before.consumer != pending.consumer) {
            self.edits[PENDING].put(&owned_key(group.number, pending.consumer, pending.id), b"")?;
        }
        Ok(())
    }

    /// Takes an entry off a group's list; whether it was there.
    pub fn acknowledge(&mut self, group: Group, id: Id) -> Result<bool, Damaged> {
        let Some(pending) = self.view().pending(group, id)? else { return Ok(false) };
        self.look_at_owned(group, pending.consumer, id)?;
        self.edits[PENDING].remove(&pending_key(group.number, id))?;
        self.edits[PENDING].remove(&owned_key(group.number, pending.consumer, id))?;
        Ok(true)
    }

    /// Reads the path to where a consumer's pending entry is noted.
    fn look_at_owned(&self, group: Group, consumer: u32, id: Id) -> Result<(), Damaged> {
        self.edits[PENDING].tree().place(&owned_key(group.number, consumer, id)).map(|_| ())
    }

    /// Puts the stream in place of the entry's record. Streams stay when they are empty.
    pub fn put(self, entry: &mut Entry<'a>, effect: Effect<'_>) {
        let meta = self.meta.encode();
        let mut finished = Finished::trees(Kind::Stream, self.edits, &meta);
        let draft = Draft::changed(entry.record(), finished.value(), false);
        entry.put(draft, effect);
    }

    /// The stream as a value, for whoever makes one.
    pub fn finish(self) -> Finished {
        let meta = self.meta.encode();
        Finished::trees(Kind::Stream, self.edits, &meta)
    }
}
