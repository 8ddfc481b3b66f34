//! Tests of the order: a stress test with real threads, and the model test under shuttle.

use super::*;

/// Entries in the stream are `[thread, count, len, len times the thread]`; checks that they are whole and in order.
fn check_stream(mut stream: &[u8], threads: usize, each: usize) {
    let mut next = vec![0; threads];
    while !stream.is_empty() {
        if stream[0] == b'*' {
            // The SELECT of a change of database.
            let end = stream.windows(8).position(|window| window == b"select\r\n").unwrap() + 8;
            stream = &stream[end + 4 + 3..];
            continue;
        }
        let (thread, count, len) = (stream[0] as usize, stream[1] as usize, stream[2] as usize);
        assert_eq!(next[thread], count, "entries of one thread stay in order");
        next[thread] += 1;
        assert!(stream[3..3 + len].iter().all(|byte| *byte == thread as u8), "an entry is torn");
        stream = &stream[3 + len..];
    }
    assert_eq!(next, vec![each; threads], "no entry is lost");
}

/// Runs `threads` appenders against one sequencer over a small ring.
fn run(threads: usize, each: usize, entry_len: fn(usize, usize) -> usize, capacity: usize, start: u64) {
    let order = crate::sync::Arc::new(Order::new(Lsn(start), capacity));
    let appenders: Vec<_> = (0..threads)
        .map(|thread| {
            let order = order.clone();
            thread::spawn(move || {
                for count in 0..each {
                    let len = entry_len(thread, count);
                    let mut entry = order.reserve(thread as u8 % 2, 3 + len, &|| {});
                    entry.write(&[thread as u8, count as u8, len as u8]);
                    entry.write(&vec![thread as u8; len]);
                    entry.finish();
                }
            })
        })
        .collect();
    let (mut stream, mut emitted) = (Vec::new(), Lsn(start));
    loop {
        let prefix = order.prefix(emitted);
        assert!(prefix.end >= emitted);
        if let Some(boundary) = prefix.boundary {
            assert!(boundary <= prefix.end);
        }
        // SAFETY: a complete prefix that is not released.
        let (first, second) = unsafe { order.ring().slices(emitted.0, prefix.end.0) };
        stream.extend_from_slice(first);
        stream.extend_from_slice(second);
        emitted = prefix.end;
        order.release(emitted);
        let bytes: usize = (0..threads).flat_map(|t| (0..each).map(move |c| 3 + entry_len(t, c))).sum();
        let selects = stream.windows(6).filter(|window| *window == b"select").count() * 23;
        if emitted == order.tail() && stream.len() == bytes + selects {
            break;
        }
        thread::yield_now();
    }
    for appender in appenders {
        appender.join().unwrap();
    }
    assert_eq!(emitted.0 - start, stream.len() as u64, "the position is the offset");
    assert!(!order.is_torn());
    check_stream(&stream, threads, each);
}

#[cfg(not(shuttle))]
#[test]
fn threads_append_in_order_without_losing_a_byte() {
    run(4, 200, |thread, count| (thread * 31 + count * 7) % 250, 1 << 10, 77);
}

#[cfg(not(shuttle))]
#[test]
fn entries_larger_than_the_ring_pass_through() {
    run(3, 40, |_, count| count * 6, super::super::RING_BYTES_MIN, (1 << 40) + 5);
}

#[cfg(not(shuttle))]
#[test]
fn an_abandoned_entry_is_noticed() {
    let order = Order::new(Lsn(0), 1 << 12);
    drop(order.reserve(0, 10, &|| {}));
    assert!(order.is_torn());
}

#[cfg(not(shuttle))]
#[test]
fn select_appears_exactly_when_the_database_changes() {
    let order = Order::new(Lsn(0), 1 << 12);
    let append = |db| {
        let mut entry = order.reserve(db, 1, &|| {});
        entry.write(b"x");
        entry.finish()
    };
    let with_select = 23 + 1;
    assert_eq!(append(0), Lsn(with_select));
    assert_eq!(append(0), Lsn(with_select + 1));
    assert_eq!(append(3), Lsn(with_select * 2 + 1));
    order.forget_db();
    assert_eq!(append(3), Lsn(with_select * 3 + 1));
}

#[cfg(shuttle)]
#[test]
fn model_order_has_no_holes() {
    // A ring of 32 bytes against entries with SELECTs: waiting for room and entries inside the prefix happen.
    shuttle::check_random(|| run(2, 2, |thread, count| 1 + thread * 9 + count * 12, 32, 3), 3000);
    shuttle::check_pct(|| run(2, 2, |thread, count| 1 + thread * 9 + count * 12, 32, 3), 2000, 3);
}
