//! increment and decrement.

use super::fail;
use super::header::{Opcode, Request, Status, respond};
use crate::memcached::item::{Counted, Counting, Direction, counter};
use crate::memcached::work::Work;

/// The exptime that means: do not make the item.
const NO_VIVIFY: u32 = u32::MAX;

/// Increment, Decrement and their quiet forms. Extras: delta, initial value, exptime.
pub fn count(work: &mut Work<'_>, request: &Request<'_>, opcode: Opcode) {
    let number = |at: usize| {
        let bytes = request.extras.get(at..).and_then(|bytes| bytes.first_chunk());
        bytes.map_or(0, |bytes| u64::from_be_bytes(*bytes))
    };
    let (delta, initial) = (number(0), number(8));
    let exptime = request.extras.get(16..).and_then(|bytes| bytes.first_chunk());
    let exptime = exptime.map_or(0, |bytes| u32::from_be_bytes(*bytes));
    let counting = Counting {
        key: request.key,
        direction: if opcode == Opcode::Increment { Direction::Increment } else { Direction::Decrement },
        delta,
        unique: request.cas,
        vivify: (exptime != NO_VIVIFY).then_some((initial, exptime.into())),
        exptime: None,
        cas: None,
    };
    let result = counter::count(work, &counting);
    let response = respond(work.out, request);
    match result {
        Ok(Counted::Number { .. }) if request.quiet => {}
        Ok(Counted::Number { value, cas, .. }) => response.body(cas, &[], &[], &value.to_be_bytes()),
        Ok(Counted::NotFound) => response.error(Status::NotFound),
        Ok(Counted::Exists) => response.error(Status::Exists),
        Ok(Counted::NotNumeric) => response.error(Status::NotNumeric),
        Err(failure) => fail(work, request, &failure),
    }
}
