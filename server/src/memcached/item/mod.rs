//! What can be done to an item, whichever of the three protocols asks: one function for each act, which says what came
//! of it, and leaves the words to the protocol.

pub mod counter;
pub mod remove;
pub mod retime;
pub mod size;
pub mod store;

pub use counter::{Counted, Counting, Direction};
pub use remove::Removed;
pub use store::{Extras, Storage, Stored, Verb};
