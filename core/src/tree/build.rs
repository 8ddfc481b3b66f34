//! Building a tree from elements that come in order: every node is written once, and all but the last are full.

use smallvec::SmallVec;

use super::edit::Edit;
use super::edit::pack::{Children, entry, finish_part};
use super::node::HEAD_BYTES;
use super::packed::{Fresh, Piece};
use super::{NODE_BYTES_MAX, TreeRef};

/// A tree under construction.
pub struct Builder {
    edit: Edit<'static>,
    /// Full leaves.
    leaves: Children,
    /// Entries of the leaf being filled, as they are stored.
    data: Vec<u8>,
    /// Where each of them ends.
    ends: Vec<usize>,
    has_blobs: bool,
}

impl Default for Builder {
    fn default() -> Self {
        Builder {
            edit: Edit::new(TreeRef::EMPTY, false),
            leaves: Children::new(),
            data: Vec::with_capacity(NODE_BYTES_MAX),
            ends: Vec::new(),
            has_blobs: false,
        }
    }
}

impl Drop for Builder {
    fn drop(&mut self) {
        if !self.ends.is_empty() || !self.leaves.is_empty() {
            drop(self.take().finish().0);
        }
    }
}

impl Builder {
    pub fn new() -> Builder {
        Builder::default()
    }

    /// Adds an element behind all others: its key is above theirs, or there are no keys.
    pub fn push(&mut self, key: &[u8], value: &[u8]) {
        let entry = entry(key, value);
        let bytes = HEAD_BYTES + 2 + 2 * (self.ends.len() + 1) + self.data.len() + entry.len();
        if bytes > NODE_BYTES_MAX && !self.ends.is_empty() {
            self.flush();
        }
        entry.write(&mut self.data);
        self.ends.push(self.data.len());
        self.has_blobs |= entry.is_big();
    }

    fn flush(&mut self) {
        let mut begin = 0;
        let entries: SmallVec<[Fresh<'_>; 64]> = self
            .ends
            .iter()
            .map(|&end| Fresh::with_head(&[], [&self.data[std::mem::replace(&mut begin, end)..end], &[]]))
            .collect();
        finish_part(0, &[Piece::New(&entries)], self.has_blobs, 0, &mut self.leaves);
        drop(entries);
        self.data.clear();
        self.ends.clear();
        self.has_blobs = false;
    }

    /// The tree, as an edit that may go on.
    pub fn finish(mut self) -> Edit<'static> {
        self.take()
    }

    fn take(&mut self) -> Edit<'static> {
        if !self.ends.is_empty() {
            self.flush();
        }
        let mut edit = std::mem::replace(&mut self.edit, Edit::new(TreeRef::EMPTY, false));
        edit.install(std::mem::take(&mut self.leaves));
        edit
    }
}
