//! Containers as their commands see them: elements in order, packed into the record or in trees.
//!
//! A small container is one packed sequence, a large one trees; which of them, is what OBJECT ENCODING names
//! (`listpack` and `intset` are packed, `quicklist`, `hashtable`, `skiplist` are trees). One module per type knows its
//! keys and thresholds; [`Elements`] reads and [`Work`] writes either form.
//!
//! # Writing
//! A command latches the key, makes a [`Work`] of the record's body, changes it, and puts [`Work::finish`]'s value with
//! the command's canonical effect; an emptied container is removed instead. Nothing may fail between the first change
//! of a `Work` and the put: what can be refused is checked before.

mod elements;
pub mod gathered;
pub mod hash;
mod hash_edit;
pub mod list;
pub mod sample;
pub mod set;
pub mod set_algebra;
pub mod sorted_set;
pub mod stream;
mod work;

pub use elements::{Elements, Walk};
pub use hash::{Field, Hash};
pub use hash_edit::{Before, FieldExpiry, HashEdit, sweep_fields};
pub use set::{Set, SetEdit};
pub use sorted_set::{SortedSet, SortedSetEdit};
pub use work::{Finished, Work};
