//! Amendments: changes of a node, noted in the room behind its entries instead of in a copy of the node and of all above.
//!
//! A reader looks at those up to the number of its tree, which the record carries; a writer adds some with the next
//! number, and publishes a record with that. When the room is used up, the node is written anew with its amendments
//! worked in.
//!
//! # Format
//!
//! ```text
//! leaf:  number:48 | kind:2 | position:14 | length:16 | entry as in a packed sequence (removed: its key, no value)
//! inner: number:48 | index of the child:16 | its word:64 | elements:64 | bytes of memory:64
//! ```
//!
//! A position counts the entries of the leaf as they were before this amendment. What an inner node says of a child, its
//! last amendment says as a whole; separators never change.

use std::cmp::Ordering;
use std::hint::select_unpredictable;
use std::ops::Range;

use smallvec::SmallVec;

use super::NODE_BYTES_MAX;
use super::find::Prefix;
use super::node::{CHILD_BYTES, Child, NEWEST, Node};
use super::packed::{Fresh, Item, Packed, Parsed, Piece, Sink, parse, to_vec};
use crate::index::Damaged;

/// In front of the entry in an amendment of a leaf.
const LEAF_HEAD_BYTES: usize = 10;
/// An amendment of an inner node.
pub const INNER_BYTES: usize = 8 + CHILD_BYTES;
/// Children of a node that are told apart; others have no room for more.
const CHILDREN_MAX: usize = 64;
/// Bits of a position.
const POSITION_BITS: u32 = 14;
/// Entries of a leaf that positions reach.
const POSITION_MAX: usize = (1 << POSITION_BITS) - 1;
const _: () = assert!(NODE_BYTES_MAX < POSITION_MAX);
const NUMBER_MASK: u64 = NEWEST;

/// What happened to an entry of a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Inserted,
    Replaced,
    Removed,
}

impl Kind {
    /// How many entries more there are.
    pub fn added(self) -> i64 {
        match self {
            Kind::Inserted => 1,
            Kind::Replaced => 0,
            Kind::Removed => -1,
        }
    }
}

/// A change of a leaf that is about to be noted; removals have the entry's key.
#[derive(Clone, Copy)]
pub struct Change<'e> {
    pub kind: Kind,
    /// Counts the entries as they are before this change.
    pub position: usize,
    pub entry: Fresh<'e>,
}

impl<'e> Change<'e> {
    pub fn new(kind: Kind, position: usize, key: &'e [u8], value: &'e [u8]) -> Change<'e> {
        Change { kind, position, entry: Fresh::new(key, value) }
    }

    /// Bytes of the amendment.
    pub fn len(&self) -> usize {
        LEAF_HEAD_BYTES + self.entry.len()
    }
}

/// An amendment of a leaf.
#[derive(Clone, Copy)]
struct LeafNote<'a> {
    kind: Kind,
    position: usize,
    raw: &'a [u8],
}

fn word(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

/// Reads the amendment that `log` begins with, and its number.
#[inline]
fn leaf_note(log: &[u8]) -> (u64, LeafNote<'_>, usize) {
    let head = word(log, 0);
    let place = head >> 48;
    let kind = match place >> POSITION_BITS {
        0 => Kind::Inserted,
        1 => Kind::Replaced,
        _ => Kind::Removed,
    };
    let end = LEAF_HEAD_BYTES + usize::from(u16::from_le_bytes([log[8], log[9]]));
    let note = LeafNote { kind, position: place as usize & POSITION_MAX, raw: &log[LEAF_HEAD_BYTES..end] };
    (head & NUMBER_MASK, note, end)
}

/// The amendments of a leaf up to a number, oldest first.
fn leaf_notes<'a>(leaf: Node<'a>) -> impl Iterator<Item = LeafNote<'a>> {
    let (mut log, number) = (leaf.amendments(), leaf.number());
    std::iter::from_fn(move || {
        if log.is_empty() {
            return None;
        }
        let (made, note, end) = leaf_note(log);
        log = &log[end..];
        (made <= number).then_some(note)
    })
}

