//! Consumer groups: reading them.

use super::{CONSUMERS, GROUPS, Id, PENDING, Stream, number};
use crate::index::Damaged;
use crate::tree::{Item, TreeRef};

/// A consumer group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    pub number: u32,
    /// The last ID that was delivered.
    pub last: Id,
    /// How many entries the group has read, where that is known.
    pub read: Option<u64>,
    pub next_consumer: u32,
}

/// A consumer of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consumer {
    pub number: u32,
    /// When it last tried to read; Unix milliseconds.
    pub seen: u64,
    /// When it last got something; `None`: never.
    pub active: Option<u64>,
}

/// An entry that was delivered and not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    pub id: Id,
    /// The number of the consumer that has it.
    pub consumer: u32,
    /// When it was delivered last; Unix milliseconds.
    pub delivered: u64,
    pub deliveries: u64,
}

impl Pending {
    /// For how many milliseconds it has lain, at `now` in Unix milliseconds.
    pub fn idle(&self, now: u64) -> u64 {
        now.saturating_sub(self.delivered)
    }
}

impl Group {
    pub(super) fn decode(value: &[u8]) -> Group {
        let part = |from: usize, to: usize| value.get(from..to).unwrap_or_default();
        let read = number(part(20, 28));
        Group {
            number: number(part(0, 4)) as u32,
            last: Id::decode(part(4, 20)),
            read: (read != u64::MAX).then_some(read),
            next_consumer: number(part(28, 32)) as u32,
        }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(32);
        bytes.extend_from_slice(&self.number.to_be_bytes());
        bytes.extend_from_slice(&self.last.encode());
        bytes.extend_from_slice(&self.read.unwrap_or(u64::MAX).to_be_bytes());
        bytes.extend_from_slice(&self.next_consumer.to_be_bytes());
        bytes
    }
}

impl Consumer {
    pub(super) fn decode(value: &[u8]) -> Consumer {
        let part = |from: usize, to: usize| value.get(from..to).unwrap_or_default();
        let active = number(part(12, 20));
        Consumer {
            number: number(part(0, 4)) as u32,
            seen: number(part(4, 12)),
            active: (active != 0).then_some(active),
        }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(20);
        bytes.extend_from_slice(&self.number.to_be_bytes());
        bytes.extend_from_slice(&self.seen.to_be_bytes());
        bytes.extend_from_slice(&self.active.unwrap_or(0).to_be_bytes());
        bytes
    }
}

impl Pending {
    fn decode(item: Item<'_>) -> Pending {
        let part = |from: usize, to: usize| item.value.get(from..to).unwrap_or_default();
        Pending {
            id: Id::decode(item.key.get(5..).unwrap_or_default()),
            consumer: number(part(0, 4)) as u32,
            delivered: number(part(4, 12)),
            deliveries: number(part(12, 20)),
        }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(20);
        bytes.extend_from_slice(&self.consumer.to_be_bytes());
        bytes.extend_from_slice(&self.delivered.to_be_bytes());
        bytes.extend_from_slice(&self.deliveries.to_be_bytes());
        bytes
    }
}

/// Key of a pending entry of a group.
pub(super) fn pending_key(group: u32, id: Id) -> [u8; 21] {
    let mut key = [0; 21];
    key[..4].copy_from_slice(&group.to_be_bytes());
    key[5..].copy_from_slice(&id.encode());
    key
}

/// Key of the same entry among those of its consumer.
pub(super) fn owned_key(group: u32, consumer: u32, id: Id) -> [u8; 25] {
    let mut key = [0; 25];
    key[..4].copy_from_slice(&group.to_be_bytes());
    key[4] = 1;
    key[5..9].copy_from_slice(&consumer.to_be_bytes());
    key[9..].copy_from_slice(&id.encode());
    key
}

/// Key of a consumer.
pub(super) fn consumer_key(group: u32, name: &[u8]) -> Vec<u8> {
    [&group.to_be_bytes()[..], name].concat()
}

/// Elements of `tree` from key `from` to key `to`, both included.
fn count(tree: TreeRef<'_>, from: &[u8], to: &[u8]) -> Result<u64, Damaged> {
    let end = tree.place(to)?;
    Ok((end.rank + u64::from(end.is_there)).saturating_sub(tree.place(from)?.rank))
}

impl<'a> Stream<'a> {
    /// Number of groups.
    pub fn groups_len(&self) -> u64 {
        self.tree(GROUPS).len()
    }

    /// The group called `name`.
    pub fn group(&self, name: &[u8]) -> Result<Option<Group>, Damaged> {
        Ok(self.tree(GROUPS).get(name)?.map(|item| Group::decode(item.value)))
    }

    /// All groups, by name.
    pub fn groups(&self) -> Result<Vec<(&'a [u8], Group)>, Damaged> {
        let mut groups = Vec::new();
        self.tree(GROUPS).for_each(|item| groups.push((item.key, Group::decode(item.value))))?;
        Ok(groups)
    }

    pub fn consumer(&self, group: Group, name: &[u8]) -> Result<Option<Consumer>, Damaged> {
        let found = self.tree(CONSUMERS).get(&consumer_key(group.number, name))?;
        Ok(found.map(|item| Consumer::decode(item.value)))
    }

