//! Tests of the log as a whole: what several threads append is in the file, in order, marked, and durable when it is
//! said to be; and what happens when the disk fails.

use std::sync::atomic::AtomicUsize;

use super::faulty::{Faults, FaultyBackend};
use super::mark::Mark;
use super::*;

const NONE: Annotation = Annotation { flags: 0, stale: false, cas: None };

const PATIENCE: Option<Duration> = Some(Duration::from_secs(20));

fn text(bytes: &[u8]) -> Str<'_> {
    Str::Inline(bytes)
}

/// The stream in `file`, its marks checked and left out; and what follows the last mark.
fn stream_of(file: &std::path::Path) -> (Vec<u8>, Vec<u8>) {
    let bytes = std::fs::read(file).unwrap();
    let (mut stream, mut group, mut position) = (Vec::new(), 0, 0);
    let mut next = None;
    while let Some(at) = memchr::memmem::find(&bytes[position..], mark::MARK_PREFIX).map(|at| at + position) {
        let end = at + memchr::memchr(b'\n', &bytes[at..]).unwrap();
        position = end + 1;
        let mark = Mark::parse(&bytes[at..end - 1]).expect("a whole mark");
        assert!(mark.fits(&bytes[group..at]), "mark at {at} does not fit");
        if mark.len > 0 {
            assert!(next.is_none_or(|next| next == mark.start), "groups follow each other");
            next = Some(mark.end());
        }
        stream.extend_from_slice(&bytes[group..at]);
        // Padding and filler.
        position += filler_at(&bytes[position..]);
        group = position;
    }
    (stream, bytes[group..].to_vec())
}

/// How many bytes of filler `bytes` begin with.
fn filler_at(bytes: &[u8]) -> usize {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    lines.take_while(|line| filler::is_filler_line(line.trim_ascii_end())).map(<[u8]>::len).sum()
}

fn start(log: &Log, dir: &tempfile::TempDir, io: AofIo, ring: usize) -> std::path::PathBuf {
    let path = dir.path().join("incr.aof");
    let increment = Increment::create(&path, Lsn(100)).unwrap();
    log.start_with_ring(increment, Lsn(100), io, ring).unwrap();
    path
}

fn start_faulty(log: &Log, dir: &tempfile::TempDir, faults: &std::sync::Arc<Faults>) -> std::path::PathBuf {
    let path = dir.path().join("incr.aof");
    let increment = Increment::create(&path, Lsn(0)).unwrap();
    log.shared.order.get_or_init(|| Order::new(Lsn(0), 256));
    log.start_over(increment, Box::new(FaultyBackend::new(faults)), Choice::default());
    path
}

#[test]
fn what_threads_append_is_in_the_file() {
    for io in [AofIo::Auto, AofIo::Thread] {
        for (policy, ring) in
            [(FsyncPolicy::Always, 1 << 16), (FsyncPolicy::EverySec, 512), (FsyncPolicy::No, 64)]
        {
            let dir = tempfile::tempdir().unwrap();
            let log = Log::new(policy);
            let path = start(&log, &dir, io, ring);
            let bytes = AtomicUsize::new(0);
            std::thread::scope(|scope| {
                for thread in 0..3u8 {
                    let (log, bytes) = (&log, &bytes);
                    scope.spawn(move || {
                        for count in 0..100usize {
                            let value = vec![b'a' + thread; count * 3 % 200];
                            let lsn = log.append(
                                thread % 2,
                                Annotation { flags: count as u32 % 3, ..NONE },
                                &[text(b"SET"), text(b"key"), text(&value)],
                            );
                            bytes.fetch_add(value.len(), Ordering::SeqCst);
                            if policy == FsyncPolicy::Always {
                                log.flush_hint(lsn);
                                log.watermark().wait_blocking(lsn, PATIENCE).unwrap();
                            }
                        }
                    });
                }
            });
            let tail = log.tail();
            log.sync_blocking(PATIENCE).unwrap();
            assert_eq!(log.watermark().durable(), tail);
            log.stop().unwrap();
            let (stream, rest) = stream_of(&path);
            assert_eq!(rest, b"", "everything is marked");
            assert_eq!(stream.len() as u64, tail.0 - 100);
            assert_eq!(memchr::memmem::find_iter(&stream, b"$3\r\nSET").count(), 300);
            let letters =
                stream.windows(2).filter(|pair| pair[0] == pair[1] && (b'a'..b'd').contains(&pair[0]));
            assert!(letters.count() > bytes.load(Ordering::SeqCst) / 2);
        }
    }
}

