//! Nodes of trees: leaves, inner nodes and blobs; their memory, their references, and the words that point to them.
//!
//! # Format
//!
//! ```text
//! offset  size  field
//!      0     4  references in memory; CRC-32/ISCSI of the rest in a file
//!      4     4  length of the node
//!      8     1  level: 0 a leaf, above that an inner node; BLOB
//!      9     1  flags: HAS_BLOBS
//!     10     2  room for amendments (`amend.rs`) behind the node, in bytes; 0 in a file
//!     12     4  length of the key if a blob, else bytes of amendments; 0 in a file
//!     16        a packed sequence (`packed.rs`); or key and value of a blob
//!
//! entry of an inner node: word of the child:64 | elements:64 | bytes of memory:64 | separator
//! word: address (in a file: see `snapshot/trees.rs`) | MAPPED (bit 0) | SHORTENED (bit 1) | FRESH (bit 2)
//! ```
//!
//! A node begins at a multiple of 16. Every key under a child is at least the child's separator, and every key before
//! the child is below it; the separator of a first child does not count. With SHORTENED the separator is only the
//! begin of a longer one, and the first key under the child decides.
//!
//! # Concurrency
//! A published node never changes, but for amendments that come behind those that its readers look at. Its references
//! are those of parents and of records; only a writer that holds the latch of a key takes them. **A reference is given up only when the epoch has passed in which its holder was
//! unlinked**, so whoever reaches a node through a pinned record may read it without a reference.

mod room;

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::marker::PhantomData;
use std::ptr::NonNull;
// Not through `crate::sync`: the layout must not depend on the model checker.
use std::sync::atomic::{AtomicU32, Ordering, fence};

use super::amend::Plain;
use super::packed::{Fresh, Item, Packed, Parsed, Piece, Sink, measure, parse, write};
use super::{lazy, mapped};
use crate::index::Damaged;
use crate::memory::size_class;

/// Nodes begin at multiples of this.
pub const ALIGN: usize = 16;
pub const HEAD_BYTES: usize = 16;
/// The level of a blob.
pub const BLOB: u8 = 0xff;
/// Levels of a tree; more would mean a loop in a damaged file.
pub const LEVEL_MAX: u8 = 32;
/// Flag: some entries of this leaf are blobs.
pub(super) const HAS_BLOBS: u8 = 1;
/// Word bit: the node lies in a mapped file.
pub const MAPPED: u64 = 1;
/// Word bit: the separator beside this word is only the begin of one.
pub const SHORTENED: u64 = 2;
/// Word bit: the node was made by the edit under way and is seen by nobody else; in no published node.
pub const FRESH: u64 = 4;
/// All bits of a word that are no address.
pub const STATE: u64 = ALIGN as u64 - 1;
/// In front of the separator in an entry of an inner node.
pub const CHILD_BYTES: usize = 24;

#[repr(C, align(16))]
struct Head {
    refs: AtomicU32,
    len: u32,
    level: u8,
    flags: u8,
    room: u16,
    /// Length of the key of a blob; of other nodes, bytes of amendments.
    extra: AtomicU32,
}

/// The number under which a writer, and whoever frees, sees all amendments.
pub const NEWEST: u64 = (1 << 48) - 1;
/// Beside a node's number: it lies in a mapped file.
const IN_FILE: u64 = 1 << 63;

/// A node that is alive for `'a`.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    head: NonNull<Head>,
    /// Amendments up to this number count; IN_FILE.
    number: u64,
    _alive: PhantomData<&'a Head>,
}

/// A child as its parent knows it.
#[derive(Clone, Copy, Debug)]
pub struct Child<'a> {
    pub word: u64,
    pub elements: u64,
    pub bytes: u64,
    pub separator: &'a [u8],
}

impl<'a> Child<'a> {
    /// Reads an entry of an inner node.
    #[inline]
    pub fn read(raw: &'a [u8]) -> Child<'a> {
        let word = |at: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&raw[at..at + 8]);
            u64::from_le_bytes(bytes)
        };
        Child { word: word(0), elements: word(8), bytes: word(16), separator: &raw[CHILD_BYTES..] }
    }

    pub fn head(&self) -> [u8; CHILD_BYTES] {
        let mut head = [0; CHILD_BYTES];
        head[..8].copy_from_slice(&self.word.to_le_bytes());
        head[8..16].copy_from_slice(&self.elements.to_le_bytes());
        head[16..].copy_from_slice(&self.bytes.to_le_bytes());
        head
    }

    /// The entry that carries this child.
    pub fn entry(&self) -> Fresh<'a> {
        Fresh::with_head(&self.head(), [self.separator, &[]])
    }
}

