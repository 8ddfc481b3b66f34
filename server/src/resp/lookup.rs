//! From a command's name to its row, remembered per thread: clients send few different names, and always spelled
//! alike.

use std::cell::RefCell;

use polycache_core::command::{Args, Failure, Registry, Spec};

use crate::server::Server;
use crate::stats::CommandIndex;

/// Names that a thread remembers; a power of two.
const NAMES: usize = 64;
/// Longer names are looked up each time.
const NAME_BYTES_MAX: usize = 15;

/// A name as it was sent, and what it means. Containers are not remembered: their row depends on more.
#[derive(Clone, Copy)]
struct Known {
    len: u8,
    name: [u8; NAME_BYTES_MAX],
    spec: &'static Spec,
    index: CommandIndex,
}

thread_local! {
    static KNOWN: RefCell<[Option<Known>; NAMES]> = const { RefCell::new([None; NAMES]) };
}

/// The row that `args` means, and the place of its counters. Checks the arity.
#[inline]
pub fn lookup(server: &Server, args: Args<'_>) -> Result<(&'static Spec, CommandIndex), Failure> {
    let name = args[0];
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        return resolve(server, args);
    }
    KNOWN.with_borrow_mut(|known| {
        let place = usize::from(name[0]) ^ usize::from(name[name.len() - 1]) << 2 ^ name.len() << 4;
        let place = &mut known[place % NAMES];
        if let Some(known) = place
            && known.name[..usize::from(known.len)] == *name
            && known.spec.arity_fits(args.len())
        {
            return Ok((known.spec, known.index));
        }
        let (spec, index) = resolve(server, args)?;
        if spec.name.as_bytes().eq_ignore_ascii_case(name)
            && spec.subcommands.is_empty()
            && !is_container(server, name)
        {
            let mut bytes = [0; NAME_BYTES_MAX];
            bytes[..name.len()].copy_from_slice(name);
            *place = Some(Known { len: name.len() as u8, name: bytes, spec, index });
        }
        Ok((spec, index))
    })
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
