//! Nodes in the hands of an edit: what it may do with what they hold, and what becomes of them afterwards.

use super::super::Waste;
use super::super::node::{FRESH, MAPPED, NEWEST, Node, STATE};
use super::Edit;

/// What an edit may do with a node's content.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// Made by this edit.
    Fresh,
    /// Nobody else's any more.
    Claimed,
    /// Somebody else holds it too.
    Shared,
    Mapped,
}

pub(super) struct Opened {
    pub(super) node: Node<'static>,
    pub(super) hold: Hold,
    /// A reference to it is ours; the old root's is the old record's.
    is_owned: bool,
    /// Elements and bytes under it.
    pub(super) elements: u64,
    pub(super) bytes: u64,
}

impl Edit<'_> {
    pub(super) fn open(&mut self, word: u64, is_owned: bool, elements: u64, bytes: u64) -> Opened {
        let node = node_of(word);
        let hold = if word & MAPPED != 0 {
            Hold::Mapped
        } else if word & FRESH != 0 {
            Hold::Fresh
        } else if (is_owned || !self.keeps_old) && node.claim() {
            Hold::Claimed
        } else {
            Hold::Shared
        };
        Opened { node, hold, is_owned, elements, bytes }
    }

    /// Lets go of a node whose content has been carried over.
    pub(super) fn close(&mut self, opened: Opened) {
        match opened.hold {
            // SAFETY: nobody else has ever seen it.
            Hold::Fresh => unsafe { opened.node.free() },
            Hold::Claimed if opened.is_owned => self.garbage.waste.push(Waste::shell(opened.node.word())),
            Hold::Shared if opened.is_owned => self.drop_reference(opened.node.word()),
            // The old record still has it: it frees the shell, or gives up the reference, when it dies.
            _ => {}
        }
    }

    pub(super) fn drop_reference(&mut self, word: u64) {
        if word & MAPPED == 0 {
            self.garbage.waste.push(Waste::reference(word & !STATE));
        }
    }
}

/// A node whose word the edit owns, or that the old tree holds.
pub(super) fn node_of(word: u64) -> Node<'static> {
    // SAFETY: the edit keeps everything that it works on alive until it is closed, and uses nothing after that.
    unsafe { Node::at(word, NEWEST) }.expect("read before")
}

pub(super) fn is_readable(word: u64) -> bool {
    // SAFETY: as in `node_of`.
    unsafe { Node::at(word, NEWEST) }.is_ok()
}
