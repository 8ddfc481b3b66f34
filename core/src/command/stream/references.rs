//! Deleting entries that groups may refer to: the words KEEPREF, DELREF and ACKED.
//!
//! A group refers to an entry that it has not read yet, or that one of its consumers has not acknowledged. The log gets
//! what was done as XDEL and XACK, which every server knows.

use super::text_of;
use crate::command::args::is_word;
use crate::container::stream::{Group, Id, Stream, StreamEdit};
use crate::index::Damaged;
use crate::record::Str;
use crate::transaction::Entry;
use crate::transaction::block::Block;

/// IDs that one command in the log names.
const IDS_PER_COMMAND: usize = 256;

/// What becomes of the references to an entry that is to be deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum References {
    /// They stay.
    #[default]
    Keep,
    /// They go, too.
    Delete,
    /// Only entries that nobody refers to are deleted.
    Acked,
}

impl References {
    pub fn parse(word: &[u8]) -> Option<References> {
        let words =
            [("KEEPREF", References::Keep), ("DELREF", References::Delete), ("ACKED", References::Acked)];
        words.into_iter().find(|(name, _)| is_word(word, name)).map(|(_, references)| references)
    }
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// There is no such entry, or it is not pending.
    Missing = -1,
    Deleted = 1,
    /// It stays: somebody refers to it.
    Referenced = 2,
}

/// Deletions of one command, and what the log is to get of them.
#[derive(Default)]
pub(super) struct Deletion<'a> {
    references: References,
    groups: Vec<(&'a [u8], Group)>,
    deleted: Vec<Id>,
    /// For each group, what was taken off its list.
    acknowledged: Vec<Vec<Id>>,
}

impl<'a> Deletion<'a> {
    pub fn new(stream: Stream<'a>, references: References) -> Result<Deletion<'a>, Damaged> {
        let groups = stream.groups()?;
        let acknowledged = vec![Vec::new(); groups.len()];
        Ok(Deletion { references, groups, deleted: Vec::new(), acknowledged })
    }

    pub fn has_groups(&self) -> bool {
        !self.groups.is_empty()
    }

    /// The position of a group.
    pub fn group(&self, name: &[u8]) -> Option<usize> {
        self.groups.iter().position(|(other, _)| *other == name)
    }

    /// The highest ID that all groups have read.
    pub fn read_by_all(&self) -> Id {
        self.groups.iter().map(|(_, group)| group.last).min().unwrap_or(Id::MAX)
    }

    /// Entries deleted so far.
    pub fn count(&self) -> usize {
        self.deleted.len()
    }

    pub fn has_effects(&self) -> bool {
        !self.deleted.is_empty() || self.acknowledged.iter().any(|ids| !ids.is_empty())
    }

    /// Whether a group refers to an entry.
    pub fn is_referenced(&self, stream: Stream<'_>, id: Id) -> Result<bool, Damaged> {
        for (_, group) in &self.groups {
            if id > group.last || stream.pending(*group, id)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes an entry off the lists of all groups.
    pub fn acknowledge_all(&mut self, edit: &mut StreamEdit<'_>, id: Id) -> Result<(), Damaged> {
        for position in 0..self.groups.len() {
            self.acknowledge(edit, position, id)?;
        }
        Ok(())
    }

    fn acknowledge(&mut self, edit: &mut StreamEdit<'_>, position: usize, id: Id) -> Result<bool, Damaged> {
        let was_pending = edit.acknowledge(self.groups[position].1, id)?;
        if was_pending {
            self.acknowledged[position].push(id);
        }
        Ok(was_pending)
    }

    /// Deletes an entry, where the references allow it.
    pub fn delete(&mut self, edit: &mut StreamEdit<'_>, id: Id) -> Result<Fate, Damaged> {
        if self.references == References::Acked {
            if edit.view().entries().get(id)?.is_none() {
                return Ok(Fate::Missing);
            }
            if self.is_referenced(edit.view(), id)? {
                return Ok(Fate::Referenced);
            }
        }
        if self.references == References::Delete {
            self.acknowledge_all(edit, id)?;
        }
        let was_there = edit.delete(id)?;
        if was_there {
            self.deleted.push(id);
        }
        Ok(if was_there { Fate::Deleted } else { Fate::Missing })
    }

    /// Takes a pending entry off the list of the group at `position` and deletes it, where the references allow that.
    pub fn acknowledge_and_delete(
        &mut self,
        edit: &mut StreamEdit<'_>,
        position: usize,
        id: Id,
    ) -> Result<Fate, Damaged> {
        if !self.acknowledge(edit, position, id)? {
            return Ok(Fate::Missing);
        }
        if self.references == References::Acked && self.is_referenced(edit.view(), id)? {
            return Ok(Fate::Referenced);
        }
        self.delete(edit, id)?;
        // One that was deleted before counts as well.
        Ok(Fate::Deleted)
    }

    /// Adds the effects to those of the key.
    pub fn note(&self, entry: &Entry<'_>, effects: &mut Block) {
        let key = entry.key();
        for ((group, _), ids) in self.groups.iter().zip(&self.acknowledged) {
            note_ids(entry, effects, &[b"XACK".into(), key.into(), (*group).into()], ids);
        }
        note_ids(entry, effects, &[b"XDEL".into(), key.into()], &self.deleted);
    }
}

/// Adds `command id ...` to the effects of a key.
pub(super) fn note_ids(entry: &Entry<'_>, effects: &mut Block, command: &[Str<'_>], ids: &[Id]) {
    for part in ids.chunks(IDS_PER_COMMAND) {
        let texts: Vec<String> = part.iter().map(|id| text_of(*id)).collect();
        let mut effect = command.to_vec();
        effect.extend(texts.iter().map(|text| Str::Inline(text.as_bytes())));
        entry.gather(effects, &effect);
    }
}
