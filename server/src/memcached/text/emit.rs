//! The replies of the classic text protocol: every fixed line to the letter, and the one line that is built.
//!
//! The texts were compared with memcached 1.6.18 byte by byte (`server/tests/memcached`).

use polycache_core::command::Failure;
use polycache_core::record::Str;

/// A fixed reply line.
pub type Line = &'static [u8];

pub const STORED: Line = b"STORED\r\n";
pub const NOT_STORED: Line = b"NOT_STORED\r\n";
pub const EXISTS: Line = b"EXISTS\r\n";
pub const NOT_FOUND: Line = b"NOT_FOUND\r\n";
pub const DELETED: Line = b"DELETED\r\n";
pub const TOUCHED: Line = b"TOUCHED\r\n";
pub const OK: Line = b"OK\r\n";
pub const END: Line = b"END\r\n";
pub const RESET: Line = b"RESET\r\n";

/// No such command, or the wrong number of words.
pub const ERROR: Line = b"ERROR\r\n";
pub const BAD_FORMAT: Line = b"CLIENT_ERROR bad command line format\r\n";
pub const BAD_DATA_CHUNK: Line = b"CLIENT_ERROR bad data chunk\r\n";
pub const BAD_EXPTIME: Line = b"CLIENT_ERROR invalid exptime argument\r\n";
pub const BAD_DELTA: Line = b"CLIENT_ERROR invalid numeric delta argument\r\n";
pub const NOT_NUMERIC: Line = b"CLIENT_ERROR cannot increment or decrement non-numeric value\r\n";
/// The two spaces are memcached's.
pub const DELETE_USAGE: Line = b"CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n";
pub const DETAIL_USAGE: Line = b"CLIENT_ERROR usage: stats detail on|off|dump\r\n";
pub const UNAUTHENTICATED: Line = b"CLIENT_ERROR unauthenticated\r\n";
pub const TOO_LARGE: Line = b"SERVER_ERROR object too large for cache\r\n";
pub const OUT_OF_MEMORY_STORING: Line = b"SERVER_ERROR out of memory storing object\r\n";
pub const OUT_OF_MEMORY: Line = b"SERVER_ERROR out of memory\r\n";
/// memcached has no other types; this is what its clients see of our lists, sets and hashes.
pub const NOT_A_STRING: Line = b"SERVER_ERROR key holds a value that is not a string\r\n";
pub const LIMIT_NOT_MEGABYTES: Line = b"MEMLIMIT_ADJUST_FAILED input value is megabytes not bytes\r\n";
pub const SHUTDOWN_OFF: Line = b"ERROR: shutdown not enabled\r\n";
pub const BAD_SHUTDOWN_MODE: Line = b"CLIENT_ERROR invalid shutdown mode\r\n";
pub const WATCH_NOT_FIRST: Line = b"ERROR cannot pipeline other commands before watch\r\n";
pub const TOO_MANY_WATCHERS: Line = b"WATCHER_TOO_MANY log watcher limit reached\r\n";
pub const BAD_COMMAND_LINE: Line = b"CLIENT_ERROR bad command line\r\n";
pub const BAD_SLAB_CLASS: Line = b"CLIENT_ERROR Illegal slab id\r\n";
pub const NO_TLS: Line = b"Error TLS not enabled\r\n";
pub const NO_SPARE_PAGES: Line = b"NOSPARE source class has no spare pages\r\n";
pub const MN: Line = b"MN\r\n";
pub const LIMIT_TOO_SMALL: Line = b"MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m\r\n";

/// One found value: `VALUE key flags bytes[ cas]`, and its data block.
#[inline]
pub fn value(out: &mut Vec<u8>, key: &[u8], flags: u32, data: Str<'_>, cas: Option<u64>) {
    const NUMBERS_BYTES_MAX: usize = 10 + 20 + 20;
    const FRAME_BYTES: usize = b"VALUE    \r\n\r\n".len();
    out.reserve(key.len() + data.len() + NUMBERS_BYTES_MAX + FRAME_BYTES);
    out.extend_from_slice(b"VALUE ");
    out.extend_from_slice(key);
    if flags == 0 {
        out.extend_from_slice(b" 0 ");
    } else {
        out.push(b' ');
        number(out, u64::from(flags));
        out.push(b' ');
    }
    number(out, data.len() as u64);
    if let Some(cas) = cas {
        out.push(b' ');
        number(out, cas);
    }
    out.extend_from_slice(b"\r\n");
    self::data(out, data);
}

/// A data block and its end.
#[inline]
pub fn data(out: &mut Vec<u8>, data: Str<'_>) {
    match data {
        Str::Inline(bytes) => out.extend_from_slice(bytes),
        Str::Rope(_) => data.copy_range(0, usize::MAX, out),
    }
    out.extend_from_slice(b"\r\n");
}

/// A decimal number.
#[inline]
pub fn number(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// `STAT name value`.
pub fn statistic(out: &mut Vec<u8>, name: &str, value: impl std::fmt::Display) {
    use std::io::Write;
    // Writing to a vector cannot fail.
    let _ = write!(out, "STAT {name} {value}\r\n");
}

/// A failure of the engine in this protocol's form; `out_of_memory` is the line for a full memory.
#[cold]
pub fn failure(out: &mut Vec<u8>, failure: &Failure, out_of_memory: Line) {
    if *failure == Failure::WRONG_TYPE {
        return out.extend_from_slice(NOT_A_STRING);
    }
    if *failure == Failure::OUT_OF_MEMORY {
        return out.extend_from_slice(out_of_memory);
    }
    let is_refusal = failure.0.starts_with("NOPERM");
    out.extend_from_slice(if is_refusal { b"CLIENT_ERROR " } else { b"SERVER_ERROR " });
    // A line break inside would end the reply early.
    out.extend(failure.0.bytes().map(|byte| if byte < b' ' { b' ' } else { byte }));
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_lines_carry_flags_length_and_cas() {
        let mut out = Vec::new();
        value(&mut out, b"k", 0, Str::Inline(b"ab"), None);
        value(&mut out, b"key", u32::MAX, Str::Inline(b""), Some(u64::MAX));
        assert_eq!(
            out,
            b"VALUE k 0 2\r\nab\r\nVALUE key 4294967295 0 18446744073709551615\r\n\r\n".as_slice()
        );
    }

    #[test]
    fn failures_stay_on_one_line() {
        let mut out = Vec::new();
        failure(&mut out, &Failure::text("MISCONF a\r\nb"), OUT_OF_MEMORY);
        failure(&mut out, &Failure::OUT_OF_MEMORY, OUT_OF_MEMORY_STORING);
        failure(&mut out, &Failure::WRONG_TYPE, OUT_OF_MEMORY);
        assert_eq!(
            out,
            b"SERVER_ERROR MISCONF a  b\r\nSERVER_ERROR out of memory storing object\r\n\
              SERVER_ERROR key holds a value that is not a string\r\n"
                .as_slice()
        );
    }
}
