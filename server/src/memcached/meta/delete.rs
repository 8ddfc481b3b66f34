//! md: deleting, or marking as out of date.

use super::flags::{self, Flags};
use super::{echo, fail, key_word};
use crate::memcached::item::Removed;
use crate::memcached::item::remove::{self, Change};
use crate::memcached::text::emit::{self, Line};
use crate::memcached::text::parse::Words;
use crate::memcached::work::Work;

/// md key flags*
pub fn delete(work: &mut Work<'_>, mut words: Words<'_>) -> Result<(), Line> {
    let sent = key_word(&mut words)?;
    if Flags::count(words) > flags::WORDS_MAX - 3 {
        return Err(flags::TOO_MANY);
    }
    let (flags, key) = Flags::parse(sent, words).map_err(flag_error)?;
    let (stale, clears) = (flags.has(b'I'), flags.has(b'x'));
    let result = if stale || clears {
        let change = Change { stale, clears, exptime: flags.exptime, cas: flags.cas };
        remove::change(work, key.bytes(), flags.unique, change)
    } else {
        remove::remove(work, key.bytes(), flags.unique)
    };
    let code = match result {
        Ok(Removed::Done) if flags.has(b'q') => return Ok(()),
        Ok(Removed::Done) => b"HD",
        Ok(Removed::NotFound) => b"NF",
        Ok(Removed::Exists) => b"EX",
        Err(failure) => {
            fail(work, &failure, emit::OUT_OF_MEMORY);
            return Ok(());
        }
    };
    work.out.extend_from_slice(code);
    echo(work.out, &flags, &key);
    Ok(())
}

/// md and ma do not tell which flag is wrong.
pub fn flag_error(line: Line) -> Line {
    if line == flags::OPAQUE_TOO_LONG { line } else { flags::INVALID_OR_DUPLICATE }
}
