//! Passes over what modules wrote: their values carry marks that make that possible.

use std::io::Read;

use super::super::error::RdbError;
use super::super::format::module;
use super::source::Source;

/// The letters of a module type's name.
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The name of nine letters, six bits each, above ten bits of version.
pub fn name(id: u64) -> String {
    (0..9).map(|place| char::from(LETTERS[(id >> (58 - 6 * place)) as usize & 63])).collect()
}

/// Passes over a module's value, up to behind its end mark.
pub fn skip<R: Read>(source: &mut Source<R>, scratch: &mut Vec<u8>) -> Result<(), RdbError> {
    loop {
        let offset = source.offset();
        match source.length()? {
            module::EOF => return Ok(()),
            module::SIGNED | module::UNSIGNED => drop(source.length()?),
            module::FLOAT => source.skip(4)?,
            module::DOUBLE => source.skip(8)?,
            module::STRING => drop(source.string_into(scratch)?),
            _ => return Err(RdbError::corrupt(offset, "a part of a module's value is of an unknown kind")),
        }
    }
}

#[cfg(test)]
mod test {
    #[test]
    fn names_are_nine_letters() {
        assert_eq!(super::name(0), "AAAAAAAAA");
        let id = b"ReJSON-RL".iter().fold(0_u64, |id, letter| {
            id << 6 | super::LETTERS.iter().position(|known| known == letter).expect("a letter") as u64
        });
        assert_eq!(super::name(id << 10 | 3), "ReJSON-RL");
    }
}