/// A leaf with its amendments, for looking at several entries.
#[derive(Clone)]
pub struct Leaf<'a> {
    node: Node<'a>,
    /// Where each of its amendments begins.
    notes: SmallVec<[u16; 12]>,
    count: usize,
}

impl<'a> Leaf<'a> {
    #[inline]
    pub fn of(node: Node<'a>) -> Leaf<'a> {
        let mut leaf = Leaf { node, notes: SmallVec::new(), count: node.packed().count() };
        if node.has_amendments() {
            let amendments = node.amendments();
            let mut at = 0;
            while at < amendments.len() {
                let (made, note, len) = leaf_note(&amendments[at..]);
                if made > node.number() {
                    break;
                }
                leaf.count = leaf.count.wrapping_add_signed(note.kind.added() as isize);
                leaf.notes.push(at as u16);
                at += len;
            }
        }
        leaf
    }

    /// The amendments, oldest first.
    #[inline]
    fn notes(&self) -> impl DoubleEndedIterator<Item = LeafNote<'a>> {
        let amendments = if self.notes.is_empty() { &[][..] } else { self.node.amendments() };
        self.notes.iter().map(move |&at| leaf_note(&amendments[usize::from(at)..]).1)
    }

    #[inline]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The entry at `index` as it is stored.
    #[inline]
    pub fn raw(&self, mut index: usize) -> &'a [u8] {
        for note in self.notes().rev() {
            match note.kind {
                Kind::Inserted | Kind::Replaced if note.position == index => return note.raw,
                Kind::Inserted if note.position < index => index -= 1,
                Kind::Removed if note.position <= index => index += 1,
                _ => {}
            }
        }
        self.node.packed().raw(index)
    }

    #[inline]
    pub fn item(&self, index: usize) -> Result<Item<'a>, Damaged> {
        self.node.read(self.raw(index))
    }

    /// Calls `make` with all entries after some more changes.
    pub fn with_pieces<R>(&self, changes: &[Change<'_>], make: impl FnOnce(&[Piece<'_>]) -> R) -> R {
        let packed = self.node.packed();
        // Stretches of the entries as first written, begin and length; or one of the new ones.
        let mut parts: SmallVec<[(usize, usize, Option<usize>); 32]> = SmallVec::new();
        let mut fresh: SmallVec<[Fresh<'_>; 16]> = SmallVec::new();
        parts.push((0, packed.count(), None));
        let notes = self.notes().map(|LeafNote { kind, position, raw }| Change {
            kind,
            position,
            entry: Fresh::with_head(&[], [raw, &[]]),
        });
        for Change { kind, position, entry } in notes.chain(changes.iter().copied()) {
            // The part that the position is in, or whose end it is.
            let (mut at, mut within) = (0, position);
            while at < parts.len() && within >= parts[at].1 {
                within -= parts[at].1;
                at += 1;
            }
            if within > 0 {
                let (start, len, _) = parts[at];
                parts[at].1 = within;
                at += 1;
                parts.insert(at, (start + within, len - within, None));
            }
            if kind != Kind::Inserted {
                // The entry is the first one of its part.
                if parts[at].1 == 1 {
                    parts.remove(at);
                } else {
                    parts[at].0 += 1;
                    parts[at].1 -= 1;
                }
            }
            if kind != Kind::Removed {
                parts.insert(at, (0, 1, Some(fresh.len())));
                fresh.push(entry);
            }
        }
        let pieces: SmallVec<[Piece<'_>; 32]> = parts
            .iter()
            .map(|&(start, len, new)| match new {
                Some(new) => Piece::New(std::slice::from_ref(&fresh[new])),
                None => Piece::Old(packed, start..start + len),
            })
            .collect();
        make(&pieces)
    }
}

fn key_of(raw: &[u8]) -> &[u8] {
    match parse(raw) {
        Parsed::Inline(item) => item.key,
        Parsed::Big(_) => unreachable!("leaves with blobs have no amendments"),
    }
}

impl<'a> Node<'a> {
    /// This leaf with its amendments.
    #[inline]
    pub(super) fn leaf(self) -> Leaf<'a> {
        Leaf::of(self)
    }

    /// The first entry of this leaf whose key is not below `key`, and whether it is `key`.
    pub(super) fn lower_bound(self, key: &[u8]) -> Result<(usize, bool), Damaged> {
        let (mut low, mut is_there) = self.search(key)?;
        if self.has_amendments() {
            for note in leaf_notes(self) {
                match (key_of(note.raw).cmp(key), note.kind) {
                    (Ordering::Less, Kind::Inserted) => low += 1,
                    (Ordering::Less, Kind::Removed) => low -= 1,
                    (Ordering::Equal, kind) => is_there = kind != Kind::Removed,
                    _ => {}
                }
            }
        }
        Ok((low, is_there))
    }

    /// The entry of this leaf with exactly this key.
    pub(super) fn find(self, key: &[u8]) -> Result<Option<Item<'a>>, Damaged> {
        if self.has_amendments() {
            let last = leaf_notes(self).filter(|note| key_of(note.raw) == key).last();
            if let Some(note) = last {
                return if note.kind == Kind::Removed { Ok(None) } else { self.read(note.raw).map(Some) };
            }
        }
        let (index, is_there) = self.search(key)?;
        if is_there { self.read(self.packed().raw(index)).map(Some) } else { Ok(None) }
    }

    /// [`Node::lower_bound`] among the entries as they were first written.
    #[inline]
    fn search(self, key: &[u8]) -> Result<(usize, bool), Damaged> {
        let (packed, wanted) = (self.packed(), Prefix::of(key));
        let (mut low, mut high) = (0, packed.count());
        while low < high {
            let middle = usize::midpoint(low, high);
            let there = self.read(packed.raw(middle))?.key;
            let order = Prefix::of(there).cmp(&wanted);
            let order = if order == Ordering::Equal { there.cmp(key) } else { order };
            if order == Ordering::Equal {
                return Ok((middle, true));
            }
            // Half of the outcomes are guessed wrong where they are branched on.
            let is_less = order == Ordering::Less;
            low = select_unpredictable(is_less, middle + 1, low);
            high = select_unpredictable(is_less, high, middle);
        }
        Ok((low, false))
    }

    /// Notes a change of an entry of this leaf.
    ///
    /// # Safety
    /// The caller holds the latch of the key whose tree alone has this node, at a number below `number`, and there is room
    /// for [`Change::len`] bytes.
    pub(super) unsafe fn note_entry(self, number: u64, change: &Change<'_>) {
        let Change { kind, position, entry } = change;
        debug_assert!(*position <= POSITION_MAX);
        let head = number & NUMBER_MASK | (*position as u64) << 48 | (*kind as u64) << (48 + POSITION_BITS);
        // SAFETY: the caller's promise, and there is room.
        unsafe {
            self.append(change.len(), |room| {
                room.put(&head.to_le_bytes());
                room.put(&(entry.len() as u16).to_le_bytes());
                entry.write(room);
            });
        }
    }

    /// Whether [`Node::note_child`] is possible, given room.
    #[inline]
    pub(super) fn may_note_children(self) -> bool {
        self.packed().count() <= CHILDREN_MAX
    }

    /// Notes what this inner node says of a child from now on, but for the separator.
    ///
    /// # Safety
    /// As for [`Node::note_entry`]; the node may note children, and there is room for [`INNER_BYTES`].
    pub(super) unsafe fn note_child(self, number: u64, index: usize, child: &Child<'_>) {
        let head = (number & NUMBER_MASK) << 16 | index as u64;
        // SAFETY: the caller's promise.
        unsafe {
            self.append(INNER_BYTES, |room| {
                room.put(&head.to_le_bytes());
                room.put(&child.head());
            });
        }
    }

    /// Works the amendments of this inner node into `copy`, which has the entries that it was first written with.
    ///
    /// # Safety
    /// Nobody else sees `copy` yet; this node is not mapped.
    pub(super) unsafe fn amend_copy(self, copy: Node<'_>) {
        for note in self.amendments().chunks_exact(INNER_BYTES) {
            let index = word(note, 0) & 0xffff;
            // SAFETY: the caller's promise; the separator, which is not noted, is left alone.
            unsafe { copy.set_child(index as usize, &Child::read(&note[8..])) };
        }
    }

    /// The last amendment of the child at `index`.
    #[inline]
    pub(super) fn amended_child(self, index: usize) -> Option<ChildNote<'a>> {
        let number = self.number();
        let mut notes = self.amendments().rchunks_exact(INNER_BYTES);
        notes.find_map(|note| {
            let head = word(note, 0);
            (head & 0xffff == index as u64 && head >> 16 <= number).then(|| ChildNote(&note[8..]))
        })
    }

    /// All children of an inner node.
    #[inline]
    pub fn children(self) -> impl Iterator<Item = Child<'a>> {
        let notes = self.amendments();
        // Which amendment is the last one of each child, counted from one.
        let mut last = [0u8; CHILDREN_MAX];
        let number = self.number();
        for (at, note) in notes.chunks_exact(INNER_BYTES).enumerate() {
            let head = word(note, 0);
            if head >> 16 <= number {
                last[head as usize & (CHILDREN_MAX - 1)] = at as u8 + 1;
            }
        }
        self.packed().raws().enumerate().map(move |(index, raw)| {
            let mut child = self.absolute_child(raw);
            if let Some(at) = last.get(index).copied().filter(|&at| at > 0) {
                let note = &notes[usize::from(at - 1) * INNER_BYTES..][..INNER_BYTES];
                ChildNote(&note[8..]).amend(&mut child);
            }
            child
        })
    }
}

