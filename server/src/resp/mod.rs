//! The Redis protocol: requests in, replies out.

pub mod codec;
pub mod emit;
pub mod error;
mod fuzz;
pub mod inline;
pub(crate) mod lookup;
mod outstanding;
pub mod parse;
mod special;

pub use fuzz::{converse, fuzz};