impl<'a> Node<'a> {
    /// The node that `word` points to as the tree of this number has it, checked where it lies in a file.
    ///
    /// # Safety
    /// `word` came from [`Node::word`] (or is mapped), and what holds it keeps the node alive for `'a`: a pinned
    /// record's tree, or a reference.
    #[inline]
    pub unsafe fn at(word: u64, number: u64) -> Result<Node<'a>, Damaged> {
        let is_mapped = word & MAPPED != 0;
        let address = (word & !STATE) as usize;
        if is_mapped {
            mapped::check(address)?;
        }
        let head = NonNull::new(std::ptr::with_exposed_provenance_mut::<Head>(address)).ok_or(Damaged)?;
        let number = number | if is_mapped { IN_FILE } else { 0 };
        Ok(Node { head, number, _alive: PhantomData })
    }

    /// The word that points here.
    pub fn word(self) -> u64 {
        let address = self.head.as_ptr().expose_provenance() as u64;
        if self.is_mapped() { address | MAPPED } else { address }
    }

    fn head(self) -> &'a Head {
        // SAFETY: alive for 'a, as `at` was promised.
        unsafe { self.head.as_ref() }
    }

    pub fn is_mapped(self) -> bool {
        self.number & IN_FILE != 0
    }

    pub fn level(self) -> u8 {
        self.head().level
    }

    pub fn is_leaf(self) -> bool {
        self.level() == 0
    }

    pub fn is_blob(self) -> bool {
        self.level() == BLOB
    }

    /// Whether entries of this leaf may be blobs.
    pub fn has_blobs(self) -> bool {
        self.head().flags & HAS_BLOBS != 0
    }

    /// Bytes of the node.
    #[allow(clippy::len_without_is_empty, reason = "a node is never empty")]
    pub fn len(self) -> usize {
        self.head().len as usize
    }

    /// Everything behind the head.
    fn payload(self) -> &'a [u8] {
        // SAFETY: `len` is the length of the allocation, or checked against the file by `mapped::check`.
        unsafe {
            let start = self.head.as_ptr().cast::<u8>().add(HEAD_BYTES);
            std::slice::from_raw_parts(start, self.len() - HEAD_BYTES)
        }
    }

    /// The whole node, amendments worked in, head included, with zero for the references: for writing it to a file.
    pub fn stored(self) -> Vec<u8> {
        let head = self.head();
        let mut bytes = vec![0; HEAD_BYTES];
        bytes[8] = head.level;
        bytes[9] = head.flags;
        if self.is_blob() {
            bytes[12..].copy_from_slice(&(self.key_len() as u32).to_le_bytes());
            bytes.extend_from_slice(self.payload());
        } else {
            bytes.extend_from_slice(Plain::of(self).packed().bytes());
        }
        let len = bytes.len() as u32;
        bytes[4..8].copy_from_slice(&len.to_le_bytes());
        bytes
    }

    /// The entries of a leaf or inner node as they were first written.
    #[inline]
    pub(super) fn packed(self) -> Packed<'a> {
        Packed::new(self.payload())
    }

    /// Number of entries.
    #[inline]
    pub fn count(self) -> usize {
        let count = self.packed().count();
        if self.is_leaf() && self.has_amendments() { self.leaf().count() } else { count }
    }

    /// The child at `index` of an inner node; a mapped node's words are made absolute.
    #[inline]
    pub fn child(self, index: usize) -> Child<'a> {
        let mut child = self.absolute_child(self.packed().raw(index));
        if let Some(amended) = self.amended_child(index) {
            amended.amend(&mut child);
        }
        child
    }

    #[inline]
    pub(super) fn absolute_child(self, raw: &'a [u8]) -> Child<'a> {
        let mut child = Child::read(raw);
        child.word = self.absolute(child.word);
        child
    }

    /// A word as it stands in this node, made absolute: in a file words count backwards from their node.
    #[inline]
    fn absolute(self, word: u64) -> u64 {
        if !self.is_mapped() {
            return word;
        }
        let address = self.head.as_ptr().addr() as u64;
        address.wrapping_sub(word & !STATE) & !STATE | word & STATE | MAPPED
    }

    /// The element at `index` of a leaf.
    #[inline]
    pub fn item(self, index: usize) -> Result<Item<'a>, Damaged> {
        if self.has_amendments() { self.leaf().item(index) } else { self.read(self.packed().raw(index)) }
    }

    /// An entry of this leaf, read.
    #[inline]
    pub(super) fn read(self, raw: &'a [u8]) -> Result<Item<'a>, Damaged> {
        match parse(raw) {
            Parsed::Inline(item) => Ok(item),
            // SAFETY: the leaf holds a reference to its blobs, and lives for 'a.
            Parsed::Big(word) => Ok(unsafe { Node::at(self.absolute(word), NEWEST) }?.blob()),
        }
    }

    fn key_len(self) -> usize {
        // ORDERING: a blob never changes.
        self.head().extra.load(Ordering::Relaxed) as usize
    }

    /// Key and value of a blob.
    fn blob(self) -> Item<'a> {
        let (key, value) = self.payload().split_at(self.key_len());
        Item { key, value }
    }

    /// The blob at `index` of a leaf, if that entry is one. Leaves with blobs have no amendments.
    pub fn blob_at(self, index: usize) -> Option<u64> {
        if !self.has_blobs() {
            return None;
        }
        match self.packed().parsed(index) {
            Parsed::Inline(_) => None,
            Parsed::Big(word) => Some(self.absolute(word)),
        }
    }

    /// Memory that this leaf holds by its entry at `index`, beside itself.
    pub fn blob_bytes(self, index: usize) -> u64 {
        // SAFETY: as in `item`.
        self.blob_at(index)
            .and_then(|word| unsafe { Node::at(word, NEWEST) }.ok())
            .map_or(0, Node::memory_bytes)
    }

    /// Takes another reference to a node that somebody holds one of already.
    pub fn retain(self) {
        if !self.is_mapped() {
            // ORDERING: the caller has a reference, or holds the latch of a key that has one.
            self.head().refs.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Takes the only reference, and with it all that the node holds; `false` if there are others.
    pub fn claim(self) -> bool {
        // ORDERING: acquire pairs with the release of whoever gave up another reference.
        self.head().refs.compare_exchange(1, 0, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Whether there is one reference only: whoever holds the latch of its key may amend it.
    #[inline]
    pub fn is_alone(self) -> bool {
        // ORDERING: acquire pairs with the release of whoever gave up another reference.
        self.head().refs.load(Ordering::Acquire) == 1
    }

    /// Whether [`Node::claim`] took it.
    fn is_claimed(self) -> bool {
        // ORDERING: asked by the former holder's end, an epoch after the claim.
        self.head().refs.load(Ordering::Relaxed) == 0
    }

    /// Whether giving up a reference now would free what the node holds, as far as can be told.
    fn is_last_reference(self) -> bool {
        // ORDERING: a hint.
        self.head().refs.load(Ordering::Relaxed) == 1
    }

    /// Overwrites the child at `index`, leaving its separator.
    ///
    /// # Safety
    /// The node is fresh, and no other borrow of its bytes is in use.
    pub(super) unsafe fn set_child(self, index: usize, child: &Child<'_>) {
        let at = HEAD_BYTES + self.packed().offset(index);
        let head = child.head();
        // SAFETY: the entry of an inner node begins with CHILD_BYTES, and the caller is alone with the node.
        unsafe {
            self.head.as_ptr().cast::<u8>().add(at).copy_from_nonoverlapping(head.as_ptr(), CHILD_BYTES)
        };
    }

    /// Frees the node's memory, and nothing that it holds.
    ///
    /// # Safety
    /// Nobody sees the node any more; not mapped.
    pub(super) unsafe fn free(self) {
        let layout = layout(self.len(), self.room());
        // SAFETY: the caller's promise; `allocate` used this layout.
        unsafe { dealloc(self.head.as_ptr().cast(), layout) };
    }

    /// Bytes that the allocator takes for the node.
    pub fn memory_bytes(self) -> u64 {
        size_class(layout(self.len(), self.room()).size()) as u64
    }
}

/// Where the room of a node of `len` bytes begins.
fn room_offset(len: usize) -> usize {
    len.next_multiple_of(8)
}

/// Gives up a reference; the last one frees the node and gives up what it holds.
///
/// # Safety
/// The caller owned a reference whose holder nobody can see any more.
pub unsafe fn release(word: u64) {
    if word & MAPPED != 0 || word & !STATE == 0 {
        return;
    }
    // SAFETY: the caller owns a reference.
    let Ok(node) = (unsafe { Node::at(word, NEWEST) }) else { return };
    // ORDERING: release and acquire, so that whoever frees has seen everything that other holders did.
    if node.head().refs.fetch_sub(1, Ordering::Release) == 1 {
        fence(Ordering::Acquire);
        // SAFETY: that was the last reference.
        unsafe { dispose(node) };
    }
}

/// Ends a record's hold on a root: gives it up (a large tree's in the background), or frees what remains of it after
/// it was claimed.
///
/// # Safety
/// As for [`release`].
pub unsafe fn release_root(word: u64, is_large: bool) {
    if word & MAPPED != 0 || word & !STATE == 0 {
        return;
    }
    // SAFETY: the record kept the memory, if nothing else.
    let Ok(node) = (unsafe { Node::at(word, NEWEST) }) else { return };
    if node.is_claimed() {
        // SAFETY: nobody sees the record any more, which was the only way here.
        unsafe { node.free() };
    } else if is_large && node.is_last_reference() {
        // SAFETY: as the caller says.
        unsafe { lazy::release_later(word) };
    } else {
        // SAFETY: as the caller says.
        unsafe { release(word) };
    }
}

/// Frees a node and gives up what it holds.
///
/// # Safety
/// Nobody sees it any more, and it has no references.
unsafe fn dispose(node: Node<'_>) {
    // SAFETY: each word is a reference that this node owned.
    held(node).for_each(|word| unsafe { release(word) });
    // SAFETY: the caller's promise.
    unsafe { node.free() };
}

/// The words of what a node holds: children, or blobs.
pub fn held<'a>(node: Node<'a>) -> impl Iterator<Item = u64> + 'a {
    let (is_inner, count) = match node.level() {
        BLOB => (false, 0),
        0 if !node.has_blobs() => (false, 0),
        level => (level > 0, node.packed().count()),
    };
    (0..count)
        .filter_map(move |index| if is_inner { Some(node.child(index).word) } else { node.blob_at(index) })
}

/// A new node of `pieces`, with one reference, and room for at least so many bytes of amendments.
pub fn build<'a>(level: u8, pieces: &[Piece<'_>], has_blobs: bool, room: usize) -> Node<'a> {
    let flags = if has_blobs { HAS_BLOBS } else { 0 };
    let len = HEAD_BYTES + measure(pieces).1;
    let start = room_offset(len);
    // All that the allocator gives anyway.
    let room = if room == 0 || has_blobs { 0 } else { size_class(start + room) - start };
    let (node, mut fill) = allocate(len, level, flags, room, 0);
    write(pieces, &mut fill);
    debug_assert_eq!(fill.left, 0, "measured wrongly");
    node
}

