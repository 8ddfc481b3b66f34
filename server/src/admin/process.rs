//! What the operating system knows of this process.

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
    // Fields of /proc/self/statm, in pages: size resident shared text lib data dt (proc(5)).
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = text.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * page_bytes()
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
        assert!(cpu().user >= 0.0);
        assert_eq!(system_name().split(' ').count(), 3);
    }
}
