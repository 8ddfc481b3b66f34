//! What the operating system knows of this process.

use std::sync::atomic::{AtomicU64, Ordering};

/// Processor time in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cpu {
    pub system: f64,
    pub user: f64,
}

/// Processor time of this process.
pub fn cpu() -> Cpu {
    usage(libc::RUSAGE_SELF)
}

/// Processor time of its children that have ended.
pub fn cpu_of_children() -> Cpu {
    usage(libc::RUSAGE_CHILDREN)
}

/// Processor time of the thread that the process began with: fields 14 and 15 of its `stat` (proc(5)).
pub fn cpu_of_main_thread() -> Cpu {
    let path = format!("/proc/self/task/{}/stat", std::process::id());
    let text = std::fs::read_to_string(path).unwrap_or_default();
    // The name in parentheses may hold blanks; field 3 follows it.
    let mut fields = text.rsplit(") ").next().unwrap_or_default().split(' ').skip(11);
    // SAFETY: the call takes a constant and has no other effect than its result.
    let per_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) }.max(1) as f64;
    let mut seconds = || fields.next().and_then(|ticks| ticks.parse().ok()).unwrap_or(0.0) / per_second;
    let user = seconds();
    Cpu { user, system: seconds() }
}

fn usage(who: libc::c_int) -> Cpu {
    // SAFETY: an all-zero `rusage` is valid, and the call writes no more than one.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(who, &raw mut usage);
        usage
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    Cpu { system: seconds(usage.ru_stime), user: seconds(usage.ru_utime) }
}

/// Bytes of memory that this process holds, or 0 where the system does not tell.
pub fn resident_bytes() -> u64 {
    let [_, resident, _] = memory_pages();
    resident * page_bytes()
}

/// Size, resident and shared pages of this process: the first fields of /proc/self/statm (proc(5)).
fn memory_pages() -> [u64; 3] {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let mut fields = text.split(' ').map(|field| field.parse().unwrap_or(0));
    std::array::from_fn(|_| fields.next().unwrap_or(0))
}

/// What the program held of its own before it had data, in bytes; 0 in a program that embeds the engine.
static STARTUP_BYTES: AtomicU64 = AtomicU64::new(0);

/// Takes what the process holds now, code and other files not counted, as its own need.
pub fn note_startup() {
    let [_, resident, shared] = memory_pages();
    // ORDERING: a figure.
    STARTUP_BYTES.store(resident.saturating_sub(shared) * page_bytes(), Ordering::Relaxed);
}

/// What [`note_startup`] found.
pub fn startup_bytes() -> u64 {
    STARTUP_BYTES.load(Ordering::Relaxed) // ORDERING: a figure.
}

/// Bytes of memory of the machine.
pub fn machine_bytes() -> u64 {
    // SAFETY: the call takes a constant and has no other effect than its result.
    let pages = unsafe { libc::sysconf(libc::_SC_PHYS_PAGES) };
    u64::try_from(pages).unwrap_or(0) * page_bytes()
}

fn page_bytes() -> u64 {
    // SAFETY: as above.
    u64::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}

/// The operating system's name, release and machine, `Linux 6.1.0 x86_64`.
pub fn system_name() -> String {
    // SAFETY: an all-zero `utsname` is valid, and the call fills one with terminated strings.
    let name = unsafe {
        let mut name: libc::utsname = std::mem::zeroed();
        libc::uname(&raw mut name);
        name
    };
    let text = |field: &[libc::c_char]| -> String {
        field.iter().take_while(|byte| **byte != 0).map(|byte| *byte as u8 as char).collect()
    };
    format!("{} {} {}", text(&name.sysname), text(&name.release), text(&name.machine))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_tells() {
        assert!(resident_bytes() > 100_000 && resident_bytes() < machine_bytes());
        assert!(cpu().user >= 0.0 && cpu_of_main_thread().user >= 0.0);
        assert_eq!(system_name().split(' ').count(), 3);
    }
}