/// What an amendment says of a child.
pub struct ChildNote<'a>(&'a [u8]);

impl ChildNote<'_> {
    #[inline]
    pub(super) fn amend(&self, child: &mut Child<'_>) {
        let Child { word, elements, bytes, .. } = Child::read(self.0);
        (child.word, child.elements, child.bytes) = (word, elements, bytes);
    }
}

/// The entries of a node as its tree has them, amendments worked in and words made absolute: for carrying them over.
pub enum Plain<'a> {
    AsIs(Packed<'a>),
    Made(Vec<u8>),
}

impl<'a> Plain<'a> {
    pub fn of(node: Node<'a>) -> Plain<'a> {
        let packed = node.packed();
        if node.is_leaf() {
            if node.has_amendments() {
                return Plain::Made(node.leaf().with_pieces(&[], to_vec));
            }
            if !node.is_mapped() || !node.has_blobs() {
                return Plain::AsIs(packed);
            }
        } else if !node.is_mapped() && !node.has_amendments() {
            return Plain::AsIs(packed);
        }
        let mut bytes = packed.bytes().to_vec();
        if node.is_leaf() {
            for (index, word) in (0..packed.count()).filter_map(|index| Some((index, node.blob_at(index)?))) {
                let at = packed.offset(index) + 1;
                bytes[at..at + 8].copy_from_slice(&word.to_le_bytes());
            }
        } else {
            for (index, child) in node.children().enumerate() {
                let at = packed.offset(index);
                bytes[at..at + CHILD_BYTES].copy_from_slice(&child.head());
            }
        }
        Plain::Made(bytes)
    }

    pub fn packed(&self) -> Packed<'_> {
        match self {
            Plain::AsIs(packed) => *packed,
            Plain::Made(bytes) => Packed::new(bytes),
        }
    }

    /// A stretch of the entries.
    pub fn piece(&self, range: Range<usize>) -> Piece<'_> {
        Piece::Old(self.packed(), range)
    }
}
