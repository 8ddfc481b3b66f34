//! The value of a container: packed into its record, or as trees.

use smallvec::SmallVec;

use super::header::TREES;
use super::{Kind, NewTrees, Record, Str, TreesMeta};
use crate::tree::{Garbage, Packed, ROOT_BYTES, RootSet, TreeRef, release_parts, root_parts};

/// The value of a container.
#[derive(Clone, Copy, Debug)]
pub enum Body<'a> {
    Packed(Packed<'a>),
    Trees(Trees<'a>),
}

/// The trees of a large container, and what its kind keeps beside them.
#[derive(Clone, Copy, Debug)]
pub struct Trees<'a> {
    kind: Kind,
    roots: &'a [u8],
    pub meta: &'a [u8],
}

impl<'a> Trees<'a> {
    /// One of the kind's trees.
    ///
    /// # Panics
    /// If the kind has fewer.
    pub fn root(self, number: usize) -> TreeRef<'a> {
        // SAFETY: the record owns its trees and lives for 'a.
        unsafe { TreeRef::from_parts(self.parts(number)) }
    }

    fn parts(self, number: usize) -> [u64; 3] {
        root_parts(self.roots, number)
    }

    /// All trees of the kind.
    pub fn all(self) -> impl Iterator<Item = TreeRef<'a>> {
        (0..self.kind.roots()).map(move |number| self.root(number))
    }

    /// Bytes of memory of all trees.
    pub fn bytes(self) -> u64 {
        self.all().map(TreeRef::bytes).sum()
    }

    /// Another owner of the same trees; the caller holds the latch of the record's key, or is the walker of a snapshot
    /// that writers keep the record whole for.
    pub(crate) fn share(self) -> NewTrees {
        let roots: SmallVec<_> = self.all().map(TreeRef::share).collect();
        NewTrees { roots, meta: TreesMeta::from_slice(self.meta), garbage: Garbage::default() }
    }

    /// Ends the record's ownership of all trees but those that another has `taken` over.
    ///
    /// # Safety
    /// Nobody sees the record any more.
    pub(super) unsafe fn release(self, taken: RootSet) {
        for number in (0..self.kind.roots()).filter(|&number| !taken.has(number)) {
            // SAFETY: the caller's promise; the parts came from `Tree::into_parts`.
            unsafe { release_parts(self.parts(number)) };
        }
    }
}

impl<'a> Record<'a> {
    /// The value of a container.
    ///
    /// # Panics
    /// If the record is a string.
    pub fn body(&self) -> Body<'a> {
        match self.trees() {
            Some(trees) => Body::Trees(trees),
            None => Body::Packed(Packed::new(self.inline())),
        }
    }

    /// Whether this is a hash with fields that expire: then its second tree, which tells when, is not empty.
    #[inline]
    pub fn has_volatile_fields(&self) -> bool {
        self.meta().has(TREES)
            && self.kind() == Kind::Hash
            && self.trees().is_some_and(|trees| !trees.root(1).is_empty())
    }

    /// The trees of a large container.
    #[inline]
    pub(crate) fn trees(&self) -> Option<Trees<'a>> {
        self.meta().has(TREES).then(|| {
            let kind = self.kind();
            let (roots, meta) = self.inline().split_at(kind.roots() * ROOT_BYTES);
            Trees { kind, roots, meta }
        })
    }

    fn inline(&self) -> &'a [u8] {
        match self.value() {
            Str::Inline(bytes) => bytes,
            Str::Rope(_) => unreachable!("containers are not ropes"),
        }
    }
}
