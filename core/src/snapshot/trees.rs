//! Large containers in a snapshot file: the nodes of their trees, as in memory, in front of their record.
//!
//! # Format
//! Nodes (`tree/node.rs`) begin at multiples of 64, children and blobs before whoever points to them. A word says how
//! far in front of its node the other begins; in the record's roots, how far in front of the record's frame. So a node
//! is read where it lies, wherever the file is mapped, and words cannot make a loop.

use std::io::{self, Write};

use super::encode::{finish, frame_bytes, put_header};
use super::format::u64_at;
use super::stream::Stream;
use super::writer::SectionWriter;
use crate::index::{Damaged, Word};
use crate::record::{Kind, NewTrees, Record};
use crate::tree::mapped::{FILE_ALIGN, verify};
use crate::tree::node::{HEAD_BYTES, MAPPED, Node, SHORTENED, STATE};
use crate::tree::packed::Packed;
use crate::tree::{ROOT_BYTES, TreeRef};

/// A container to be written without a pin.
pub struct Large {
    pub word: Word,
    /// Header, fields and key as they will stand in the file.
    head: Vec<u8>,
    trees: Box<NewTrees>,
}

/// Why a container was not written.
pub enum Failed {
    Io(io::Error),
    /// A node of the file that it still lies in is damaged.
    Damaged,
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Failed {
        Failed::Io(error)
    }
}

impl From<Damaged> for Failed {
    fn from(_: Damaged) -> Failed {
        Failed::Damaged
    }
}

impl Large {
    /// The record's container, of which `trees` are a share.
    pub fn new(word: Word, record: Record<'_>, trees: Box<NewTrees>) -> Large {
        let parts = record.parts();
        let value_len = parts.meta.value_len();
        let mut head = Vec::with_capacity(64 + record.key().len());
        put_header(&mut head, &parts, value_len);
        head.extend_from_slice(record.key());
        Large { word, head, trees }
    }

    /// The same for a record that the caller owns.
    ///
    /// # Panics
    /// If it is not a large container.
    pub fn of(word: Word, record: Record<'_>) -> Large {
        let trees = record.trees().expect("a large container");
        Large::new(word, record, Box::new(trees.share()))
    }

    /// Writes nodes and record; the slot word for its place.
    pub fn write(&self, out: &mut SectionWriter<'_>) -> Result<u64, Failed> {
        let mut roots = Vec::new();
        for tree in &self.trees.roots {
            roots.push(write_tree(&mut out.heap, tree.as_ref())?);
        }
        let place = out.place(self.word);
        let at = out.heap.offset();
        let value_len = self.trees.roots.len() * ROOT_BYTES + self.trees.meta.len();
        let mut bytes = frame_bytes(value_len, value_len, 0).to_vec();
        bytes.extend_from_slice(&self.head);
        for (root, tree) in roots.iter().zip(&self.trees.roots) {
            let tree = tree.as_ref();
            let word = root.map_or(0, |root| at - root);
            for word in [word, tree.len(), tree.bytes()] {
                bytes.extend_from_slice(&word.to_le_bytes());
            }
        }
        bytes.extend_from_slice(&self.trees.meta);
        finish(&mut bytes, 0);
        out.heap.write_all(&bytes)?;
        Ok(place)
    }
}

/// Writes all nodes of a tree; where the root lies.
fn write_tree(heap: &mut Stream<'_>, tree: TreeRef<'_>) -> Result<Option<u64>, Failed> {
    let root = tree.root()?.map(|root| write_node(heap, root)).transpose()?;
    // The record's frame begins behind the nodes, at a multiple of its own.
    heap.pad(FILE_ALIGN as u64);
    Ok(root)
}

fn write_node(heap: &mut Stream<'_>, node: Node<'_>) -> Result<u64, Failed> {
    let mut bytes = node.stored();
    if !node.is_blob() {
        // Where in the bytes a word stands, and where what it points to was written.
        let mut words = Vec::new();
        let count = if node.is_leaf() && !node.has_blobs() { 0 } else { node.count() };
        for index in 0..count {
            let word = if node.is_leaf() { node.blob_at(index) } else { Some(node.child(index).word) };
            let Some(word) = word else { continue };
            // SAFETY: the node holds a reference, and the caller a share of the tree.
            let below: Node<'_> = unsafe { Node::at(word & !SHORTENED, node.number()) }?;
            let target = write_node(heap, below)?;
            let at =
                HEAD_BYTES + Packed::new(&bytes[HEAD_BYTES..]).offset(index) + usize::from(node.is_leaf());
            words.push((at, target, word & SHORTENED));
        }
        heap.pad(FILE_ALIGN as u64);
        for (at, target, state) in words {
            let word = (heap.offset() - target) | state;
            bytes[at..at + 8].copy_from_slice(&word.to_le_bytes());
        }
    }
    heap.pad(FILE_ALIGN as u64);
    let at = heap.offset();
    let crc = crc_fast::crc32_iscsi(&bytes[4..]) as u32;
    bytes[..4].copy_from_slice(&crc.to_le_bytes());
    heap.write_all(&bytes)?;
    Ok(at)
}

/// The value of a container's record with its roots made absolute: `frame` is where the record's frame lies.
pub fn absolute(kind: Kind, value: &[u8], frame: usize) -> Result<Vec<u8>, Damaged> {
    let mut value = value.to_vec();
    for number in 0..kind.roots() {
        let root = value.get_mut(number * ROOT_BYTES..(number + 1) * ROOT_BYTES).ok_or(Damaged)?;
        let (word, rest) = root.split_at_mut(8);
        let mut back = [0; 8];
        back.copy_from_slice(word);
        let back = u64::from_le_bytes(back);
        let is_empty = rest[..8] == [0; 8];
        if is_empty != (back == 0) {
            return Err(Damaged);
        }
        if back != 0 {
            let address = (frame as u64).checked_sub(back).filter(|at| at.is_multiple_of(FILE_ALIGN as u64));
            word.copy_from_slice(&(address.ok_or(Damaged)? | MAPPED).to_le_bytes());
        }
    }
    Ok(value)
}

/// Checks every node of the trees whose roots `value` carries; the record's frame stands at `frame` of `heap`.
pub fn check(kind: Kind, value: &[u8], heap: &[u8], frame: usize) -> Result<(), Damaged> {
    for root in value.chunks_exact(ROOT_BYTES).take(kind.roots()) {
        let back = u64_at(root, 0) as usize;
        if back != 0 {
            let elements = check_node(heap, frame.checked_sub(back).ok_or(Damaged)?)?;
            if elements != u64_at(root, 8) {
                return Err(Damaged);
            }
        }
    }
    Ok(())
}

/// Elements under the node at `at`, all of whose nodes are whole.
fn check_node(heap: &[u8], at: usize) -> Result<u64, Damaged> {
    let len = verify(heap, at)?;
    let (level, payload) = (heap[at + 8], &heap[at + HEAD_BYTES..at + len]);
    if level == crate::tree::node::BLOB {
        return Ok(0);
    }
    let packed = Packed::new(payload);
    let mut elements = 0;
    for index in 0..packed.count() {
        let raw = packed.raw(index);
        if level > 0 {
            let below = check_node(heap, at - (u64_at(raw, 0) & !STATE) as usize)?;
            if below != u64_at(raw, 8) {
                return Err(Damaged);
            }
            elements += below;
        } else {
            elements += 1;
            if raw[0] == crate::tree::packed::BIG {
                check_node(heap, at - (u64_at(raw, 1) & !STATE) as usize)?;
            }
        }
    }
    Ok(elements)
}
