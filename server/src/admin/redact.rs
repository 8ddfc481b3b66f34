//! Which arguments of a command are secret: logs of commands and MONITOR must not show them.

use std::borrow::Cow;

use polycache_core::command::Args;

use crate::config::table::{self, SENSITIVE};

/// What is shown instead.
pub(crate) const HIDDEN: &[u8] = b"(redacted)";

/// The argument at `position` as others may see it.
pub(crate) fn shown<'a>(args: Args<'a>, position: usize) -> Cow<'a, [u8]> {
    Cow::Borrowed(if is_secret(args, position) { HIDDEN } else { args[position] })
}

/// Whether an argument is a secret: those of AUTH, of HELLO's and MIGRATE's AUTH, rules and names of ACL users, and
/// values of sensitive settings.
pub(crate) fn is_secret(args: Args<'_>, position: usize) -> bool {
    let is =
        |at: usize, word: &str| args.get(at).is_some_and(|arg| arg.eq_ignore_ascii_case(word.as_bytes()));
    let follows = |word: &str, first: usize, count: usize| {
        let found = (first..position).rev().find(|at| is(*at, word));
        found.is_some_and(|found| position - found <= count)
    };
    // Most commands begin with none of these letters.
    match args[0].first().map(u8::to_ascii_lowercase) {
        Some(b'a') if is(0, "auth") => position > 0,
        Some(b'a') if is(0, "acl") => position >= 2 && (is(1, "setuser") || is(1, "deluser")),
        Some(b'h') if is(0, "hello") => follows("auth", 2, 2),
        Some(b'm') if is(0, "migrate") => follows("auth", 6, 1) || follows("auth2", 6, 2),
        Some(b'c') if is(0, "config") && is(1, "set") && position >= 3 && position % 2 == 1 => {
            let setting = std::str::from_utf8(args[position - 1]).ok().and_then(table::lookup);
            setting.is_some_and(|setting| setting.is(SENSITIVE))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> String {
        let args: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let shown: Vec<_> = (0..args.len()).map(|at| shown(&args, at)).collect();
        String::from_utf8(shown.join(&b' ')).expect("test arguments are text").replace("(redacted)", "*")
    }

    #[test]
    fn passwords_are_hidden() {
        for (line, shown) in [
            ("AUTH u p", "AUTH * *"),
            ("hello 3 AUTH u p setname n", "hello 3 AUTH * * setname n"),
            ("config set maxmemory 1 requirepass p", "config set maxmemory 1 requirepass *"),
            ("acl SETUSER bob on >secret ~*", "acl SETUSER * * * *"),
            ("acl getuser bob", "acl getuser bob"),
            ("migrate h 1 k 0 9 AUTH p KEYS a", "migrate h 1 k 0 9 AUTH * KEYS a"),
            ("MIGRATE h 1 k 0 9 COPY auth2 u p", "MIGRATE h 1 k 0 9 COPY auth2 * *"),
            ("set auth secret", "set auth secret"),
        ] {
            assert_eq!(texts(line), shown);
        }
    }
}
