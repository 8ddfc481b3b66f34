//! Rules of the access control: any words; what is accepted must survive being printed and read again, and commands
//! of any arguments must be judged without a panic, alike before and after.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use polycache_server::acl::rule::join_selectors;
use polycache_server::acl::{Grammar, Rows, User, check::check};

static ROWS: LazyLock<Rows> = LazyLock::new(|| Rows::new(polycache_server::registry()));

fn words(line: &[u8]) -> Vec<&[u8]> {
    line.split(|byte| *byte == b' ').collect()
}

fn user(line: &[u8]) -> Option<User> {
    let grammar = Grammar { rows: &ROWS, all_channels: false };
    let mut user = User::new(b"fuzz", false);
    for rule in join_selectors(&words(line)).ok()? {
        // As SETUSER, which drops the whole user; here the rules before a wrong one stay, to reach more states.
        let _ = user.apply(&rule, grammar);
    }
    Some(user)
}

fuzz_target!(|input: &[u8]| {
    let mut lines = input.split(|byte| *byte == b'\n');
    let Some(first) = user(lines.next().unwrap_or_default()) else { return };
    let printed = first.describe();
    let again = user(&printed).expect("what is printed is whole");
    assert_eq!(again.describe(), printed, "{}", printed.escape_ascii());
    for line in lines.take(16) {
        let args = words(line);
        let Ok(spec) = polycache_server::registry().resolve(&args) else { continue };
        let Some(number) = ROWS.number(spec) else { continue };
        for database in [0, 5] {
            let judged = check(&first, &ROWS, number, &args, database);
            assert_eq!(judged, check(&again, &ROWS, number, &args, database), "{}", printed.escape_ascii());
        }
    }
});
