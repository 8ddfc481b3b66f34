//! A list that grows at its end, from outside: a file's, or a payload's.

use super::{Limit, insert_in_parts};
use crate::config::Tuning;
use crate::container::{Finished, Work};
use crate::index::Damaged;
use crate::limits::PACKED_BYTES_MAX;
use crate::record::Kind;
use crate::tree::packed::{Piece, to_vec};
use crate::tree::{Edit, Fresh, TreeRef};

/// Elements that are added to the tree at once, and bytes after which it is done earlier.
const BATCH_ELEMENTS: usize = 4096;

/// See the module.
pub struct Builder {
    limit: Limit,
    /// Elements that are not in the tree yet, one behind the other.
    batch: Vec<u8>,
    ends: Vec<usize>,
    tree: Option<Edit<'static>>,
}

impl Builder {
    pub fn new(tuning: &Tuning) -> Builder {
        let limit = Limit::of_setting(tuning.list_max_listpack_size());
        Builder { limit, batch: Vec::new(), ends: Vec::new(), tree: None }
    }

    /// Adds an element at the end.
    pub fn push(&mut self, element: &[u8]) -> Result<(), Damaged> {
        self.batch.extend_from_slice(element);
        self.ends.push(self.batch.len());
        if self.ends.len() == BATCH_ELEMENTS || self.batch.len() > PACKED_BYTES_MAX {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn values(&self) -> Vec<&[u8]> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts.zip(&self.ends).map(|(&start, &end)| &self.batch[start..end]).collect()
    }

    fn flush(&mut self) -> Result<(), Damaged> {
        let mut tree = self.tree.take().unwrap_or_else(|| Edit::new(TreeRef::EMPTY, false));
        let rank = tree.len();
        let outcome = insert_in_parts(&mut tree, rank, &self.values());
        self.tree = Some(tree);
        self.batch.clear();
        self.ends.clear();
        outcome
    }

    /// The value to be put; `None` for an empty list, which does not exist.
    pub fn finish(mut self) -> Result<Option<Finished>, Damaged> {
        if self.tree.is_none() {
            let values = self.values();
            if values.is_empty() {
                return Ok(None);
            }
            let bytes = self.batch.len() + 3 * values.len();
            if bytes <= PACKED_BYTES_MAX
                && !self.limit.is_exceeded(values.iter().copied(), values.len() as u64, 0)
            {
                let fresh: Vec<Fresh<'_>> = values.iter().map(|value| Fresh::new(b"", value)).collect();
                return Ok(Some(Finished::Packed(Kind::List, to_vec(&[Piece::New(&fresh)]))));
            }
        }
        if !self.ends.is_empty() {
            self.flush()?;
        }
        Ok(self.tree.take().map(|tree| Work::Tree(tree).finish(Kind::List)))
    }
}

impl Drop for Builder {
    fn drop(&mut self) {
        // A tree that came to nothing: nobody has seen its nodes.
        if let Some(tree) = self.tree.take() {
            drop(Work::Tree(tree).finish(Kind::List));
        }
    }
}
