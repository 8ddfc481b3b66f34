//! Auto discovery: the members of the cluster, as clients of ElastiCache ask for them.
//!
//! `config get cluster` (engine 1.4.14 and later) and the key `AmazonElastiCache:cluster` (before) answer with a version
//! on the first line and on the second the members, `host|ip|port` between spaces. Members are the setting
//! `memcached-cluster`, which CONFIG SET and `config set cluster` change while the server runs; without any it is this
//! server alone. The version is raised with every change: it begins with the time of the start in seconds, so that it
//! rises across restarts, too.
//!
//! An item that is stored under the key hides the members there.
//!
//! # Limits
//! [`crate::limits::CLUSTER_MEMBERS_MAX`] members, [`BLOCK_BYTES_MAX`] bytes of `config set`.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use super::control::execute;
use super::number;
use super::text::admin::Next;
use super::text::emit::{self, Line};
use super::text::parse::Words;
use super::work::Work;

/// Where clients of old engines look.
const KEY: &[u8] = b"AmazonElastiCache:cluster";

/// The one thing that can be asked for.
const NAME: &[u8] = b"cluster";

const BLOCK_BYTES_MAX: usize = 256 << 10;

/// Which version of the members clients have been told.
#[derive(Default)]
pub struct Version(Mutex<Told>);

#[derive(Default)]
struct Told {
    version: u64,
    members: Vec<String>,
}

impl Version {
    /// The version of `members`: a new one if they are not those that were told last.
    fn of(&self, members: &[String]) -> u64 {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.version == 0 || told.members != members {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            told.version = now.max(told.version + 1);
            told.members = members.to_vec();
        }
        told.version
    }

    /// Lets the next version be at least `version`.
    fn raise(&self, version: u64) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.version = told.version.max(version.saturating_sub(1));
    }
}

/// Whether a word is a member: `host|ip|port`, the ip may be empty.
pub fn is_member(word: &str) -> bool {
    let mut parts = word.split('|');
    let (host, ip, port) = (parts.next(), parts.next(), parts.next());
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_graphic());
    let has_port = port.and_then(|port| port.parse::<u16>().ok()).is_some_and(|port| port > 0);
    host.is_some_and(|host| !host.is_empty() && is_name(host))
        && ip.is_some_and(|ip| ip.is_empty() || ip.parse::<std::net::IpAddr>().is_ok())
        && has_port
        && parts.next().is_none()
}

/// What clients are told: version and members.
fn text(work: &mut Work<'_>) -> String {
    // Not this turn's: it may just have changed.
    let settings = work.server.settings.load();
    let mut members = settings.memcached_cluster.clone();
    if members.is_empty() {
        let entry = work.client().entry.clone();
        let (address, port) = match entry.laddr.parse::<std::net::SocketAddr>() {
            Ok(address) => (address.ip().to_string(), address.port()),
            Err(_) => ("127.0.0.1".to_owned(), work.settings.memcached_port),
        };
        members.push(format!("{address}|{address}|{port}"));
    }
    // Clients reach this server at several addresses: that is no change.
    let version = work.server.memcached.cluster.of(&settings.memcached_cluster);
    format!("{version}\n{}\n", members.join(" "))
}

/// Answers a `get` that found no item; whether it was for the members.
#[inline]
pub fn answer_key(work: &mut Work<'_>, key: &[u8], cas: bool) -> bool {
    key.len() == KEY.len() && key == KEY && {
        let text = text(work);
        let cas = cas.then_some(1);
        emit::value(work.out, KEY, 0, polycache_core::record::Str::Inline(text.as_bytes()), cas);
        true
    }
}

/// config get|set|delete cluster
pub fn config(work: &mut Work<'_>, mut words: Words<'_>, input: &[u8], after: usize) -> Next {
    let (verb, name) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let line = match verb {
        _ if name != NAME => emit::ERROR,
        b"get" => {
            let text = text(work);
            work.out.extend_from_slice(format!("CONFIG cluster 0 {}\r\n{text}\r\n", text.len()).as_bytes());
            emit::END
        }
        b"delete" => {
            if work.server.settings.load().memcached_cluster.is_empty() {
                emit::NOT_FOUND
            } else {
                assign(work, "", emit::DELETED)
            }
        }
        b"set" => {
            let (flags, len) = (words.next(), words.next());
            let (Some(_), Some(len)) = (flags.and_then(number::unsigned), len.and_then(number::unsigned))
            else {
                work.out.extend_from_slice(emit::BAD_FORMAT);
                return Next::Line(after);
            };
            let Some(len) = usize::try_from(len).ok().filter(|len| *len <= BLOCK_BYTES_MAX) else {
                work.out.extend_from_slice(emit::TOO_LARGE);
                // More than anybody sends: nothing is lost if it is cut.
                return Next::Swallow(usize::try_from(len).unwrap_or(usize::MAX - 2).saturating_add(2));
            };
            let whole = after + len + 2;
            let Some(block) = input.get(after..whole) else { return Next::Wait(whole) };
            let line = match block.strip_suffix(b"\r\n") {
                Some(data) => set(work, data),
                None => emit::BAD_DATA_CHUNK,
            };
            work.out.extend_from_slice(line);
            return Next::Line(whole);
        }
        _ => emit::ERROR,
    };
    work.out.extend_from_slice(line);
    Next::Line(after)
}

/// Takes over version and members as `config get` shows them.
fn set(work: &mut Work<'_>, data: &[u8]) -> Line {
    let Ok(text) = std::str::from_utf8(data) else { return emit::BAD_FORMAT };
    let (version, members) = text.split_once('\n').unwrap_or(("", text));
    let version = version.trim().parse().unwrap_or(0);
    let members: Vec<&str> = members.split_ascii_whitespace().collect();
    if !members.iter().all(|member| is_member(member)) {
        return emit::BAD_FORMAT;
    }
    let line = assign(work, &members.join(" "), emit::STORED);
    if line == emit::STORED {
        work.server.memcached.cluster.raise(version);
    }
    line
}

fn assign(work: &mut Work<'_>, members: &str, done: Line) -> Line {
    match execute(work, &[b"CONFIG", b"SET", b"memcached-cluster", members.as_bytes()]) {
        Ok(_) => done,
        Err(failure) => {
            tracing::warn!("config set cluster: {}", failure.0);
            emit::BAD_FORMAT
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_told_apart() {
        for good in ["a|1.2.3.4|11211", "my.host||1", "::1|::1|65535"] {
            assert!(is_member(good), "{good}");
        }
        for bad in
            ["", "a", "a|b|1", "a|1.2.3.4|0", "a|1.2.3.4|65536", "|1.2.3.4|1", "a|1.2.3.4|1|x", "a b||1"]
        {
            assert!(!is_member(bad), "{bad}");
        }
    }

    #[test]
    fn the_version_rises_with_changes_only() {
        let version = Version::default();
        let (one, two) = (["a||1".to_owned()], ["b||1".to_owned()]);
        let first = version.of(&one);
        assert_eq!(version.of(&one), first);
        let second = version.of(&two);
        assert!(second > first);
        assert!(version.of(&one) > second);
        version.raise(u64::MAX / 2);
        assert!(version.of(&two) >= u64::MAX / 2);
    }
}
