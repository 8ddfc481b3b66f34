//! The libraries that Redis gives scripts beside Lua's own: `cjson`, `cmsgpack`, `bit`, `struct`.
//!
//! Written here, over the stack, with bounds on nesting and on what is taken at once: those of the originals have been
//! ways into the process (CVE-2024-31449 in `bit.tohex`, CVE-2022-24834 in `cjson` and `cmsgpack`).

mod bits;
mod json;
mod json_decode;
mod json_encode;
mod pack;
mod pack_read;
mod pack_write;
mod structs;
mod structs_format;

use super::lua::Stack;

/// Pushes each library's table and has it published under its name.
pub fn open(stack: Stack, publish: impl Fn(Stack, &str)) {
    for (name, open) in [
        ("bit", bits::open as fn(Stack)),
        ("cjson", json::open),
        ("cmsgpack", pack::open),
        ("struct", structs::open),
    ] {
        open(stack);
        publish(stack, name);
    }
}
