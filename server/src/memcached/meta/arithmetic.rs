//! ma: counting.

use super::delete::flag_error;
use super::flags::{self, Flags};
use super::{echo, echo_one, fail, key_word, numbered, time_left};
use crate::memcached::item::{Counted, Counting, Direction, counter};
use crate::memcached::text::emit::{self, Line};
use crate::memcached::text::parse::Words;
use crate::memcached::work::Work;

const BAD_MODE: Line = b"CLIENT_ERROR invalid mode for ma M token\r\n";

/// ma key flags*
pub fn arithmetic(work: &mut Work<'_>, mut words: Words<'_>) -> Result<(), Line> {
    let sent = key_word(&mut words)?;
    if Flags::count(words) > flags::WORDS_MAX - 3 {
        return Err(flags::TOO_MANY);
    }
    let (flags, key) = Flags::parse(sent, words).map_err(flag_error)?;
    let direction = match flags.mode {
        0 | b'I' | b'i' | b'+' => Direction::Increment,
        b'D' | b'd' | b'-' => Direction::Decrement,
        _ => return Err(BAD_MODE),
    };
    let counting = Counting {
        key: key.bytes(),
        direction,
        delta: flags.delta,
        unique: flags.unique.unwrap_or(0),
        vivify: flags.vivify.map(|exptime| (flags.initial, flags.last_exptime().unwrap_or(exptime))),
        exptime: flags.exptime,
        cas: flags.cas,
    };
    let now = work.ctx.now();
    let code = match counter::count(work, &counting) {
        Ok(Counted::Number { value, cas, is_new, expire_at }) => {
            if flags.has(b'q') && !is_new {
                return Ok(());
            }
            let mut digits = itoa::Buffer::new();
            let digits = digits.format(value).as_bytes();
            let out = &mut *work.out;
            if flags.has(b'v') {
                out.extend_from_slice(b"VA ");
                emit::number(out, digits.len() as u64);
            } else {
                out.extend_from_slice(b"HD");
            }
            // T and N work for the flags behind them.
            let mut shown = expire_at[0];
            for word in flags.words() {
                match word[0] {
                    b'T' => shown = expire_at[1],
                    b'N' if is_new => shown = expire_at[1],
                    b't' => time_left(out, shown, now),
                    b'c' => numbered(out, b'c', cas),
                    _ => echo_one(out, word, &key),
                }
            }
            out.extend_from_slice(b"\r\n");
            if flags.has(b'v') {
                out.extend_from_slice(digits);
                out.extend_from_slice(b"\r\n");
            }
            return Ok(());
        }
        Ok(Counted::NotFound) => b"NF",
        Ok(Counted::Exists) => b"EX",
        Ok(Counted::NotNumeric) => return Err(emit::NOT_NUMERIC),
        Err(failure) => {
            fail(work, &failure, emit::OUT_OF_MEMORY);
            return Ok(());
        }
    };
    work.out.extend_from_slice(code);
    echo(work.out, &flags, &key);
    Ok(())
}
