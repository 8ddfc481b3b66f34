//! ms: storing, in all modes.

use super::flags::{self, Flags};
use super::{Handled, echo_one, fail, key_word, numbered};
use crate::memcached::item::{Extras, Storage, Stored, Verb, size, store};
use crate::memcached::number;
use crate::memcached::text::emit;
use crate::memcached::text::parse::Words;
use crate::memcached::watch::Outcome;
use crate::memcached::work::Work;
use crate::stats::Counter;

/// Longer data blocks are bad requests, not blocks to swallow.
const BLOCK_BYTES_MAX: i64 = i32::MAX as i64 - 2;

const BAD_MODE: emit::Line = b"CLIENT_ERROR invalid mode for ms M token\r\n";

/// ms key datalen flags*
#[inline]
pub fn set(work: &mut Work<'_>, mut words: Words<'_>, input: &[u8], after: usize) -> Handled {
    let refuse = |work: &mut Work<'_>, line| {
        work.stats.add(Counter::MemcachedMeta, 1);
        work.out.extend_from_slice(line);
    };
    let sent = match key_word(&mut words) {
        Ok(sent) => sent,
        Err(line) => {
            refuse(work, line);
            return Handled::Whole;
        }
    };
    let len = words.next().and_then(number::signed).filter(|len| (0..=BLOCK_BYTES_MAX).contains(len));
    let Some(len) = len else {
        refuse(work, emit::BAD_FORMAT);
        return Handled::Whole;
    };
    let block_len = len as usize + 2;
    if words.rest().len() > 2 * (flags::WORDS_MAX - 4) - 1 && Flags::count(words) > flags::WORDS_MAX - 4 {
        refuse(work, flags::TOO_MANY);
        return Handled::Whole;
    }
    let parsed = Flags::parse(sent, words);
    let (flags, key) = match parsed {
        Ok(parsed) => parsed,
        Err(line) => {
            refuse(work, line);
            return Handled::Swallow(block_len);
        }
    };
    let verb = match flags.mode {
        0 | b'S' | b's' => Verb::Set,
        b'E' | b'e' => Verb::Add,
        b'A' | b'a' => Verb::Append,
        b'P' | b'p' => Verb::Prepend,
        b'R' | b'r' => Verb::Replace,
        _ => {
            refuse(work, BAD_MODE);
            return Handled::Swallow(block_len);
        }
    };
    let verb =
        if flags.unique.is_some() && matches!(verb, Verb::Set | Verb::Replace) { Verb::Cas } else { verb };
    let storage = Storage {
        verb,
        key: key.bytes(),
        flags: flags.client_flags,
        exptime: flags.exptime.unwrap_or(0),
        len: len as usize,
        // Adding needs no number: there must be no item.
        unique: if verb == Verb::Add { 0 } else { flags.unique.unwrap_or(0) },
        extras: Extras { cas: flags.cas, takes_older: flags.has(b'I'), vivify: flags.vivify },
    };
    if size::is_too_large(storage.key, storage.flags, storage.len, work.settings.memcached_max_item_size) {
        store::refuse_too_large(work, storage.key, true);
        if work.is_observed {
            work.observe_store(&storage, Outcome::TooLarge);
        }
        refuse(work, emit::TOO_LARGE);
        return Handled::Swallow(block_len);
    }
    let whole = after + block_len;
    let Some(block) = input.get(after..whole) else { return Handled::Wait(whole) };
    work.stats.add(Counter::MemcachedMeta, 1);
    let Some(data) = block.strip_suffix(b"\r\n") else {
        work.stats.add(Counter::MemcachedSets, 1);
        work.out.extend_from_slice(emit::BAD_DATA_CHUNK);
        return Handled::WithBlock(whole);
    };
    let (code, cas): (&[u8; 2], u64) = match store::store(work, &storage, data) {
        Ok(Stored::Done(_)) if flags.has(b'q') => return Handled::WithBlock(whole),
        Ok(Stored::Done(cas)) => (b"HD", cas),
        Ok(Stored::Refused) => (b"NS", 0),
        Ok(Stored::Exists) => (b"EX", 0),
        Ok(Stored::NotFound) => (b"NF", 0),
        Err(failure) => {
            fail(work, &failure, emit::OUT_OF_MEMORY_STORING);
            return Handled::WithBlock(whole);
        }
    };
    let out = &mut *work.out;
    out.extend_from_slice(code);
    for word in flags.words() {
        match word[0] {
            b'c' => numbered(out, b'c', cas),
            b's' => numbered(out, b's', len as u64),
            _ => echo_one(out, word, &key),
        }
    }
    out.extend_from_slice(b"\r\n");
    Handled::WithBlock(whole)
}
