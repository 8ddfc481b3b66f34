//! Streams, in the three forms that they have had.
//!
//! Format: nodes, each the id of its first entry (a string of 16 bytes, big-endian) and a listpack; then lengths: entries,
//! last id, and from the second form on first id, greatest deleted id, entries ever added; then the groups: name, last
//! id, entries read (second form), pending entries (id of 16 bytes, time, deliveries), consumers (name, time seen, time
//! active in the third form, ids of 16 bytes).
//!
//! A node's listpack: number of entries, number of deleted ones, the fields of the first entry with their number and a
//! zero; then entries: flags, id less the node's, either values (same fields as the first) or number of fields, field,
//! value ..., and the number of elements of the entry.

use std::io::Read;

use super::super::error::RdbError;
use super::super::format::{entry, kind};
use super::super::visitor::{
    Consumer, Fields, Group, Kind, Pending, Shape, StreamId, StreamMeta, ValueVisitor,
};
use super::source::Source;
use super::value::Packed;
use super::{Buffers, Heard};

/// Reads the stream of type `code`.
pub fn read<R: Read, V: ValueVisitor>(
    source: &mut Source<R>,
    code: u8,
    buffers: &mut Buffers,
    visitor: &mut V,
) -> Result<(), RdbError> {
    let nodes = source.length()?;
    visitor.begin_value(Shape::unknown(Kind::Stream)).at(source.offset())?;
    let mut walk = Walk::default();
    for _ in 0..nodes {
        read_node(source, buffers, visitor, &mut walk)?;
    }
    let offset = source.offset();
    let mut meta = read_meta(source, code, &walk)?;
    if meta.length != walk.entries {
        return Err(RdbError::corrupt(offset, "a stream has another number of entries than it says"));
    }
    if walk.last.is_some_and(|last| last > meta.last_id) {
        return Err(RdbError::corrupt(offset, "a stream has entries behind its last id"));
    }
    meta.groups = source.length()?;
    visitor.stream_meta(&meta).at(offset)?;
    for _ in 0..meta.groups {
        read_group(source, code, buffers, &meta, visitor)?;
    }
    Ok(())
}

/// What the entries were so far.
#[derive(Default)]
struct Walk {
    entries: u64,
    first: Option<StreamId>,
    last: Option<StreamId>,
}

fn read_meta<R: Read>(source: &mut Source<R>, code: u8, walk: &Walk) -> Result<StreamMeta, RdbError> {
    let length = source.length()?;
    let last_id = read_id(source)?;
    let mut meta = StreamMeta { length, last_id, ..StreamMeta::default() };
    if code == kind::STREAM_LISTPACKS {
        // What was deleted before is not known: as if nothing was.
        meta.first_id = walk.first.unwrap_or_default();
        meta.entries_added = length;
    } else {
        meta.first_id = read_id(source)?;
        meta.max_deleted_id = read_id(source)?;
        meta.entries_added = source.length()?;
    }
    Ok(meta)
}

/// An id as two lengths.
fn read_id<R: Read>(source: &mut Source<R>) -> Result<StreamId, RdbError> {
    Ok(StreamId { ms: source.length()?, seq: source.length()? })
}

fn read_group<R: Read, V: ValueVisitor>(
    source: &mut Source<R>,
    code: u8,
    buffers: &mut Buffers,
    meta: &StreamMeta,
    visitor: &mut V,
) -> Result<(), RdbError> {
    let offset = source.offset();
    source.string_into(&mut buffers.field)?;
    let last_id = read_id(source)?;
    let entries_read = if code == kind::STREAM_LISTPACKS {
        estimate_read(meta, last_id)
    } else {
        // Minus one, as 64 bits, is "not known any more".
        Some(source.length()?).filter(|count| *count != u64::MAX)
    };
    let pending = source.length()?;
    visitor.stream_group(&Group { name: &buffers.field, last_id, entries_read, pending }).at(offset)?;
    let mut before = None;
    for _ in 0..pending {
        let offset = source.offset();
        let id = StreamId::from_bytes(source.array()?);
        ascending(&mut before, id, offset)?;
        let (delivered_at, deliveries) = (source.milliseconds()?, source.length()?);
        visitor.stream_pending(&Pending { id, delivered_at, deliveries }).at(offset)?;
    }
    let consumers = source.length()?;
    visitor.stream_consumers(consumers).at(source.offset())?;
    for _ in 0..consumers {
        let offset = source.offset();
        source.string_into(&mut buffers.field)?;
        let seen_at = source.milliseconds()?;
        // Before the third form, the best guess.
        let active_at = if code == kind::STREAM_LISTPACKS_3 { source.milliseconds()? } else { seen_at };
        let pending = source.length()?;
        let consumer = Consumer { name: &buffers.field, seen_at, active_at, pending };
        visitor.stream_consumer(&consumer).at(offset)?;
        let mut before = None;
        for _ in 0..pending {
            let offset = source.offset();
            let id = StreamId::from_bytes(source.array()?);
            ascending(&mut before, id, offset)?;
            visitor.stream_owned(id).at(offset)?;
        }
    }
    Ok(())
}

fn ascending(before: &mut Option<StreamId>, id: StreamId, offset: u64) -> Result<(), RdbError> {
    if before.is_some_and(|before| before >= id) {
        return Err(RdbError::corrupt(offset, "the pending entries of a stream are not in order"));
    }
    *before = Some(id);
    Ok(())
}