/// A new blob with one reference.
pub fn blob<'a>(key: &[u8], value: &[&[u8]]) -> Node<'a> {
    let len = HEAD_BYTES + key.len() + value.iter().map(|part| part.len()).sum::<usize>();
    let (node, mut fill) = allocate(len, BLOB, 0, 0, key.len() as u32);
    fill.put(key);
    value.iter().for_each(|part| fill.put(part));
    node
}

fn layout(len: usize, room: usize) -> Layout {
    let bytes = if room == 0 { len } else { room_offset(len) + room };
    Layout::from_size_align(bytes, ALIGN).expect("node lengths are far below isize::MAX")
}

fn allocate<'a>(len: usize, level: u8, flags: u8, room: usize, extra: u32) -> (Node<'a>, Fill) {
    let layout = layout(len, room);
    let room = u16::try_from(room).expect("room is small");
    // SAFETY: the layout's size is at least a head's.
    let Some(start) = NonNull::new(unsafe { alloc(layout) }) else { handle_alloc_error(layout) };
    let head = start.cast::<Head>();
    let new =
        Head { refs: AtomicU32::new(1), len: len as u32, level, flags, room, extra: AtomicU32::new(extra) };
    // SAFETY: just allocated, large enough and aligned.
    unsafe { head.write(new) };
    // SAFETY: inside the allocation.
    let at = unsafe { start.as_ptr().add(HEAD_BYTES) };
    let node = Node { head, number: NEWEST, _alive: PhantomData };
    (node, Fill { at, left: len - HEAD_BYTES })
}

/// Writes the payload of a new node, or an amendment.
pub(crate) struct Fill {
    at: *mut u8,
    left: usize,
}

impl Sink for Fill {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        assert!(bytes.len() <= self.left, "a node is as long as it was measured");
        // SAFETY: `left` bytes of the new allocation are ours to write.
        unsafe {
            self.at.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            self.at = self.at.add(bytes.len());
        }
        self.left -= bytes.len();
    }
}
