//! The nodes of a stream on their way out; `read/stream.rs` has the format.

use super::super::format::entry;
use super::super::packed::listpack_builder::ListpackBuilder;
use super::super::visitor::{Fields, StreamId};

/// Redis' defaults: a node holds so many entries, or bytes.
const NODE_ENTRIES_MAX: u64 = 100;
const NODE_BYTES: u64 = 4096;

/// How many entries go into each node of a stream of `entries` that are about `bytes` together.
pub fn entries_per_node(entries: u64, bytes: Option<u64>) -> u64 {
    match bytes {
        Some(bytes) if entries > 0 => (NODE_BYTES * entries / bytes.max(1)).clamp(1, NODE_ENTRIES_MAX),
        _ => NODE_ENTRIES_MAX,
    }
}

/// A node that is being filled.
#[derive(Default)]
pub struct StreamNode {
    first_id: StreamId,
    /// Names of the first entry's fields, each with its length before it.
    first_fields: Vec<u8>,
    /// The fields of the first entry as the head of the listpack has them.
    head: ListpackBuilder,
    entries: ListpackBuilder,
    count: u64,
    whole: ListpackBuilder,
}

impl StreamNode {
    pub fn clear(&mut self) {
        self.count = 0;
        self.head.clear();
        self.entries.clear();
        self.first_fields.clear();
    }

    /// Entries in it.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Bytes of it.
    pub fn len(&self) -> usize {
        self.head.len() + self.entries.len()
    }

    pub fn push(&mut self, id: StreamId, fields: Fields<'_>) {
        if self.count == 0 {
            self.first_id = id;
            self.head.push_integer(fields.len() as i64);
            for (field, _) in fields.iter() {
                self.first_fields.extend(field.len().to_le_bytes());
                self.first_fields.extend_from_slice(field);
                self.head.push(field);
            }
            self.head.push_integer(0);
        }
        let same = self.has_first_fields(fields);
        let entries = &mut self.entries;
        entries.push_integer(if same { entry::SAME_FIELDS } else { 0 });
        entries.push_integer(id.ms.wrapping_sub(self.first_id.ms) as i64);
        entries.push_integer(id.seq.wrapping_sub(self.first_id.seq) as i64);
        let count = fields.len() as i64;
        if same {
            fields.iter().for_each(|(_, value)| entries.push(value));
            entries.push_integer(count + 3);
        } else {
            entries.push_integer(count);
            for (field, value) in fields.iter() {
                entries.push(field);
                entries.push(value);
            }
            entries.push_integer(2 * count + 4);
        }
        self.count += 1;
    }

    fn has_first_fields(&self, fields: Fields<'_>) -> bool {
        let mut rest = self.first_fields.as_slice();
        for (field, _) in fields.iter() {
            let after =
                rest.strip_prefix(&field.len().to_le_bytes()).and_then(|rest| rest.strip_prefix(field));
            let Some(after) = after else { return false };
            rest = after;
        }
        rest.is_empty()
    }

    /// The id of the node, and its listpack; [`StreamNode::clear`] comes before the next.
    pub fn finish(&mut self) -> ([u8; 16], &[u8]) {
        self.whole.clear();
        self.whole.push_integer(self.count as i64);
        self.whole.push_integer(0);
        self.whole.append(&self.head);
        self.whole.append(&self.entries);
        (self.first_id.to_bytes(), self.whole.finish())
    }
}
