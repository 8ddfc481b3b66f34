//! Commands of several threads on the same keys: what Redis makes atomic is atomic here.

use std::sync::atomic::{AtomicBool, Ordering};

use polycache_core::command::Value;

use crate::session::Connection;

const THREADS: usize = 4;

/// Runs `work` on several threads that share an engine; each gets a connection of its own and its number.
fn on_threads(connection: &Connection, work: impl Fn(&mut Connection, usize) + Sync) {
    std::thread::scope(|scope| {
        for number in 0..THREADS {
            let (mut own, work) = (connection.share(), &work);
            scope.spawn(move || work(&mut own, number));
        }
    });
}

#[test]
fn no_increment_is_lost() {
    let mut connection = Connection::new();
    on_threads(&connection, |own, _| {
        for _ in 0..5_000 {
            own.run("INCR n");
            own.run("BITFIELD f INCRBY u32 #0 1 INCRBY u32 #1 2");
            own.run("APPEND text x");
        }
    });
    let total = THREADS * 5_000;
    connection.check(&format!("GET n => \"{total}\""));
    connection.check(&format!("BITFIELD f GET u32 #0 GET u32 #1 => [:{total} :{}]", 2 * total));
    connection.check(&format!("STRLEN text => :{total}"));
}

#[test]
fn nobody_sees_half_of_an_mset() {
    let connection = Connection::new();
    let names: [&[u8]; 5] = [b"a", b"b", b"c", b"d", b"e"];
    let done = AtomicBool::new(false);
    on_threads(&connection, |own, number| {
        if number < 2 {
            for round in 0..4_000 {
                let value = format!("{number}:{round}").into_bytes();
                let mut args: Vec<&[u8]> = vec![b"MSET"];
                names.iter().for_each(|name| args.extend([*name, &value]));
                own.call(&args);
            }
            done.store(true, Ordering::SeqCst);
        } else {
            let mut args: Vec<&[u8]> = vec![b"MGET"];
            args.extend(names.iter().rev());
            while !done.load(Ordering::SeqCst) {
                let Value::Array(values) = own.call(&args) else { panic!("MGET replies an array") };
                assert!(values.iter().all(|value| *value == values[0]), "{values:?}");
            }
        }
    });
}

#[test]
fn a_renamed_key_is_never_gone_nor_twice_there() {
    let mut connection = Connection::new();
    connection.check("SET a 1 => +OK");
    let done = AtomicBool::new(false);
    on_threads(&connection, |own, number| {
        if number == 0 {
            for _ in 0..4_000 {
                own.check("RENAME a b => +OK");
                own.check("RENAME b a => +OK");
            }
            done.store(true, Ordering::SeqCst);
        } else {
            while !done.load(Ordering::SeqCst) {
                own.check("EXISTS a b => :1");
            }
        }
    });
}

#[test]
fn only_one_wins_a_lock() {
    let connection = Connection::new();
    let inside = AtomicBool::new(false);
    on_threads(&connection, |own, number| {
        let token = format!("owner-{number}").into_bytes();
        for _ in 0..2_000 {
            if own.call(&[b"SET", b"lock", &token, b"NX", b"PX", b"100000"]) == Value::Null {
                continue;
            }
            assert!(!inside.swap(true, Ordering::SeqCst), "two owners");
            inside.store(false, Ordering::SeqCst);
            assert_eq!(own.call(&[b"DELIFEQ", b"lock", &token]), Value::Integer(1));
        }
    });
}

#[test]
fn scans_meet_what_stays_while_the_table_grows_and_shrinks() {
    let mut connection = Connection::new();
    for number in 0..500 {
        connection.call(&[b"SET", format!("stays:{number}").as_bytes(), b"x"]);
    }
    let done = AtomicBool::new(false);
    on_threads(&connection, |own, number| {
        if number == 0 {
            for round in 0..30 {
                let names: Vec<Vec<u8>> =
                    (0..2_000).map(|at| format!("comes:{round}:{at}").into_bytes()).collect();
                names.iter().for_each(|name| {
                    own.call(&[b"SET", name, b"x"]);
                });
                names.iter().for_each(|name| {
                    own.call(&[b"DEL", name]);
                });
            }
            done.store(true, Ordering::SeqCst);
            return;
        }
        while !done.load(Ordering::SeqCst) {
            let mut found = std::collections::BTreeSet::new();
            let mut cursor = b"0".to_vec();
            loop {
                let reply = own.call(&[b"SCAN", &cursor, b"MATCH", b"stays:*", b"COUNT", b"50"]);
                let Value::Array(parts) = reply else { panic!("{reply:?}") };
                let [Value::Bulk(next), Value::Array(keys)] = parts.as_slice() else { panic!("{parts:?}") };
                found.extend(keys.iter().map(crate::session::show));
                cursor = next.clone();
                if cursor == b"0" {
                    break;
                }
            }
            assert_eq!(found.len(), 500);
        }
    });
    connection.check("DBSIZE => :500");
}