#[test]
fn an_entry_far_larger_than_the_ring_is_written_whole() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::new(FsyncPolicy::EverySec);
    let path = start(&log, &dir, AofIo::Auto, 4096);
    let value: Vec<u8> = (0..1_000_000u32).map(|number| number as u8).collect();
    log.append(0, NONE, &[text(b"SET"), text(b"large"), text(&value)]);
    log.append(0, NONE, &[text(b"DEL"), text(b"large")]);
    log.stop().unwrap();
    let (stream, rest) = stream_of(&path);
    assert_eq!(rest, b"");
    assert!(memchr::memmem::find(&stream, &value).is_some());
    assert!(stream.ends_with(b"*2\r\n$3\r\nDEL\r\n$5\r\nlarge\r\n"));
}

#[test]
fn switching_files_splits_the_stream_exactly() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::new(FsyncPolicy::EverySec);
    let first = start(&log, &dir, AofIo::Auto, 4096);
    log.append(3, NONE, &[text(b"DEL"), text(b"before")]);
    let second = dir.path().join("second.aof");
    let at = log.switch_to(Increment::create(&second, log.tail()).unwrap());
    log.append(3, NONE, &[text(b"DEL"), text(b"after")]);
    log.stop().unwrap();
    let (stream, _) = stream_of(&first);
    assert_eq!(stream.len() as u64, at.0 - 100);
    assert!(stream.ends_with(b"before\r\n"));
    let (stream, _) = stream_of(&second);
    assert!(stream.starts_with(b"*2\r\n$6\r\nselect\r\n$1\r\n3\r\n"), "a new file selects its database");
    assert!(stream.ends_with(b"after\r\n"));
}

#[test]
fn the_log_can_go_off_and_on() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::new(FsyncPolicy::Always);
    start(&log, &dir, AofIo::Auto, 4096);
    let first = log.append(0, NONE, &[text(b"DEL"), text(b"a")]);
    log.stop().unwrap();
    assert!(!log.is_on());
    let second = dir.path().join("second.aof");
    log.start(Increment::create(&second, log.tail()).unwrap(), log.tail(), AofIo::Auto).unwrap();
    let lsn = log.append(0, NONE, &[text(b"DEL"), text(b"b")]);
    assert!(lsn > first, "positions go on");
    log.flush_hint(lsn);
    log.watermark().wait_blocking(lsn, PATIENCE).unwrap();
    log.stop().unwrap();
    assert!(stream_of(&second).0.ends_with(b"b\r\n"));
}

#[test]
fn a_full_disk_is_survived_under_everysec() {
    let dir = tempfile::tempdir().unwrap();
    let (log, faults) = (Log::new(FsyncPolicy::EverySec), Faults::none());
    let path = start_faulty(&log, &dir, &faults);
    log.append(0, NONE, &[text(b"DEL"), text(b"fits")]);
    log.sync_blocking(PATIENCE).unwrap();
    faults.limit(10);
    // More than the ring holds: the appends must not hang although nothing can be written.
    for _ in 0..50 {
        log.append(0, NONE, &[text(b"DEL"), text(b"does not fit")]);
    }
    while log.state() == State::Well {
        std::thread::yield_now();
    }
    let refusal = log.refusal().expect("writes are refused");
    assert_eq!(refusal.0, "MISCONF Errors writing to the AOF file: No space left on device");
    let (stream, rest) = stream_of(&path);
    assert!(stream.ends_with(b"fits\r\n") && rest.is_empty(), "the half-written group is cut off");
    faults.limit(-1);
    log.sync_blocking(PATIENCE).unwrap();
    assert_eq!(log.refusal(), None, "the log recovers");
    log.stop().unwrap();
    let (stream, rest) = stream_of(&path);
    assert_eq!(memchr::memmem::find_iter(&stream, b"does not fit").count(), 50);
    assert_eq!(rest, b"");
}

