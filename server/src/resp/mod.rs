//! The Redis protocol: requests in, replies out.

mod batch;
pub mod codec;
pub mod emit;
pub mod error;
mod fuzz;
pub mod inline;
pub(crate) mod lookup;
mod outstanding;
pub mod parse;
mod special;
mod usual;

pub use fuzz::{converse, fuzz};
