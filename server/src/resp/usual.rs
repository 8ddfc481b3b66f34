//! Requests as nearly all are: short, whole, and in the plainest form. They are parsed without a look at limits; whatever
//! is not of this kind the parser reads anew, and it alone says what is wrong.

use std::ops::Range;

use super::parse::Arguments;
use crate::limits::{UNAUTHENTICATED_ARGUMENTS_MAX, UNAUTHENTICATED_BULK_BYTES_MAX};

// Even clients that have not authenticated may send what is taken here.
const _: () = assert!(UNAUTHENTICATED_ARGUMENTS_MAX >= 9 && UNAUTHENTICATED_BULK_BYTES_MAX >= 999);

/// A command of the usual kind at the start of `input`: whole, with at most nine arguments of at most 999 bytes, which
/// are within all limits. Appends its arguments, and gives its length; of any other input it leaves `args` as they are.
#[inline]
pub(super) fn usual<'a>(input: &'a [u8], args: &mut Arguments<'a>) -> Option<usize> {
    let count = digit(input, 0, b'*').filter(|count| *count > 0)?;
    let first = args.len();
    let mut at = 4;
    for _ in 0..count {
        let Some(range) = usual_bulk(input, at) else {
            args.truncate(first);
            return None;
        };
        at = range.end + 2;
        args.push(&input[range]);
    }
    Some(at)
}

/// The digit of the line `<mark><digit>\r\n` at `at`, if that is what stands there.
#[inline(always)]
fn digit(input: &[u8], at: usize, mark: u8) -> Option<usize> {
    let &[first, digit, b'\r', b'\n'] = input.get(at..at + 4)?.first_chunk()? else { return None };
    let digit = digit.wrapping_sub(b'0');
    (first == mark && digit <= 9).then_some(usize::from(digit))
}

/// Where the bytes of the bulk string at `at` are, if its length has up to three digits and all of it is there.
#[inline(always)]
fn usual_bulk(input: &[u8], at: usize) -> Option<Range<usize>> {
    let (len, start) = match digit(input, at, b'$') {
        Some(len) => (len, at + 4),
        None => {
            let head: &[u8; 6] = input.get(at..at + 6)?.first_chunk()?;
            let [b'$', tens @ b'1'..=b'9', ones @ b'0'..=b'9', rest @ ..] = head else { return None };
            let len = usize::from(tens - b'0') * 10 + usize::from(ones - b'0');
            match rest {
                [b'\r', b'\n', _] => (len, at + 5),
                [last @ b'0'..=b'9', b'\r', b'\n'] => (len * 10 + usize::from(last - b'0'), at + 6),
                _ => return None,
            }
        }
    };
    let end = start + len;
    (input.get(end..end + 2)? == b"\r\n").then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_whole_plain_commands_and_nothing_else() {
        for len in [0, 1, 9, 10, 99, 100, 999] {
            let value = vec![b'v'; len];
            let command = [format!("*2\r\n$3\r\nGET\r\n${len}\r\n").as_bytes(), &value, b"\r\n"].concat();
            for end in 0..command.len() {
                let mut args = Arguments::new();
                assert_eq!(usual(&command[..end], &mut args), None, "{end} bytes of {}", command.len());
                assert!(args.is_empty());
            }
            let two = command.repeat(2);
            let mut args = Arguments::new();
            assert_eq!(usual(&two, &mut args), Some(command.len()));
            assert_eq!(args[..], [&b"GET"[..], &value]);
        }
        for other in [
            "*0\r\n",
            "*1\r\n$01\r\nx\r\n",
            "*1\r\n$-1\r\n",
            "*1\r\n$1\rXx\r\n",
            "*1\r\n$1\r\nxy\r\n",
            "*1\r\n$1x\r\n",
            "*10\r\n",
            "PING\r\n",
            "*1\r\n$1000\r\n",
        ] {
            let mut args = Arguments::new();
            assert_eq!(usual(other.as_bytes(), &mut args), None, "{other:?}");
            assert!(args.is_empty());
        }
    }
}
