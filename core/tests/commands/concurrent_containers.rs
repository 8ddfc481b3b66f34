//! Sets and hashes under several threads at once: every reader sees whole states.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use polycache_core::command::Value;
use polycache_core::config::FormLimits;

use crate::session::Connection;

/// Fields that are always written together, with one value.
const FIELDS: usize = 40;
const ROUNDS: usize = 300;

fn connection(limits: u64) -> Connection {
    let connection = Connection::new();
    connection.engine.tuning().set_forms(&FormLimits {
        set_max_listpack_entries: limits,
        set_max_intset_entries: limits,
        hash_max_listpack_entries: limits,
        ..FormLimits::default()
    });
    connection
}

#[test]
fn readers_of_a_hash_see_whole_writes() {
    for limits in [512, 8] {
        let first = connection(limits);
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            for writer in 0..2 {
                let (mut connection, done) = (first.share(), &done);
                scope.spawn(move || {
                    for round in 0..ROUNDS {
                        let pairs: Vec<String> =
                            (0..FIELDS).map(|field| format!("f{field} {writer}-{round}")).collect();
                        connection.run(&format!("HSET h {}", pairs.join(" ")));
                        if round % 16 == 3 {
                            connection.run(&format!("HSETEX h EX 100 FIELDS {FIELDS} {}", pairs.join(" ")));
                        }
                        if round % 64 == 5 {
                            connection.run("DEL h");
                        }
                    }
                    done.store(true, Ordering::Relaxed);
                });
            }
            for _ in 0..2 {
                let (mut connection, done) = (first.share(), &done);
                scope.spawn(move || {
                    while !done.load(Ordering::Relaxed) {
                        let Value::Map(pairs) = connection.run("HGETALL h") else { panic!("no map") };
                        assert!(pairs.is_empty() || pairs.len() == FIELDS);
                        assert!(pairs.windows(2).all(|pair| pair[0].1 == pair[1].1), "{pairs:?}");
                        let Value::Array(values) = connection.run("HMGET h f0 f39 f17") else {
                            panic!("no array")
                        };
                        assert!(values.windows(2).all(|pair| pair[0] == pair[1]), "{values:?}");
                    }
                });
            }
        });
    }
}

/// Members move between two sets; whoever looks at both at once finds each in exactly one.
#[test]
fn members_that_move_are_in_one_set() {
    for limits in [512, 4] {
        let mut first = connection(limits);
        let members: Vec<String> = (0..60).map(|number| format!("m{number}")).collect();
        first.run(&format!("SADD a {}", members.join(" ")));
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..2 {
                let (mut connection, done, members) = (first.share(), &done, &members);
                scope.spawn(move || {
                    for _ in 0..1500 {
                        let member = &members[fastrand::usize(..members.len())];
                        let (from, to) = if fastrand::bool() { ("a", "b") } else { ("b", "a") };
                        connection.run(&format!("SMOVE {from} {to} {member}"));
                    }
                    done.store(true, Ordering::Relaxed);
                });
            }
            for _ in 0..2 {
                let (mut connection, done) = (first.share(), &done);
                scope.spawn(move || {
                    while !done.load(Ordering::Relaxed) {
                        let Value::Set(union) = connection.run("SUNION a b") else { panic!("no set") };
                        assert_eq!(union.len(), 60);
                        assert_eq!(connection.run("SINTERCARD 2 a b"), Value::Integer(0));
                        connection.run("SUNIONSTORE c a b");
                        assert_eq!(connection.run("SCARD c"), Value::Integer(60));
                    }
                });
            }
        });
    }
}
