//! A password on a memcached connection, as memcached's ASCII authentication (`-Y`) has it.
//!
//! Where a password is wanted, a connection must begin with a `set` of any key whose data block is `user password`
//! (of the access control, `default` being the one of `requirepass`, or of the authentication file); the answer is `STORED`. Anything else is `CLIENT_ERROR unauthenticated`.
//!
//! # Limits
//! The data block is [`TOKEN_BYTES_MAX`] long at most: nobody makes us buffer before they are known.

use super::emit;
use super::parse::{LINE_BYTES_MAX, Words};
use super::{Step, end_of_line};
use crate::memcached::number;
use crate::memcached::users;
use crate::memcached::work::Work;
use crate::stats::Counter;

/// The longest data block with user and password, as in memcached.
const TOKEN_BYTES_MAX: u64 = 2048;

/// Handles one line of a connection that is not authenticated.
#[cold]
pub fn authenticate(work: &mut Work<'_>, input: &[u8]) -> Step {
    let Some((line, after)) = end_of_line(input) else {
        return if input.len() > LINE_BYTES_MAX { Step::Close } else { Step::Wait(0) };
    };
    let mut words = Words::new(line);
    let is_set = words.next() == Some(b"set");
    let len = words.nth(3).and_then(number::unsigned).filter(|len| *len <= TOKEN_BYTES_MAX);
    let (true, Some(len)) = (is_set, len) else {
        work.out.extend_from_slice(emit::UNAUTHENTICATED);
        return Step::Done(after);
    };
    let len = len as usize;
    let whole = after + len + 2;
    if input.len() < whole {
        return Step::Wait(whole);
    }
    work.stats.add(Counter::MemcachedAuthCommands, 1);
    let (token, end) = input[after..whole].split_at(len);
    if end == b"\r\n" && matches(work, token) {
        work.out.extend_from_slice(emit::STORED);
    } else {
        work.stats.add(Counter::MemcachedAuthErrors, 1);
        work.out.extend_from_slice(emit::UNAUTHENTICATED);
    }
    Step::Done(whole)
}

/// Whether `token` is a user and their password.
fn matches(work: &mut Work<'_>, token: &[u8]) -> bool {
    let Some(space) = memchr::memchr(b' ', token) else { return false };
    users::log_in(work, &token[..space], &token[space + 1..], b"set")
}
