//! Large containers: persistent, counted B+ trees of (key, value) entries in the order of their keys' bytes.
//!
//! One structure carries every large value: a list is a tree without keys, a set or hash one in the order of its
//! elements' hashes, a sorted set two (by score, by hash), a stream one by ID. Every element is found by key or by
//! rank in O(log n). A tree never changes for whoever reads it: a write adds amendments to the nodes on the path to what
//! it touches, which carry a number that only readers of the new tree have reached, or copies them where there is no
//! room for more; and the record that carries the new root is swapped in like any other. So readers of a large value
//! run in parallel and see one state of it, however long they take, and a snapshot that holds an old root costs nothing.
//!
//! Folder: `packed` (the layout of entries), `node` (memory and references), `amend` (changes noted in nodes), `find` and
//! `cursor` (reading), `edit` (writing), `build` (from a sorted stream), `mapped` (nodes in a snapshot file).

mod amend;
#[cfg(test)]
mod amend_test;
mod build;
mod cursor;
mod edit;
mod find;
mod lazy;
pub mod mapped;
pub mod node;
pub mod packed;
#[cfg(test)]
mod test;

use std::marker::PhantomData;

use crossbeam_epoch::Guard;
use smallvec::SmallVec;

pub use build::Builder;
pub use cursor::Cursor;
pub use edit::Edit;
pub use lazy::lazily_freed;
pub use packed::{Fresh, Item, Packed};

/// A node is split above this many bytes.
pub const NODE_BYTES_MAX: usize = 1536;
/// A node below this many bytes is merged with a neighbour.
const NODE_BYTES_MIN: usize = NODE_BYTES_MAX / 4;
/// Longer entries become blobs: what a write copies beside them stays small.
pub const ENTRY_BYTES_MAX: usize = 512;
/// Longer separators are shortened.
const SEPARATOR_BYTES_MAX: usize = 64;
/// Bytes of a root as a record carries it.
pub const ROOT_BYTES: usize = 24;

/// The words of the root at `number` of the roots that a record's value begins with.
pub(crate) fn root_parts(value: &[u8], number: usize) -> [u64; 3] {
    let root = &value[number * ROOT_BYTES..][..ROOT_BYTES];
    std::array::from_fn(|word| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&root[word * 8..][..8]);
        u64::from_le_bytes(bytes)
    })
}

/// Bits of a word of a root below those that carry a part of the tree's number.
const ROOT_WORD_BITS: u32 = 48;
const ROOT_WORD_MASK: u64 = (1 << ROOT_WORD_BITS) - 1;

/// The words of a root, with the tree's number in their upper bits.
fn join_parts(words: [u64; 3], number: u64) -> [u64; 3] {
    std::array::from_fn(|at| words[at] & ROOT_WORD_MASK | (number >> (16 * at)) << ROOT_WORD_BITS)
}

/// The opposite of [`join_parts`].
fn split_parts(parts: [u64; 3]) -> ([u64; 3], u64) {
    let number = (0..3).map(|at| parts[at] >> ROOT_WORD_BITS << (16 * at)).sum();
    (parts.map(|word| word & ROOT_WORD_MASK), number)
}

/// A borrowed tree: valid for `'a`, while its record is pinned or its owner lives.
#[derive(Clone, Copy, Debug)]
pub struct TreeRef<'a> {
    /// The root's word; zero if the tree is empty.
    root: u64,
    elements: u64,
    bytes: u64,
    /// Amendments of nodes up to this number are part of the tree.
    number: u64,
    _alive: PhantomData<&'a ()>,
}

impl<'a> TreeRef<'a> {
    pub const EMPTY: TreeRef<'static> =
        TreeRef { root: 0, elements: 0, bytes: 0, number: 0, _alive: PhantomData };

    /// The tree whose root a record carries.
    ///
    /// # Safety
    /// The words came from [`Tree::into_parts`] (or a checked snapshot), and the record is alive for `'a`.
    pub unsafe fn from_parts(parts: [u64; 3]) -> TreeRef<'a> {
        let ([root, elements, bytes], number) = split_parts(parts);
        TreeRef { root, elements, bytes, number, _alive: PhantomData }
    }

    /// Number of elements.
    pub fn len(self) -> u64 {
        self.elements
    }

    pub fn is_empty(self) -> bool {
        self.elements == 0
    }

    /// Bytes of memory (or of a mapped file) that the tree takes.
    pub fn bytes(self) -> u64 {
        self.bytes
    }

    /// Another owner of the same nodes.
    ///
    /// The caller holds the latch of the record's key, so that no writer claims the root meanwhile.
    pub fn share(self) -> Tree {
        if let Some(root) = self.node() {
            root.retain();
        }
        let TreeRef { root, elements, bytes, number, .. } = self;
        Tree { root: root & !node::FRESH, elements, bytes, number }
    }

    /// The root, where it can be read without touching a file.
    fn node(self) -> Option<node::Node<'a>> {
        if self.root == 0 || self.root & node::MAPPED != 0 {
            return None;
        }
        // SAFETY: alive for 'a.
        unsafe { node::Node::at(self.root, self.number) }.ok()
    }
}

