//! `--memcached-args`: memcached's own flags, so that existing unit files carry over.
//!
//! Each flag becomes the setting that means the same. Flags that steer what we do not have (slab sizes, LRU lists, large
//! pages) are accepted and have no effect; those whose effect would be missed (TLS, extstore, a proxy) are refused.

/// What a flag means.
enum Meaning {
    /// These settings, made of the flag's value; a flag without a value gets an empty one.
    Settings(bool, fn(&str) -> Result<Vec<(&'static str, String)>, String>),
    /// No effect; whether it has a value.
    Nothing(bool),
    /// Refused, with the reason.
    Refused(&'static str),
}

fn one(name: &'static str, value: impl Into<String>) -> Result<Vec<(&'static str, String)>, String> {
    Ok(vec![(name, value.into())])
}

/// The meaning of a flag, by its letter or its long name.
fn meaning(flag: &str) -> Option<Meaning> {
    use Meaning::{Nothing, Refused, Settings};
    Some(match flag {
        "p" | "port" => Settings(true, |port| one("memcached-port", port)),
        "U" | "udp-port" => Settings(true, |port| one("memcached-udp-port", port)),
        "l" | "listen" => Settings(true, listen),
        "s" | "unix-socket" => Settings(true, |path| {
            Ok(vec![("memcached-unixsocket", path.to_owned()), ("memcached-port", "0".to_owned())])
        }),
        "a" | "unix-mask" => Settings(true, |mask| one("memcached-unixsocketperm", mask)),
        "m" | "memory-limit" => Settings(true, |megabytes| {
            // Our items are smaller: the same figure holds more of them.
            Ok(vec![("maxmemory", format!("{megabytes}mb")), ("maxmemory-policy", "allkeys-lru".to_owned())])
        }),
        "M" | "disable-evictions" => Settings(false, |_| one("maxmemory-policy", "noeviction")),
        "c" | "conn-limit" => Settings(true, |clients| one("maxclients", clients)),
        "t" | "threads" => Settings(true, |threads| one("io-threads", threads)),
        "I" | "max-item-size" => Settings(true, |size| one("memcached-max-item-size", size_word(size))),
        "b" | "listen-backlog" => Settings(true, |backlog| one("tcp-backlog", backlog)),
        "Y" | "auth-file" => Settings(true, |path| one("memcached-auth-file", path)),
        "P" | "pidfile" => Settings(true, |path| one("pidfile", path)),
        "A" | "enable-shutdown" => Settings(false, |_| one("memcached-shutdown", "yes")),
        "d" | "daemon" => Settings(false, |_| one("daemonize", "yes")),
        "v" | "vv" | "vvv" | "verbose" => Settings(false, |_| one("loglevel", "verbose")),
        "o" | "extended" => Settings(true, extended),
        "u" | "user" | "R" | "max-reqs-per-event" | "f" | "slab-growth-factor" | "n" | "slab-min-size"
        | "D" | "stat-delimiter" | "N" | "napi-ids" => Nothing(true),
        "r" | "enable-coredumps" | "k" | "lock-memory" | "L" | "enable-largepages" | "C" | "disable-cas"
        | "F" | "disable-flush-all" | "X" | "disable-dumping" | "W" | "disable-watch" => Nothing(false),
        "B" | "protocol" => Nothing(true),
        "S" | "enable-sasl" => {
            Refused("SASL needs users: set requirepass or memcached-auth-file, and clients may use it")
        }
        "Z" | "enable-ssl" => Refused("TLS is not supported"),
        "e" | "memory-file" => Refused("a memory file is not supported: see save and appendonly"),
        _ => return None,
    })
}

/// `-l addr[:port],...`; several ports are refused.
fn listen(value: &str) -> Result<Vec<(&'static str, String)>, String> {
    let (mut hosts, mut port) = (Vec::new(), None);
    for address in value.split(',').filter(|address| !address.is_empty()) {
        let (host, own) = match address.rsplit_once(':') {
            Some((host, digits)) if !host.contains(':') || host.ends_with(']') => (host, Some(digits)),
            _ => (address, None),
        };
        if let Some(own) = own {
            if port.is_some_and(|port| port != own) {
                return Err("-l: several ports are not supported".to_owned());
            }
            port = Some(own);
        }
        let host = host.trim_start_matches('[').trim_end_matches(']');
        hosts.push(if host == "0.0.0.0" { "*" } else { host });
    }
    let mut settings = vec![("memcached-bind", hosts.join(" "))];
    if let Some(port) = port {
        settings.push(("memcached-port", port.to_owned()));
    }
    Ok(settings)
}

/// `2m`, `512k` or bytes, in the words of our settings.
fn size_word(size: &str) -> String {
    match size.to_ascii_lowercase() {
        size if size.ends_with(['k', 'm']) => format!("{size}b"),
        size => size,
    }
}

/// `-o option,option=value`.
fn extended(value: &str) -> Result<Vec<(&'static str, String)>, String> {
    let mut settings = Vec::new();
    for option in value.split(',').filter(|option| !option.is_empty()) {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        match name {
            "idle_timeout" => settings.push(("memcached-idle-timeout", value.to_owned())),
            _ if name.starts_with("ext_") || name.starts_with("ssl_") || name.starts_with("proxy_") => {
                return Err(format!("-o {name} is not supported"));
            }
            _ => {}
        }
    }
    Ok(settings)
}

/// The settings that memcached's command line `text` means.
pub fn parse(text: &str) -> Result<Vec<(&'static str, String)>, String> {
    let mut words = text.split_ascii_whitespace();
    let mut settings = Vec::new();
    while let Some(word) = words.next() {
        let (name, mut attached) = match (word.strip_prefix("--"), word.strip_prefix('-')) {
            (Some(long), _) => match long.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (long, None),
            },
            (None, Some(short)) if short.starts_with("vv") => (short, None),
            (None, Some(short)) if short.len() > 1 => {
                let first = short.chars().next().map_or(0, char::len_utf8);
                (&short[..first], Some(&short[first..]))
            }
            (None, Some(short)) if !short.is_empty() => (short, None),
            _ => return Err(format!("'{word}' is not a flag")),
        };
        // Flags without values may stand together: -dv.
        let mut name = name;
        loop {
            let meaning = meaning(name).ok_or_else(|| format!("unknown flag '{word}'"))?;
            let wants = match meaning {
                Meaning::Settings(wants, _) | Meaning::Nothing(wants) => wants,
                Meaning::Refused(reason) => return Err(format!("{word}: {reason}")),
            };
            let value = if wants {
                let value = attached.take().or_else(|| words.next());
                value.ok_or_else(|| format!("{word} needs a value"))?
            } else {
                ""
            };
            if let Meaning::Settings(_, make) = meaning {
                settings.extend(make(value)?);
            }
            match attached.take() {
                None => break,
                Some(rest) if word.starts_with("--") => {
                    return Err(format!("'{rest}' is no value of {word}"));
                }
                Some(rest) => {
                    let first = rest.chars().next().map_or(0, char::len_utf8);
                    name = &rest[..first];
                    attached = (rest.len() > first).then(|| &rest[first..]);
                }
            }
        }
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Vec<String> {
        parse(text).unwrap().into_iter().map(|(name, value)| format!("{name} {value}")).collect()
    }

    #[test]
    fn the_usual_unit_file_carries_over() {
        assert_eq!(
            parsed(
                "-m 64 -c 1024 -t 4 -p 11212 -l 127.0.0.1,::1 -I 2m -o modern,idle_timeout=30 -u memcache -v"
            ),
            [
                "maxmemory 64mb",
                "maxmemory-policy allkeys-lru",
                "maxclients 1024",
                "io-threads 4",
                "memcached-port 11212",
                "memcached-bind 127.0.0.1 ::1",
                "memcached-max-item-size 2mb",
                "memcached-idle-timeout 30",
                "loglevel verbose",
            ]
        );
    }

    #[test]
    fn values_stand_beside_or_behind_their_flag() {
        assert_eq!(
            parsed("-p11213 --max-item-size=512k -dv"),
            ["memcached-port 11213", "memcached-max-item-size 512kb", "daemonize yes", "loglevel verbose"]
        );
        assert_eq!(parsed("-l 0.0.0.0:11214,[::1]:11214"), ["memcached-bind * ::1", "memcached-port 11214"]);
        assert_eq!(
            parsed("-U 0 -s /run/m.sock -a 0770"),
            [
                "memcached-udp-port 0",
                "memcached-unixsocket /run/m.sock",
                "memcached-port 0",
                "memcached-unixsocketperm 0770"
            ]
        );
    }

    #[test]
    fn what_would_be_missed_is_refused() {
        for text in
            ["-Z", "-S", "-e /x", "-o ext_path=/x", "-p", "--bogus", "-q", "x", "-l a:1,b:2", "--port=1=2x -"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