#[test]
fn a_full_disk_poisons_under_always_until_rewritten() {
    let dir = tempfile::tempdir().unwrap();
    let (log, faults) = (Log::new(FsyncPolicy::Always), Faults::none());
    start_faulty(&log, &dir, &faults);
    faults.limit(10);
    let lsn = log.append(0, NONE, &[text(b"DEL"), text(b"lost")]);
    log.flush_hint(lsn);
    let error = log.watermark().wait_blocking(lsn, PATIENCE).unwrap_err();
    assert!(matches!(error, LogError::Poisoned(_)), "{error}");
    faults.limit(-1);
    let later = log.append(0, NONE, &[text(b"DEL"), text(b"dropped")]);
    assert!(log.watermark().wait_blocking(later, PATIENCE).is_err());
    assert!(log.refusal().is_some(), "it does not heal by itself");

    let second = dir.path().join("second.aof");
    let at = log.switch_to(Increment::create(&second, log.tail()).unwrap());
    log.covered(at);
    log.watermark().wait_blocking(at, PATIENCE).ok();
    while log.refusal().is_some() {
        std::thread::yield_now();
    }
    let lsn = log.append(0, NONE, &[text(b"DEL"), text(b"kept")]);
    log.flush_hint(lsn);
    log.watermark().wait_blocking(lsn, PATIENCE).unwrap();
    log.stop().unwrap();
    assert!(stream_of(&second).0.ends_with(b"kept\r\n"));
}

#[test]
fn behind_a_gap_nothing_is_written_before_the_base_stands() {
    for policy in [FsyncPolicy::Always, FsyncPolicy::EverySec] {
        let dir = tempfile::tempdir().unwrap();
        let (log, faults) = (Log::new(policy), Faults::none());
        start_faulty(&log, &dir, &faults);
        // A rewrite has begun, and the log fails before its base is done.
        faults.fail_sync.store(true, Ordering::SeqCst);
        log.append(0, NONE, &[text(b"DEL"), text(b"lost")]);
        assert!(log.sync_blocking(PATIENCE).is_err());
        faults.fail_sync.store(false, Ordering::SeqCst);
        let second = dir.path().join("second.aof");
        let at = log.switch_to(Increment::create(&second, log.tail()).unwrap());
        let header = std::fs::read(&second).unwrap();
        // More than the ring holds: what expires meanwhile must not hang.
        for _ in 0..50 {
            log.append(0, NONE, &[text(b"DEL"), text(b"expired")]);
        }
        std::thread::sleep(Duration::from_millis(50));
        assert_eq!(std::fs::read(&second).unwrap(), header, "a crash now must find the first file alone");
        log.covered(at);
        while log.refusal().is_some() {
            std::thread::yield_now();
        }
        log.sync_blocking(PATIENCE).unwrap();
        log.stop().unwrap();
        let (stream, rest) = stream_of(&second);
        assert_eq!(memchr::memmem::find_iter(&stream, b"expired").count(), 50);
        assert_eq!(rest, b"");
    }
}

#[test]
fn a_failed_fsync_stays_failed_until_rewritten() {
    for policy in [FsyncPolicy::Always, FsyncPolicy::EverySec] {
        let dir = tempfile::tempdir().unwrap();
        let (log, faults) = (Log::new(policy), Faults::none());
        start_faulty(&log, &dir, &faults);
        faults.fail_sync.store(true, Ordering::SeqCst);
        let lsn = log.append(0, NONE, &[text(b"DEL"), text(b"a")]);
        assert!(log.sync_blocking(PATIENCE).is_err());
        faults.fail_sync.store(false, Ordering::SeqCst);
        assert!(log.sync_blocking(PATIENCE).is_err(), "an fsync that works later proves nothing");
        assert!(log.watermark().durable() < lsn);
        assert!(log.refusal().is_some());
        let second = dir.path().join("second.aof");
        let at = log.switch_to(Increment::create(&second, log.tail()).unwrap());
        log.covered(at);
        while log.refusal().is_some() {
            std::thread::yield_now();
        }
        log.append(0, NONE, &[text(b"DEL"), text(b"b")]);
        log.sync_blocking(PATIENCE).unwrap();
    }
}

#[test]
fn changing_the_policy_takes_effect_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::new(FsyncPolicy::No);
    start(&log, &dir, AofIo::Thread, 4096);
    let lsn = log.append(0, NONE, &[text(b"DEL"), text(b"a")]);
    log.set_fsync_policy(FsyncPolicy::Always);
    log.watermark().wait_blocking(lsn, PATIENCE).unwrap();
}

#[test]
fn io_uring_is_named_or_its_absence_explained() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::new(FsyncPolicy::No);
    start(&log, &dir, AofIo::Auto, 4096);
    let choice = log.figures().backend;
    assert_eq!(choice.name == "io_uring", choice.fallback_reason.is_none(), "{choice:?}");
}