/// How many entries a group has read that stands at `id`, where the oldest form does not say; Redis' own estimate.
fn estimate_read(meta: &StreamMeta, id: StreamId) -> Option<u64> {
    if meta.entries_added == 0 {
        return Some(0);
    }
    if meta.length == 0 && id <= meta.last_id || id == meta.last_id {
        return Some(meta.entries_added);
    }
    if id > meta.last_id {
        return None;
    }
    match id.cmp(&meta.first_id) {
        std::cmp::Ordering::Less => Some(meta.entries_added.saturating_sub(meta.length)),
        std::cmp::Ordering::Equal => Some(meta.entries_added.saturating_sub(meta.length) + 1),
        std::cmp::Ordering::Greater => None,
    }
}

/// Reads the entries of one node.
fn read_node<R: Read, V: ValueVisitor>(
    source: &mut Source<R>,
    buffers: &mut Buffers,
    visitor: &mut V,
    walk: &mut Walk,
) -> Result<(), RdbError> {
    let offset = source.offset();
    source.string_into(&mut buffers.field)?;
    let Ok(id) = <[u8; 16]>::try_from(buffers.field.as_slice()) else {
        return Err(RdbError::corrupt(offset, "the id of a stream's node is not 16 bytes long"));
    };
    let place = source.packed_into(&mut buffers.value)?;
    let packed = Packed::listpack(&buffers.value, place)?;
    // Fields of the first entry, and the entry at hand, as pieces of one buffer each.
    let (pieces, ends) = (&mut buffers.field, &mut buffers.ends);
    pieces.clear();
    ends.clear();
    let mut node = Node { packed, id: StreamId::from_bytes(id) };
    let (live, deleted) = (node.count()?, node.count()?);
    let fields = node.count()?;
    for _ in 0..fields {
        node.piece(pieces, ends)?;
    }
    if node.number()? != 0 {
        return Err(node.packed.corrupt("the fields of a stream's node do not end with a zero"));
    }
    let (first_bytes, first_ends) = (pieces.len(), ends.len());
    let (mut found_live, mut found_deleted) = (0_u64, 0_u64);
    let mut entry_pieces = Vec::new();
    let mut entry_ends = Vec::new();
    while let Some((is_deleted, id)) =
        node.entry((&pieces[..first_bytes], &ends[..first_ends]), &mut entry_pieces, &mut entry_ends)?
    {
        if is_deleted {
            found_deleted += 1;
            continue;
        }
        if walk.last.is_some_and(|last| last >= id) {
            return Err(node.packed.corrupt("the entries of a stream are not in order"));
        }
        found_live += 1;
        walk.entries += 1;
        walk.first.get_or_insert(id);
        walk.last = Some(id);
        visitor.stream_entry(id, Fields::new(&entry_pieces, &entry_ends)).at(place.offset)?;
    }
    if (live, deleted) != (found_live, found_deleted) {
        return Err(node.packed.corrupt("a stream's node has another number of entries than it says"));
    }
    Ok(())
}

/// A node's listpack on the way through.
struct Node<'a> {
    packed: Packed<'a>,
    id: StreamId,
}

impl Node<'_> {
    fn number(&mut self) -> Result<i64, RdbError> {
        let element = self.packed.second()?;
        element
            .integer()
            .ok_or_else(|| self.packed.corrupt("a stream's node has text where a number should be"))
    }

    fn count(&mut self) -> Result<u64, RdbError> {
        let number = self.number()?;
        u64::try_from(number).map_err(|_| self.packed.corrupt("a stream's node has a negative count"))
    }

    /// Appends the next element.
    fn piece(&mut self, pieces: &mut Vec<u8>, ends: &mut Vec<usize>) -> Result<(), RdbError> {
        let element = self.packed.second()?;
        pieces.extend_from_slice(element.text(&mut itoa::Buffer::new()));
        ends.push(pieces.len());
        Ok(())
    }

    /// The next entry: whether it is deleted, and its id; its fields and values are in `pieces`.
    fn entry(
        &mut self,
        (first_pieces, first_ends): (&[u8], &[usize]),
        pieces: &mut Vec<u8>,
        ends: &mut Vec<usize>,
    ) -> Result<Option<(bool, StreamId)>, RdbError> {
        let Some(flags) = self.packed.next()? else { return Ok(None) };
        let Some(flags @ 0..=3) = flags.integer() else {
            return Err(self.packed.corrupt("an entry of a stream has unknown flags"));
        };
        let id = StreamId {
            ms: self.id.ms.wrapping_add(self.number()? as u64),
            seq: self.id.seq.wrapping_add(self.number()? as u64),
        };
        pieces.clear();
        ends.clear();
        let elements = if flags & entry::SAME_FIELDS != 0 {
            let mut start = 0;
            for end in first_ends {
                pieces.extend_from_slice(&first_pieces[start..*end]);
                ends.push(pieces.len());
                self.piece(pieces, ends)?;
                start = *end;
            }
            first_ends.len() as u64 + 3
        } else {
            let fields = self.count()?;
            for _ in 0..fields {
                self.piece(pieces, ends)?;
                self.piece(pieces, ends)?;
            }
            2 * fields + 4
        };
        if self.count()? != elements {
            return Err(self.packed.corrupt("an entry of a stream has another length than it says"));
        }
        Ok(Some((flags & entry::DELETED != 0, id)))
    }
}
