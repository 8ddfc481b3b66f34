//! From source text to a function.
//!
//! Closes what the parser of Lua 5.1.5 leaves open: the name of a chunk is not anchored while it is parsed
//! (CVE-2025-49844), so the collector rests meanwhile; long brackets are counted in an `int` (CVE-2025-46819), so
//! sources are bounded far below that; and compiled code is not verified, so it is never loaded.

use mlua_sys as lua;

use super::stack::{Failed, Stack};
use crate::limits::SCRIPT_BYTES_MAX;

/// What compiled code begins with.
const SIGNATURE: u8 = 0x1b;

/// Pushes the function that `source` is, or the message what is wrong with it.
pub fn compile(stack: Stack, source: &[u8], name: &[u8]) -> Result<(), Failed> {
    if source.len() > SCRIPT_BYTES_MAX {
        stack.push_bytes(b"chunk has too many bytes");
        return Err(Failed::Syntax);
    }
    stack.collector(lua::LUA_GCSTOP, 0);
    let compiled = if source.first() == Some(&SIGNATURE) {
        // Behind a blank it is text, and bad text.
        stack.load(&[b" ", source].concat(), name)
    } else {
        stack.load(source, name)
    };
    stack.collector(lua::LUA_GCRESTART, 0);
    compiled
}
