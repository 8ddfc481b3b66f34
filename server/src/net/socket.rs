//! Socket options.

use std::io;
use std::os::fd::{AsRawFd, RawFd};

use super::stream::Accepted;
use crate::config::Settings;

/// Sets what a new connection's socket needs; its descriptor.
///
/// A peer that has gone already makes options fail; that shows when the connection is read.
pub fn prepare(stream: &Accepted, settings: &Settings) -> RawFd {
    match stream {
        Accepted::Tcp(stream) => {
            let _ = stream.set_nodelay(true);
            if settings.tcp_keepalive > 0 {
                let _ = keep_alive(stream.as_raw_fd(), settings.tcp_keepalive);
            }
            stream.as_raw_fd()
        }
        Accepted::Unix(stream) => stream.as_raw_fd(),
    }
}

/// Probes an idle peer after `seconds`, then three times in as long again, as Redis does.
fn keep_alive(fd: RawFd, seconds: u64) -> io::Result<()> {
    let seconds = i32::try_from(seconds).unwrap_or(i32::MAX);
    set(fd, libc::SOL_SOCKET, libc::SO_KEEPALIVE, 1)?;
    set(fd, libc::IPPROTO_TCP, libc::TCP_KEEPIDLE, seconds)?;
    set(fd, libc::IPPROTO_TCP, libc::TCP_KEEPINTVL, (seconds / 3).max(1))?;
    set(fd, libc::IPPROTO_TCP, libc::TCP_KEEPCNT, 3)
}

/// Keeps an IPv6 socket off IPv4, so that both may listen on one port.
pub fn only_ipv6(fd: RawFd) -> io::Result<()> {
    set(fd, libc::IPPROTO_IPV6, libc::IPV6_V6ONLY, 1)
}

fn set(fd: RawFd, level: i32, option: i32, value: i32) -> io::Result<()> {
    let size = size_of::<i32>() as libc::socklen_t;
    // SAFETY: the pointer and size describe `value`, which lives through the call; a bad descriptor is an error.
    let result = unsafe { libc::setsockopt(fd, level, option, (&raw const value).cast(), size) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Begins listening on a bound socket.
pub fn listen(fd: RawFd, backlog: u32) -> io::Result<()> {
    let backlog = i32::try_from(backlog).unwrap_or(i32::MAX);
    // SAFETY: no memory is passed; a bad descriptor is an error.
    let result = unsafe { libc::listen(fd, backlog) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