/// An owned tree.
#[derive(Debug)]
pub struct Tree {
    root: u64,
    elements: u64,
    bytes: u64,
    number: u64,
}

impl Tree {
    pub const EMPTY: Tree = Tree { root: 0, elements: 0, bytes: 0, number: 0 };

    pub fn as_ref(&self) -> TreeRef<'_> {
        let &Tree { root, elements, bytes, number } = self;
        TreeRef { root, elements, bytes, number, _alive: PhantomData }
    }

    /// Takes back what [`Tree::into_parts`] gave away.
    ///
    /// # Safety
    /// The words own their root, once; or the root is mapped.
    pub(crate) unsafe fn from_parts(parts: [u64; 3]) -> Tree {
        let ([root, elements, bytes], number) = split_parts(parts);
        Tree { root, elements, bytes, number }
    }

    /// Gives the tree to a record; [`release_parts`] takes it back.
    pub fn into_parts(self) -> [u64; 3] {
        let parts = join_parts([self.root & !node::FRESH, self.elements, self.bytes], self.number);
        std::mem::forget(self);
        parts
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        // One that is being taken over belongs to the old record until it is published.
        if self.root & node::FRESH == 0 {
            // SAFETY: an owned tree was never published, or came from `share`.
            unsafe { node::release(self.root) };
        }
    }
}

/// Ends a record's ownership of a root.
///
/// # Safety
/// The words came from [`Tree::into_parts`], and nobody sees the record any more.
pub unsafe fn release_parts(parts: [u64; 3]) {
    let ([root, _, bytes], _) = split_parts(parts);
    // SAFETY: the caller's promise.
    unsafe { node::release_root(root, bytes >= lazy::LAZY_BYTES_MIN) };
}

/// Some of a record's trees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RootSet(u8);

impl RootSet {
    pub fn add(&mut self, number: usize) {
        self.0 |= 1 << number;
    }

    pub fn has(self, number: usize) -> bool {
        self.0 & 1 << number != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// What an edit took out of use: given to the epoch once the new tree is published.
#[derive(Debug, Default)]
#[must_use = "nodes leak unless they are retired"]
pub struct Garbage {
    waste: SmallVec<[Waste; 4]>,
    /// Trees that the new record takes over from the old as they are.
    pub(crate) taken: RootSet,
}

/// A reference, or with [`Waste::SHELL`] a claimed node of which only the memory is left.
#[derive(Clone, Copy, Debug)]
struct Waste(u64);

// SAFETY: the words own what they point to.
unsafe impl Send for Garbage {}

impl Garbage {
    /// Retires it all. To be called after the tree that replaces it was published.
    #[inline]
    pub fn retire(self, pin: &Guard) {
        if !self.waste.is_empty() {
            self.retire_all(pin);
        }
    }

    fn retire_all(self, pin: &Guard) {
        let pieces = self.waste.len();
        for waste in self.waste {
            // SAFETY: unreachable for whoever pins from now on, and retired once.
            unsafe { pin.defer_unchecked(move || waste.end()) };
        }
        crate::index::reclaim::count(pin, pieces, pieces * NODE_BYTES_MAX);
    }

    /// Adds what another edit left; whether its tree is [`Garbage::taken`] over, the caller notes.
    pub fn join(&mut self, other: Garbage) {
        self.waste.extend(other.waste);
    }
}

impl Waste {
    /// In the place of a bit that words of nodes do not use.
    const SHELL: u64 = 1 << 3;

    fn shell(word: u64) -> Waste {
        Waste(word | Self::SHELL)
    }

    fn reference(word: u64) -> Waste {
        Waste(word)
    }

    /// # Safety
    /// Nobody sees the node by this way any more.
    unsafe fn end(self) {
        let word = self.0 & !Self::SHELL;
        if self.0 & Self::SHELL == 0 {
            // SAFETY: the caller owns the reference.
            unsafe { node::release(word) };
            return;
        }
        // SAFETY: claimed, so it is the caller's alone.
        unsafe {
            if let Ok(node) = node::Node::at(word, node::NEWEST) {
                node.free();
            }
        }
    }
}

const _: () = assert!(Waste::SHELL & (node::MAPPED | node::SHORTENED | node::FRESH) == 0);
const _: () = assert!(Waste::SHELL <= node::STATE);
