//! The words of MIGRATE.

use std::time::Duration;

use polycache_core::command::args::{integer, is_word};
use polycache_core::command::{Args, Failure};

/// What is waited at most for one step where the command does not say.
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(1);

/// A MIGRATE command.
#[derive(Debug)]
pub(super) struct Options<'a> {
    pub host: &'a [u8],
    pub port: &'a [u8],
    pub db: i64,
    pub timeout: Duration,
    pub copy: bool,
    pub replace: bool,
    /// The AUTH command that is sent first.
    pub auth: Option<Vec<&'a [u8]>>,
    pub keys: Vec<&'a [u8]>,
}

impl<'a> Options<'a> {
    pub fn parse(args: Args<'a>) -> Result<Options<'a>, Failure> {
        const NOT_EMPTY: Failure = Failure::text(
            "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string",
        );
        let (mut copy, mut replace, mut auth, mut keys) = (false, false, None, vec![args[3]]);
        let mut rest = &args[6..];
        while let Some((word, behind)) = rest.split_first() {
            rest = match behind {
                _ if is_word(word, "COPY") => {
                    copy = true;
                    behind
                }
                _ if is_word(word, "REPLACE") => {
                    replace = true;
                    behind
                }
                [password, behind @ ..] if is_word(word, "AUTH") => {
                    auth = Some(vec![b"AUTH".as_slice(), password]);
                    behind
                }
                [user, password, behind @ ..] if is_word(word, "AUTH2") => {
                    auth = Some(vec![b"AUTH".as_slice(), user, password]);
                    behind
                }
                _ if is_word(word, "KEYS") => {
                    if !args[3].is_empty() {
                        return Err(NOT_EMPTY);
                    }
                    keys = behind.to_vec();
                    &[]
                }
                _ => return Err(Failure::SYNTAX),
            };
        }
        let timeout = integer(args[5])?;
        let timeout = if timeout > 0 { Duration::from_millis(timeout as u64) } else { TIMEOUT_DEFAULT };
        let db = integer(args[4])?;
        Ok(Options { host: args[1], port: args[2], db, timeout, copy, replace, auth, keys })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<(usize, bool, bool, usize), Failure> {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let options = Options::parse(&words)?;
        Ok((options.keys.len(), options.copy, options.replace, options.auth.map_or(0, |words| words.len())))
    }

    #[test]
    fn words_are_taken_apart() {
        for (line, expected) in [
            ("MIGRATE h 1 k 0 10", Ok((1, false, false, 0))),
            ("MIGRATE h 1 k 0 0 copy REPLACE", Ok((1, true, true, 0))),
            ("MIGRATE h 1  0 10 AUTH pw KEYS a b copy", Ok((3, false, false, 2))),
            ("MIGRATE h 1  0 10 AUTH2 u pw KEYS", Ok((0, false, false, 3))),
            ("MIGRATE h 1 k 0 10 AUTH", Err("ERR syntax error")),
            ("MIGRATE h 1 k 0 10 AUTH2 u", Err("ERR syntax error")),
            ("MIGRATE h 1 k x 10", Err("ERR value is not an integer or out of range")),
            (
                "MIGRATE h 1 k 0 10 KEYS a",
                Err("ERR When using MIGRATE KEYS option, the key argument must be set to the empty string"),
            ),
        ] {
            assert_eq!(parse(line), expected.map_err(Failure::text), "{line}");
        }
    }
}
