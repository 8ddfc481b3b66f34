//! From a command's name to its row, remembered per thread: clients send few different names, and always spelled
//! alike.

use std::cell::Cell;

use polycache_core::command::{Args, Failure, Registry, Spec};

use crate::server::Server;
use crate::stats::CommandIndex;

/// Names that a thread remembers; a power of two.
const NAMES: usize = 64;
/// Longer names are looked up each time.
const NAME_BYTES_MAX: usize = 16;

/// A name as it was sent, and what it means. Containers are not remembered: their row depends on more.
#[derive(Clone, Copy)]
struct Known {
    name: Name,
    spec: &'static Spec,
    index: CommandIndex,
}

/// A short name in two words, beside its length: no two names of one length have the same.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Name {
    len: usize,
    words: [u64; 2],
}

impl Name {
    /// The two ends of `name`, which overlap where it is not as long as both together; `None` of long ones.
    #[inline]
    fn of(name: &[u8]) -> Option<Name> {
        let words = match name.len() {
            1..=3 => {
                let [first, middle, last] = [name[0], name[name.len() / 2], name[name.len() - 1]];
                [u64::from_le_bytes([first, middle, last, 0, 0, 0, 0, 0]), 0]
            }
            4..=7 => {
                let ends = (name.first_chunk()?, name.last_chunk()?);
                [u32::from_le_bytes(*ends.0).into(), u32::from_le_bytes(*ends.1).into()]
            }
            8..=NAME_BYTES_MAX => {
                [u64::from_le_bytes(*name.first_chunk()?), u64::from_le_bytes(*name.last_chunk()?)]
            }
            _ => return None,
        };
        Some(Name { len: name.len(), words })
    }

    /// Where a thread remembers it.
    #[inline]
    fn place(&self) -> usize {
        let mixed = (self.words[0] ^ self.words[1].rotate_left(32) ^ self.len as u64)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> (u64::BITS - NAMES.ilog2())) as usize
    }
}

thread_local! {
    static KNOWN: [Cell<Option<Known>>; NAMES] = const { [const { Cell::new(None) }; NAMES] };
}

/// The row that `args` means, and the place of its counters. Checks the arity.
#[inline]
pub fn lookup(server: &Server, args: Args<'_>) -> Result<(&'static Spec, CommandIndex), Failure> {
    let Some(name) = Name::of(args[0]) else { return resolve(server, args) };
    let known = KNOWN.with(|known| known[name.place()].get());
    if let Some(known) = known
        && known.name == name
        && known.spec.arity_fits(args.len())
    {
        return Ok((known.spec, known.index));
    }
    learn(server, args, name)
}

/// Looks a name up, and remembers it where it says all.
#[cold]
fn learn(server: &Server, args: Args<'_>, name: Name) -> Result<(&'static Spec, CommandIndex), Failure> {
    let (spec, index) = resolve(server, args)?;
    if spec.name.as_bytes().eq_ignore_ascii_case(args[0])
        && spec.subcommands.is_empty()
        && !is_container(server, args[0])
    {
        KNOWN.with(|known| known[name.place()].set(Some(Known { name, spec, index })));
    }
    Ok((spec, index))
}

/// A subcommand may be called as its container is.
fn is_container(server: &Server, name: &[u8]) -> bool {
    server.registry.lookup(name).is_some_and(|spec| !spec.subcommands.is_empty())
}

#[cold]
fn resolve(server: &Server, args: Args<'_>) -> Result<(&'static Spec, CommandIndex), Failure> {
    let spec = server.registry.resolve(args)?;
    Ok((spec, server.stats.command(spec)))
}

/// The counters of a command that exists but was called with a wrong number of arguments.
#[cold]
pub fn known(server: &Server, args: Args<'_>) -> Option<CommandIndex> {
    let spec = server.registry.lookup(args[0])?;
    let row = match args.get(1) {
        Some(name) if !spec.subcommands.is_empty() => Registry::subcommand(spec, name)?,
        _ => spec,
    };
    Some(server.stats.command(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_by_every_byte() {
        assert!(Name::of(b"").is_none() && Name::of(&[b'x'; NAME_BYTES_MAX + 1]).is_none());
        for len in 1..=NAME_BYTES_MAX {
            let name: Vec<u8> = (0..len as u8).map(|at| b'a' + at).collect();
            let known = Name::of(&name).expect("short enough");
            assert!(known.place() < NAMES);
            for at in 0..len {
                let mut other = name.clone();
                other[at] ^= 0x20;
                assert!(Name::of(&other) != Some(known), "byte {at} of {len}");
            }
            assert!(Name::of(&name[..len - 1]) != Some(known));
        }
    }
}
