//! set, add, replace, append, prepend.

use super::fail;
use super::header::{Opcode, Request, Status, respond};
use crate::memcached::item::{Extras, Storage, Stored, Verb, size, store};
use crate::memcached::watch::Outcome;
use crate::memcached::work::Work;

/// The storage command of a request whose parts fit.
#[inline]
fn storage<'a>(request: &Request<'a>, opcode: Opcode) -> Storage<'a> {
    let number = |at: usize| {
        let bytes = request.extras.get(at..).and_then(|bytes| bytes.first_chunk());
        bytes.map_or(0, |bytes| u32::from_be_bytes(*bytes))
    };
    let verb = match opcode {
        Opcode::Append => Verb::Append,
        Opcode::Prepend => Verb::Prepend,
        // A number to compare makes a cas of all of them.
        _ if request.cas != 0 => Verb::Cas,
        Opcode::Add => Verb::Add,
        Opcode::Replace => Verb::Replace,
        _ => Verb::Set,
    };
    Storage {
        verb,
        key: request.key,
        flags: number(0),
        exptime: number(4).into(),
        len: request.value.len(),
        unique: request.cas,
        extras: Extras::default(),
    }
}

/// Set, Add, Replace, Append, Prepend and their quiet forms.
#[inline]
pub fn store(work: &mut Work<'_>, request: &Request<'_>, opcode: Opcode) {
    let storage = storage(request, opcode);
    if size::is_too_large(storage.key, storage.flags, storage.len, work.settings.memcached_max_item_size) {
        return refuse_too_large(work, request);
    }
    let result = store::store(work, &storage, request.value);
    let response = respond(work.out, request);
    match result {
        Ok(Stored::Done(cas)) => response.stored(cas),
        Ok(Stored::Exists) => response.error(Status::Exists),
        Ok(Stored::NotFound) => response.error(Status::NotFound),
        Ok(Stored::Refused) => response.error(match storage.verb {
            Verb::Add => Status::Exists,
            Verb::Replace => Status::NotFound,
            _ => Status::NotStored,
        }),
        Err(failure) => fail(work, request, &failure),
    }
}

/// Answers a request whose value is larger than any item's; of a set the item goes.
#[cold]
pub fn refuse_too_large(work: &mut Work<'_>, request: &Request<'_>) {
    let Some(opcode) = request.opcode else { return };
    let is_storage =
        matches!(opcode, Opcode::Set | Opcode::Add | Opcode::Replace | Opcode::Append | Opcode::Prepend);
    if !is_storage {
        return respond(work.out, request).error(Status::InvalidArguments);
    }
    let storage = storage(request, opcode);
    store::refuse_too_large(work, request.key, opcode == Opcode::Set);
    if work.is_observed {
        work.observe_store(&storage, Outcome::TooLarge);
    }
    respond(work.out, request).error(Status::TooLarge);
}
