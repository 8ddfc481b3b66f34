//! The binary protocol (memcached's `doc/protocol-binary.xml`): every opcode, quiet forms, SASL.
//!
//! *Format:* `header.rs`. A request is handled when all of it is there. A header that lies about its lengths is answered
//! as memcached does, and closes the connection where memcached closes it.
//!
//! # Limits
//! A body longer than any item may be is answered and dropped without being buffered.

pub mod ahead;
mod arithmetic;
mod header;
mod retrieve;
mod sasl;
mod statistics;
mod store;

use polycache_core::command::Failure;

pub use header::REQUEST_MAGIC;

use super::control;
use super::item::{Removed, remove};
use super::shared::MEMCACHED_VERSION;
use super::text::parse::KEY_BYTES_MAX;
use super::users;
use super::work::Work;
use super::{Step, size_limit};
use crate::client::Held;
use crate::stats::Counter;
use header::{HEADER_BYTES, Opcode, Request, Status, respond};

/// The longest request of who is not known yet: nobody makes us buffer before.
const TOKEN_BYTES_MAX: usize = 4096;

/// The state of a connection that speaks binary.
#[derive(Default)]
pub struct Binary {
    /// Bytes of a body that are to be dropped.
    swallow: usize,
}

impl Binary {
    /// Handles the start of `input`, which is not empty.
    #[inline]
    pub fn step(&mut self, work: &mut Work<'_>, input: &[u8]) -> Step {
        if self.swallow > 0 {
            let dropped = self.swallow.min(input.len());
            self.swallow -= dropped;
            return Step::Done(dropped);
        }
        if input[0] != REQUEST_MAGIC {
            return Step::Close;
        }
        let Some(head) = input.first_chunk::<HEADER_BYTES>() else { return Step::Wait(HEADER_BYTES) };
        let mut request = Request::parse(head);
        if request.key_len + request.extras_len > request.body_len {
            respond(work.out, &request).error(Status::UnknownCommand);
            return Step::Close;
        }
        let is_known = work.authenticated
            || (is_open_to_all(work, request.opcode) && request.body_len <= TOKEN_BYTES_MAX);
        if !is_known {
            respond(work.out, &request).error(Status::AuthError);
            return Step::Close;
        }
        if request.key_len > KEY_BYTES_MAX {
            respond(work.out, &request).error(Status::InvalidArguments);
            return Step::Close;
        }
        if request.opcode.is_none() {
            work.commands += 1;
            respond(work.out, &request).error(Status::UnknownCommand);
            return self.drop_body(&request);
        }
        let whole = HEADER_BYTES + request.body_len;
        if request.body_len - request.key_len - request.extras_len > size_limit(work) {
            // All that can be wrong with a longer one than any item is its length.
            let head = HEADER_BYTES + request.extras_len + request.key_len;
            let Some(start) = input.get(..head) else { return Step::Wait(head) };
            request.take_body(start);
            work.commands += 1;
            store::refuse_too_large(work, &request);
            return self.drop_body(&request);
        }
        let Some(bytes) = input.get(..whole) else { return Step::Wait(whole) };
        request.take_body(bytes);
        if let Some(held) = work.server.clients.pause.held()
            && (held == Held::Everything || request.opcode.is_some_and(Opcode::writes))
        {
            return Step::Held;
        }
        work.commands += 1;
        match handle(work, &request) {
            After::GoOn => Step::Done(whole),
            After::Close => Step::Close,
        }
    }

    fn drop_body(&mut self, request: &Request<'_>) -> Step {
        self.swallow = request.body_len;
        Step::Done(HEADER_BYTES)
    }
}

/// Whether an opcode needs no password.
fn is_open_to_all(work: &Work<'_>, opcode: Option<Opcode>) -> bool {
    match opcode {
        Some(Opcode::SaslList | Opcode::SaslAuth | Opcode::SaslStep) => {
            users::are_of_use(work.server, work.settings)
        }
        Some(Opcode::Version) => true,
        _ => false,
    }
}

/// What becomes of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    GoOn,
    Close,
}

/// Carries out a request that is all there.
#[inline]
fn handle(work: &mut Work<'_>, request: &Request<'_>) -> After {
    let Some(opcode) = request.opcode else { return After::GoOn };
    if !opcode.fits(request) {
        respond(work.out, request).error(Status::InvalidArguments);
        return After::Close;
    }
    match opcode {
        Opcode::Get | Opcode::GetKey => retrieve::get(work, request, opcode),
        Opcode::Touch | Opcode::GetAndTouch | Opcode::GetAndTouchKey => {
            retrieve::touch(work, request, opcode)
        }
        Opcode::Set | Opcode::Add | Opcode::Replace | Opcode::Append | Opcode::Prepend => {
            store::store(work, request, opcode)
        }
        Opcode::Delete => delete(work, request),
        Opcode::Increment | Opcode::Decrement => arithmetic::count(work, request, opcode),
        Opcode::Flush => flush(work, request),
        Opcode::Noop => respond(work.out, request).empty(0),
        Opcode::Verbosity => respond(work.out, request).success(),
        Opcode::Version => respond(work.out, request).body(0, &[], &[], MEMCACHED_VERSION.as_bytes()),
        Opcode::Stat => statistics::stat(work, request),
        Opcode::SaslList | Opcode::SaslAuth | Opcode::SaslStep => sasl::handle(work, request, opcode),
        Opcode::Quit => {
            respond(work.out, request).success();
            return After::Close;
        }
    }
    After::GoOn
}

fn delete(work: &mut Work<'_>, request: &Request<'_>) {
    let unique = (request.cas != 0).then_some(request.cas);
    let result = remove::remove(work, request.key, unique);
    let reply = respond(work.out, request);
    match result {
        Ok(Removed::Done) => reply.success(),
        Ok(Removed::NotFound) => reply.error(Status::NotFound),
        Ok(Removed::Exists) => reply.error(Status::Exists),
        Err(failure) => fail(work, request, &failure),
    }
}

fn flush(work: &mut Work<'_>, request: &Request<'_>) {
    let delay = request.extras.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
    match control::flush_all(work, delay.into()) {
        Ok(()) => respond(work.out, request).success(),
        Err(failure) => fail(work, request, &failure),
    }
}

/// A failure of the engine in this protocol's form.
#[cold]
fn fail(work: &mut Work<'_>, request: &Request<'_>, failure: &Failure) {
    let status = if failure.0.starts_with("NOPERM") {
        Status::AuthError
    } else if *failure == Failure::OUT_OF_MEMORY {
        work.stats.add(Counter::MemcachedNoMemory, 1);
        Status::OutOfMemory
    } else {
        Status::InternalError
    };
    let text =
        if *failure == Failure::WRONG_TYPE { "key holds a value that is not a string" } else { &failure.0 };
    let text = if status == Status::OutOfMemory { "Out of memory" } else { text };
    respond(work.out, request).failed(status, text.as_bytes());
}
