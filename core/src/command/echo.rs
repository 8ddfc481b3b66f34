//! Arguments that error texts repeat. Error texts are text, arguments are bytes: a byte that is no UTF-8 travels through
//! the text as a character of its own, and RESP turns it back into the byte.
//!
//! # Format
//! Byte `b` is the character U+10FF00 + `b`, at the end of the last private plane. An argument that really holds such a
//! character has its four bytes disguised one by one, so nothing is ambiguous.

use std::borrow::Cow;

const FIRST: u32 = 0x10_ff00;
/// How the disguise of every byte begins, in UTF-8.
const LEAD: u8 = 0xf4;

/// An argument as an error text repeats it: up to the first NUL, as C prints it.
pub fn echoed(argument: &[u8]) -> Cow<'_, str> {
    let argument = argument.split(|byte| *byte == 0).next().unwrap_or_default();
    match std::str::from_utf8(argument) {
        Ok(text) if memchr::memchr(LEAD, argument).is_none() => Cow::Borrowed(text),
        _ => Cow::Owned(disguised(argument)),
    }
}

fn disguised(argument: &[u8]) -> String {
    let mut text = String::with_capacity(argument.len() * 2);
    let disguise = |text: &mut String, bytes: &[u8]| {
        text.extend(bytes.iter().filter_map(|byte| char::from_u32(FIRST + u32::from(*byte))));
    };
    for chunk in argument.utf8_chunks() {
        for character in chunk.valid().chars() {
            if hidden_byte(character).is_some() {
                disguise(&mut text, character.encode_utf8(&mut [0; 4]).as_bytes());
            } else {
                text.push(character);
            }
        }
        disguise(&mut text, chunk.invalid());
    }
    text
}

/// The byte that a character stands for.
fn hidden_byte(character: char) -> Option<u8> {
    u32::from(character).checked_sub(FIRST).and_then(|byte| u8::try_from(byte).ok())
}

/// The bytes that an error text stands for.
pub fn error_bytes(text: &str) -> Cow<'_, [u8]> {
    if memchr::memchr(LEAD, text.as_bytes()).is_none() {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        match hidden_byte(character) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Cow::Owned(bytes)
}

/// The error text for people: what is no UTF-8 is U+FFFD.
pub fn error_text(text: &str) -> String {
    String::from_utf8_lossy(&error_bytes(text)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_argument_comes_back(argument in proptest::collection::vec(1u8.., 0..40)) {
            let text = echoed(&argument);
            prop_assert_eq!(&*error_bytes(&text), &argument[..]);
        }

        #[test]
        fn text_comes_back(argument in "[a\u{e4}\u{10ff00}\u{10ff80}\u{10ffff}\u{10feff}\u{100000}]*") {
            let text = echoed(argument.as_bytes());
            prop_assert_eq!(&*error_bytes(&text), argument.as_bytes());
        }
    }

    #[test]
    fn arguments_end_at_a_nul_and_are_readable() {
        assert_eq!(echoed(b"ab\0cd"), "ab");
        assert_eq!(error_text(&echoed(b"a\xffb")), "a\u{fffd}b");
    }
}