    /// All consumers of a group, by name.
    pub fn consumers(&self, group: Group) -> Result<Vec<(&'a [u8], Consumer)>, Damaged> {
        let prefix = group.number.to_be_bytes();
        let mut cursor = self.tree(CONSUMERS).cursor_at(&prefix)?;
        let mut consumers = Vec::new();
        while let Some(item) = cursor.next()? {
            let Some(name) = item.key.strip_prefix(&prefix) else { break };
            consumers.push((name, Consumer::decode(item.value)));
        }
        Ok(consumers)
    }

    /// How many entries a group has not acknowledged, between two IDs.
    pub fn pending_len(&self, group: Group, from: Id, to: Id) -> Result<u64, Damaged> {
        count(self.tree(PENDING), &pending_key(group.number, from), &pending_key(group.number, to))
    }

    /// How many of them a consumer has.
    pub fn owned_len(&self, group: Group, consumer: Consumer) -> Result<u64, Damaged> {
        let key = |id| owned_key(group.number, consumer.number, id);
        count(self.tree(PENDING), &key(Id::MIN), &key(Id::MAX))
    }

    pub fn pending(&self, group: Group, id: Id) -> Result<Option<Pending>, Damaged> {
        Ok(self.tree(PENDING).get(&pending_key(group.number, id))?.map(Pending::decode))
    }

    /// Visits what a group has not acknowledged, from an ID on, until `visit` says no.
    pub fn for_pending(
        &self,
        group: Group,
        from: Id,
        mut visit: impl FnMut(Pending) -> bool,
    ) -> Result<(), Damaged> {
        let mut cursor = self.tree(PENDING).cursor_at(&pending_key(group.number, from))?;
        let prefix = &pending_key(group.number, Id::MIN)[..5];
        while let Some(item) = cursor.next()? {
            if !item.key.starts_with(prefix) || !visit(Pending::decode(item)) {
                break;
            }
        }
        Ok(())
    }

    /// The highest ID that a group has not acknowledged.
    pub fn last_pending(&self, group: Group) -> Result<Option<Id>, Damaged> {
        let prefix = &pending_key(group.number, Id::MIN)[..5];
        let end = self.tree(PENDING).place(&owned_key(group.number, 0, Id::MIN))?.rank;
        let last = self.tree(PENDING).at(end.wrapping_sub(1))?.filter(|item| item.key.starts_with(prefix));
        Ok(last.map(|item| Pending::decode(item).id))
    }

    /// Visits what a consumer has not acknowledged, from an ID on, until `visit` says no.
    pub fn for_owned(
        &self,
        group: Group,
        consumer: Consumer,
        from: Id,
        mut visit: impl FnMut(Pending) -> bool,
    ) -> Result<(), Damaged> {
        let start = owned_key(group.number, consumer.number, from);
        let mut cursor = self.tree(PENDING).cursor_at(&start)?;
        while let Some(item) = cursor.next()? {
            if !item.key.starts_with(&start[..9]) {
                break;
            }
            let id = Id::decode(item.key.get(9..).unwrap_or_default());
            let Some(pending) = self.pending(group, id)? else { return Err(Damaged) };
            if !visit(pending) {
                break;
            }
        }
        Ok(())
    }

    /// How many entries there ever were up to `id`, where that can be told: what a group that has read up to there has
    /// read. As Redis estimates it.
    pub fn entries_read_at(&self, id: Id) -> Result<Option<u64>, Damaged> {
        let meta = self.meta;
        if meta.added == 0 {
            return Ok(Some(0));
        }
        // Nothing is left, or the ID is that of the last entry, or behind it.
        if self.is_empty() && id <= meta.last {
            return Ok(Some(meta.added));
        }
        if id != Id::MIN && id < meta.max_deleted {
            // A deleted entry may lie behind it.
            return Ok(None);
        }
        if id == meta.last {
            return Ok(Some(meta.added));
        }
        if id > meta.last {
            return Ok(None);
        }
        let Some(first) = self.entries().first()? else { return Ok(None) };
        if meta.max_deleted == Id::MIN || meta.max_deleted < first.id {
            // No holes: counting from the front is exact at two places.
            if id < first.id {
                return Ok(Some(meta.added - self.len()));
            }
            if id == first.id {
                return Ok(Some(meta.added - self.len() + 1));
            }
        }
        Ok(None)
    }

    /// How many entries `group` has read once it has read that with `id`, too.
    pub fn read_with(&self, group: Group, id: Id) -> Result<Option<u64>, Damaged> {
        let is_behind_first = self.entries().first()?.is_some_and(|first| group.last >= first.id);
        match group.read {
            Some(read) if is_behind_first && !self.has_hole_behind(group.last) => {
                Ok(Some(read.wrapping_add(1)))
            }
            _ if self.meta.added > 0 => self.entries_read_at(id),
            read => Ok(read),
        }
    }

    /// How many entries a group has yet to read, where that can be told.
    ///
    /// Negative where a client has set a higher number of entries read than there ever were.
    pub fn lag(&self, group: Group) -> Result<Option<i64>, Damaged> {
        let meta = self.meta;
        if meta.added == 0 {
            return Ok(Some(0));
        }
        if let Some(read) = group.read
            && !self.has_hole_behind(group.last)
        {
            return Ok(Some(meta.added.wrapping_sub(read) as i64));
        }
        Ok(self.entries_read_at(group.last)?.map(|read| meta.added.wrapping_sub(read) as i64))
    }

    /// Whether entries with IDs from `id` on may have been deleted, as Valkey tells it.
    fn has_hole_behind(&self, id: Id) -> bool {
        let meta = self.meta;
        if self.is_empty() || meta.max_deleted == Id::MIN {
            return false;
        }
        id <= meta.max_deleted
    }
}
