//! Passwords: kept and compared as SHA-256 digests only.

use sha2::{Digest, Sha256};

/// The digest of a password.
#[derive(Clone, Copy)]
pub struct Password([u8; 32]);

impl Password {
    /// The digest of a password in clear.
    pub fn of(clear: &[u8]) -> Password {
        Password(Sha256::digest(clear).into())
    }

    /// A digest written as 64 hexadecimal digits in lower case.
    pub fn from_hex(text: &[u8]) -> Option<Password> {
        if text.len() != 64 {
            return None;
        }
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let mut digest = [0; 32];
        for (to, pair) in digest.iter_mut().zip(text.chunks_exact(2)) {
            *to = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Password(digest))
    }

    /// 64 hexadecimal digits.
    pub fn to_hex(self) -> String {
        hex(&self.0)
    }

    /// Whether both are the digest of the same password; takes the same time wherever they differ.
    pub fn is_same(&self, other: &Password) -> bool {
        let difference = self.0.iter().zip(&other.0).fold(0, |seen, (left, right)| seen | (left ^ right));
        std::hint::black_box(difference) == 0
    }
}

/// Bytes as hexadecimal digits in lower case.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_sha_256() {
        let password = Password::of(b"p");
        let text = "148de9c5a7a44d19e56cd9ae1a554bf67847afb0c58f6e12fa29ac7ddfca9940";
        assert_eq!(password.to_hex(), text);
        assert!(Password::from_hex(text.as_bytes()).unwrap().is_same(&password));
        assert!(!Password::of(b"q").is_same(&password));
        assert!(Password::from_hex(text.to_uppercase().as_bytes()).is_none());
        assert!(Password::from_hex(&text.as_bytes()[1..]).is_none());
    }
}
