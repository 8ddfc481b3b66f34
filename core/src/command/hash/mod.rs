//! The commands on hashes.

mod change;
mod counter;
mod expire;
mod extended;
mod field;
mod random;
mod scan;
mod table;
mod whole;

pub use table::TABLES;

use super::{Ctx, Failure};
use crate::container::Hash;

/// The hash at a key, without fields where there is none.
fn read<'a>(ctx: &Ctx<'a>, key: &[u8]) -> Result<Hash<'a>, Failure> {
    Hash::of_optional(ctx.engine, ctx.read(key)?, ctx.now())
}
