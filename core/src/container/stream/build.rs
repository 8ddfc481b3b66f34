//! Streams made as a whole, from files.

use super::group::{consumer_key, owned_key, pending_key};
use super::{Consumer, Group, Id, Meta, Pending, encode_fields};
use crate::container::Finished;
use crate::index::Damaged;
use crate::record::Kind;
use crate::tree::{self, Edit, TreeRef};

/// Why a stream cannot be made of what came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// A group, or a consumer of a group, comes twice.
    Twice,
    /// A part of a group came outside of one.
    Outside,
    /// A consumer has an entry that is not pending, or that another one has.
    NotPending,
    /// A pending entry is nobody's.
    Ownerless,
    Damaged,
}

impl From<Damaged> for Misfit {
    fn from(_: Damaged) -> Misfit {
        Misfit::Damaged
    }
}

/// A stream under construction: entries in the order of their IDs, then group after group.
pub struct Builder {
    pub meta: Meta,
    entries: tree::Builder,
    groups: Edit<'static>,
    consumers: Edit<'static>,
    pending: tree::Builder,
    group: Option<Open>,
}

/// The group at hand.
struct Open {
    name: Vec<u8>,
    group: Group,
    /// In the order of IDs, with their owner once it is known.
    pending: Vec<(Pending, Option<u32>)>,
    /// Consumer by consumer, each in the order of IDs.
    owned: Vec<(u32, Id)>,
}

impl Default for Builder {
    fn default() -> Builder {
        let empty = || Edit::new(TreeRef::EMPTY, false);
        Builder {
            meta: Meta::default(),
            entries: tree::Builder::new(),
            groups: empty(),
            consumers: empty(),
            pending: tree::Builder::new(),
            group: None,
        }
    }
}

impl Builder {
    /// Adds an entry behind all others.
    pub fn entry(&mut self, id: Id, strings: &[&[u8]]) {
        self.entries.push(&id.encode(), &encode_fields(strings));
    }

    /// Begins a group; its pending entries and then its consumers follow.
    pub fn group(&mut self, name: &[u8], last: Id, read: Option<u64>) -> Result<(), Misfit> {
        self.close_group()?;
        let group = Group { number: self.meta.next_group, last, read, next_consumer: 0 };
        self.meta.next_group += 1;
        self.group = Some(Open { name: name.to_vec(), group, pending: Vec::new(), owned: Vec::new() });
        Ok(())
    }

    /// Adds a pending entry of the group, with a higher ID than the one before.
    pub fn pending(&mut self, id: Id, delivered: u64, deliveries: u64) -> Result<(), Misfit> {
        let open = self.group.as_mut().ok_or(Misfit::Outside)?;
        open.pending.push((Pending { id, consumer: 0, delivered, deliveries }, None));
        Ok(())
    }

    /// Begins a consumer of the group; the IDs that it has follow.
    pub fn consumer(&mut self, name: &[u8], seen: u64, active: Option<u64>) -> Result<(), Misfit> {
        let open = self.group.as_mut().ok_or(Misfit::Outside)?;
        let consumer = Consumer { number: open.group.next_consumer, seen, active };
        open.group.next_consumer += 1;
        let is_twice = self.consumers.put(&consumer_key(open.group.number, name), &consumer.encode())?;
        if is_twice { Err(Misfit::Twice) } else { Ok(()) }
    }

    /// A pending entry of the group is the consumer's; IDs come in order.
    pub fn owned(&mut self, id: Id) -> Result<(), Misfit> {
        let open = self.group.as_mut().ok_or(Misfit::Outside)?;
        let number = open.group.next_consumer.checked_sub(1).ok_or(Misfit::Outside)?;
        let found = open.pending.binary_search_by_key(&id, |(pending, _)| pending.id);
        let owner = &mut open.pending[found.map_err(|_| Misfit::NotPending)?].1;
        if owner.replace(number).is_some() {
            return Err(Misfit::NotPending);
        }
        open.owned.push((number, id));
        Ok(())
    }

    fn close_group(&mut self) -> Result<(), Misfit> {
        let Some(open) = self.group.take() else { return Ok(()) };
        let number = open.group.number;
        if self.groups.put(&open.name, &open.group.encode())? {
            return Err(Misfit::Twice);
        }
        for (pending, owner) in open.pending {
            let consumer = owner.ok_or(Misfit::Ownerless)?;
            self.pending.push(&pending_key(number, pending.id), &Pending { consumer, ..pending }.encode());
        }
        for (consumer, id) in open.owned {
            self.pending.push(&owned_key(number, consumer, id), b"");
        }
        Ok(())
    }

    /// The value to put.
    pub fn finish(mut self) -> Result<Finished, Misfit> {
        self.close_group()?;
        let trees = [self.entries.finish(), self.groups, self.consumers, self.pending.finish()];
        Ok(Finished::trees(Kind::Stream, trees, &self.meta.encode()))
    }
}
