//! What /proc says about processes and the machine, and pinning to cores.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// Core of the server under measurement, and core of the load.
pub const SERVER_CORE: usize = 0;
pub const LOAD_CORE: usize = 1;

/// Pins all threads of a process, those it starts later included.
pub fn pin_process(process: u32, core: usize) {
    for entry in fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten() {
        if let Ok(thread) = entry.file_name().to_string_lossy().parse() {
            pin(thread, core);
        }
    }
}

/// Pins the calling thread.
pub fn pin_self(core: usize) {
    pin(0, core);
}

fn pin(thread: libc::pid_t, core: usize) {
    // SAFETY: the set is plain data that the calls below fill and read during the call only.
    let failed = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(core % cores(), &mut set);
        libc::sched_setaffinity(thread, size_of::<libc::cpu_set_t>(), &set)
    };
    if failed != 0 {
        eprintln!("# could not pin thread {thread} to core {core}");
    }
}

/// Lets the calling thread run anywhere again.
pub fn unpin_self() {
    // SAFETY: as in `pin`.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        (0..cores()).for_each(|core| libc::CPU_SET(core, &mut set));
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set);
    }
}

/// Number of cores that are online.
pub fn cores() -> usize {
    // SAFETY: a query without arguments that are pointers.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) }).unwrap_or(1).max(1)
}

/// Nanoseconds that a process has spent on the CPU, from its threads' scheduler statistics.
pub fn cpu_nanoseconds(process: u32) -> u64 {
    let mut total = 0;
    for entry in fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten() {
        let text = fs::read_to_string(entry.path().join("schedstat")).unwrap_or_default();
        total += text.split(' ').next().and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    }
    if total == 0 { cpu_ticks(process) } else { total }
}

/// The same from /proc/PID/stat, in ticks of 10 ms, where the kernel keeps no scheduler statistics.
fn cpu_ticks(process: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // Fields 14 and 15; the second field is a name in parentheses that may hold blanks.
    let fields: Vec<u64> = text
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .map(|field| field.parse().unwrap_or(0))
        .collect();
    fields.get(11).zip(fields.get(12)).map_or(0, |(user, system)| (user + system) * 10_000_000)
}

/// Resident bytes of a process.
pub fn resident_bytes(process: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|field| field.parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// Processor, cores and date, for the head of the table.
pub fn description() -> String {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown processor", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let date = Command::new("date").args(["-u", "+%Y-%m-%d %H:%M UTC"]).output();
    let date =
        date.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{model}, {} cores, Linux {}, {date}", cores(), kernel.trim())
}

/// A directory on the disk that the repository lies on: /tmp may be memory.
pub fn disk_directory() -> tempfile::TempDir {
    let parent: PathBuf = polycache_tests::support::programs::target_dir().join("race");
    fs::create_dir_all(&parent).expect("a directory below target/");
    tempfile::Builder::new().prefix("data-").tempdir_in(parent).expect("a directory")
}
