//! A real memcached beside our codec, and the comparison of the two.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use polycache_core::clock::UnixMillis;
use polycache_core::config::EngineConfig;
use polycache_core::engine::Engine;
use polycache_server::Server;
use polycache_server::config::Settings;
use polycache_server::memcached::converse;

/// Longer scripts are not cut at every place: what may be left unfinished has a limit, and time has one, too.
const CUT_BYTES_MAX: usize = 1000;
/// How often a conversation is had again because a second passed in it.
const ATTEMPTS: usize = 5;

/// A memcached of our own.
pub struct Memcached {
    child: Child,
    port: u16,
}

impl Memcached {
    /// Starts `memcached` from the PATH; `None`, with a message, where there is none.
    pub fn start() -> Option<Memcached> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new("memcached")
            .args(["-l", "127.0.0.1", "-U", "0", "-t", "1", "-u", "root", "-p", &port.to_string()])
            // Its own threads hold items now and then, and incr then pads a number or not by chance.
            .args(["-o", "no_lru_maintainer,no_lru_crawler"])
            .stdin(Stdio::null())
            .spawn();
        match child {
            Ok(child) => {
                let server = Memcached { child, port };
                for _ in 0..500 {
                    if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                        return Some(server);
                    }
                    std::thread::sleep(Duration::from_millis(10));
                }
                panic!("memcached does not listen");
            }
            Err(error) => {
                println!(
                    "memcached is missing ({error}): its replies are not compared (apt-get install memcached)"
                );
                None
            }
        }
    }

    /// The replies to `script` on a new connection, up to its end.
    pub fn converse(&self, script: &[u8]) -> Vec<u8> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let mut writer = stream.try_clone().unwrap();
        let script = script.to_vec();
        let writing = std::thread::spawn(move || {
            // memcached may close early; that is part of what is compared.
            let _ = writer.write_all(&script);
            let _ = writer.shutdown(Shutdown::Write);
        });
        let mut replies = Vec::new();
        let mut reader = stream;
        let mut buffer = [0; 1 << 16];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(len) => replies.extend_from_slice(&buffer[..len]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
                Err(error) => panic!("reading from memcached: {error}"),
            }
        }
        writing.join().unwrap();
        replies
    }
}

impl Drop for Memcached {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn server() -> Arc<Server> {
    Server::new(Engine::in_memory(EngineConfig::default()), Settings::default())
}

/// `replies` with each CAS number replaced by the place of its first appearance, and without the version's number.
pub fn normalized(replies: &[u8]) -> String {
    let mut seen: Vec<String> = Vec::new();
    let mut text = String::new();
    for line in replies.split_inclusive(|byte| *byte == b'\n') {
        let line = line.escape_ascii().to_string();
        let mut words: Vec<&str> = line.split(' ').collect();
        let place;
        if words[0] == "VALUE" && words.len() == 5 {
            let cas = words[4].to_owned();
            let index = seen.iter().position(|known| *known == cas).unwrap_or_else(|| {
                seen.push(cas);
                seen.len() - 1
            });
            place = format!("cas{index}\\r\\n");
            words[4] = &place;
        } else if matches!(words[0], "HD" | "VA" | "HD\\r\\n") {
            for word in &mut words {
                let end = word.find('\\').unwrap_or(word.len());
                let (flag, rest) = word.split_at(end);
                if let Some(cas) = flag.strip_prefix('c').filter(|cas| cas.parse::<u64>().is_ok()) {
                    let index = seen.iter().position(|known| known == cas).unwrap_or_else(|| {
                        seen.push(cas.to_owned());
                        seen.len() - 1
                    });
                    *word = String::leak(format!("ccas{index}{rest}"));
                }
            }
        } else if words[0] == "ME" {
            words.retain(|word| !word.starts_with("cas="));
        } else if words[0] == "VERSION" {
            words.truncate(1);
        }
        text.push_str(&words.join(" "));
        text.push('\n');
    }
    text
}

/// Runs scripts in an order, each on a new connection; the items of one are there for the next.
pub fn compare(scripts: &[Vec<u8>]) {
    let memcached = Memcached::start();
    let server = server();
    let empty: &[u8] = b"flush_all noreply\r\n";
    let mut failures = Vec::new();
    for script in scripts {
        let shown = format!("{} ({} bytes)", script[..script.len().min(300)].escape_ascii(), script.len());
        // Within one second if it can be: replies tell the seconds since an access.
        let run = |portions: &[&[u8]]| {
            let mut attempts = 0;
            loop {
                attempts += 1;
                let second = UnixMillis::now().0 / 1000;
                assert_eq!(converse(&server, [empty]), b"");
                let replies = normalized(&converse(&server, portions.iter().copied()));
                if UnixMillis::now().0 / 1000 == second || attempts == ATTEMPTS {
                    return replies;
                }
            }
        };
        let ours = run(&[script]);
        if let Some(memcached) = &memcached {
            assert_eq!(memcached.converse(empty), b"");
            let theirs = normalized(&memcached.converse(script));
            if ours != theirs {
                failures.push(format!("{shown}\n--- memcached\n{theirs}--- ours\n{ours}"));
            }
        }
        if script.len() <= CUT_BYTES_MAX {
            for cut in 1..script.len() {
                let (first, second) = script.split_at(cut);
                let again = run(&[first, second]);
                if again != ours {
                    failures.push(format!("{shown} cut at {cut}\n--- whole\n{ours}--- cut\n{again}"));
                    break;
                }
            }
            let bytes: Vec<&[u8]> = script.chunks(1).collect();
            assert_eq!(run(&bytes), ours, "{shown} byte by byte");
        }
    }
    assert!(failures.is_empty(), "{} differences\n{}", failures.len(), failures.join("\n"));
}

/// A key of one byte more than memcached takes.
pub fn long_key() -> String {
    "k".repeat(251)
}
