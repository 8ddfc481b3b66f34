//! A password on a memcached connection, as memcached's ASCII authentication (`-Y`) has it.
//!
//! With `requirepass` set, a connection must begin with a `set` of any key whose data block is
//! `default <password>`; the answer is `STORED`. Anything else is `CLIENT_ERROR unauthenticated`.
//!
//! # Limits
//! The data block is [`TOKEN_BYTES_MAX`] long at most: nobody makes us buffer before they are known.

use super::emit;
use super::text::{LINE_BYTES_MAX, Words};
use super::work::Work;
use super::{Step, end_of_line, number};
use crate::stats::Counter;

/// The longest data block with user and password, as in memcached.
const TOKEN_BYTES_MAX: u64 = 2048;

/// The one user there is, named as in Redis.
const USER: &[u8] = b"default";

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
    if end == b"\r\n" && matches(token, work.settings.requirepass.as_bytes()) {
        work.client().authenticated = true;
        work.authenticated = true;
        work.out.extend_from_slice(emit::STORED);
    } else {
        work.stats.add(Counter::MemcachedAuthErrors, 1);
        work.stats.add(Counter::AuthFailures, 1);
        work.out.extend_from_slice(emit::UNAUTHENTICATED);
    }
    Step::Done(whole)
}

/// Whether `token` is user and password. Its time does not tell how much of the password is right.
fn matches(token: &[u8], password: &[u8]) -> bool {
    let Some(given) = token.strip_prefix(USER).and_then(|rest| rest.strip_prefix(b" ")) else { return false };
    given.len() == password.len()
        && given.iter().zip(password).fold(0, |difference, (left, right)| difference | (left ^ right)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password_must_both_be_right() {
        assert!(matches(b"default secret", b"secret"));
        assert!(!matches(b"default secre", b"secret"));
        assert!(!matches(b"default secret ", b"secret"));
        assert!(!matches(b"other secret", b"secret"));
        assert!(!matches(b"defaultsecret", b"secret"));
        assert!(!matches(b"", b"secret"));
    }
}
