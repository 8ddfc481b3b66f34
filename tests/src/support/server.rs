//! Starting, stopping and killing servers, each in a directory and on ports of its own.

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::programs;
use super::resp::Client;

/// A server that did not come up in this time is taken for hanging.
const START_LIMIT: Duration = Duration::from_secs(60);

/// Which program to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Polycache,
    Valkey,
    Redis,
    Memcached,
}

/// How to start it. Flags are in Redis' style, and passed on as they are.
#[derive(Default)]
pub struct ServerOptions {
    flags: Vec<String>,
    dir: Option<PathBuf>,
    file_bytes_max: Option<u64>,
    config_file: Option<PathBuf>,
}

impl ServerOptions {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `--name value`.
    pub fn flag(mut self, name: &str, value: impl ToString) -> Self {
        self.flags.push(format!("--{name}"));
        self.flags.push(value.to_string());
        self
    }

    /// Works in this directory, which outlives the server.
    pub fn dir(mut self, dir: &Path) -> Self {
        self.dir = Some(dir.to_path_buf());
        self
    }

    /// Starts with this configuration file.
    pub fn config_file(mut self, path: &Path) -> Self {
        self.config_file = Some(path.to_path_buf());
        self
    }

    /// Lets no file of the server grow beyond this (`RLIMIT_FSIZE`): a full disk without a file system of its own.
    pub fn file_bytes_max(mut self, bytes: u64) -> Self {
        self.file_bytes_max = Some(bytes);
        self
    }
}

/// A running server; killed when dropped.
pub struct Server {
    pub kind: Kind,
    /// RESP, or memcached's own for `Kind::Memcached`.
    pub port: u16,
    /// The memcached port (ours and memcached).
    pub memcached_port: u16,
    dir: PathBuf,
    log: PathBuf,
    child: Child,
    _owned_dir: TempDir,
}

/// A port nobody listens on, and that no other caller of this process gets. It lies below those that the kernel gives to
/// outgoing connections, so none of them takes it meanwhile.
pub fn free_port() -> u16 {
    const FIRST: u32 = 12_000;
    const COUNT: u32 = 20_000;
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    // Processes begin at places of their own.
    let begin = std::process::id().wrapping_mul(101);
    (0..COUNT)
        .map(|_| FIRST + begin.wrapping_add(TAKEN.fetch_add(1, Ordering::SeqCst)) % COUNT)
        .filter_map(|port| u16::try_from(port).ok())
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}

impl Server {
    /// Starts with nothing persistent.
    pub fn volatile(kind: Kind) -> Self {
        Self::start(kind, ServerOptions::new().flag("save", "").flag("appendonly", "no"))
    }

    /// Starts and waits until it answers; panics with its log otherwise.
    pub fn start(kind: Kind, options: ServerOptions) -> Self {
        match Self::try_start(kind, options) {
            Ok(server) => server,
            Err((status, log)) => panic!("{kind:?} did not start ({status}):\n{log}"),
        }
    }

    /// Starts; an exit before it answers is an error with the status and the log.
    pub fn try_start(kind: Kind, options: ServerOptions) -> Result<Self, (String, String)> {
        let mut server = Self::spawn(kind, options);
        let started = Instant::now();
        loop {
            if let Some(status) = server.child.try_wait().expect("a child can be waited for") {
                return Err((status.to_string(), server.log()));
            }
            if server.is_ready() {
                return Ok(server);
            }
            if started.elapsed() > START_LIMIT {
                return Err(("no answer".into(), server.log()));
            }
            thread::sleep(Duration::from_millis(3));
        }
    }

    /// Starts without waiting.
    pub fn spawn(kind: Kind, options: ServerOptions) -> Self {
        let owned_dir = tempfile::Builder::new().prefix("polycache-test-").tempdir().expect("a directory");
        let dir = options.dir.clone().unwrap_or_else(|| owned_dir.path().to_path_buf());
        let log = owned_dir.path().join("server.log");
        let (port, memcached_port) = (free_port(), free_port());
        let mut command = Command::new(match kind {
            Kind::Polycache => programs::ours(),
            Kind::Valkey => programs::valkey(),
            Kind::Redis => programs::on_path("redis-server"),
            Kind::Memcached => programs::on_path("memcached"),
        });
        if kind == Kind::Memcached {
            command.args(["-l", "127.0.0.1", "-U", "0", "-t", "1", "-u", "root"]);
            command.args(["-p", &memcached_port.to_string()]);
        } else {
            command.args(&options.config_file);
            command.args(["--port", &port.to_string(), "--bind", "127.0.0.1"]);
            command.arg("--dir").arg(&dir);
        }
        if kind == Kind::Polycache {
            command.args(["--memcached-port", &memcached_port.to_string()]);
        }
        command.args(&options.flags);
        let output = File::create(&log).expect("a log file");
        command.stdin(Stdio::null()).stdout(output.try_clone().expect("a second handle")).stderr(output);
        if let Some(bytes) = options.file_bytes_max {
            limit_files(&mut command, bytes);
        }
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let port = if kind == Kind::Memcached { memcached_port } else { port };
        Self { kind, port, memcached_port, dir, log, child, _owned_dir: owned_dir }
    }

    /// Lets files grow again: there is space on the disk.
    pub fn lift_file_limit(&self) {
        let limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
        let process = self.child.id() as libc::pid_t;
        // SAFETY: the limit lives through the call, and the old one is not asked for.
        let failed = unsafe { libc::prlimit(process, libc::RLIMIT_FSIZE, &limit, std::ptr::null_mut()) };
        assert_eq!(failed, 0, "{}", std::io::Error::last_os_error());
    }

    fn is_ready(&self) -> bool {
        if TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            return false;
        }
        if self.kind == Kind::Memcached {
            return true;
        }
        let Ok(mut client) = Client::try_connect(self.port) else { return false };
        // A server that asks for a password, or that loads, is up as well; loading ends by itself.
        match client.try_call(&[b"PING"]) {
            Ok(reply) => !reply.is_error_with("LOADING"),
            Err(_) => false,
        }
    }

    /// A new RESP2 connection.
    pub fn client(&self) -> Client {
        Client::connect(self.port)
    }

    /// Where its data lies.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What it wrote to its output.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// The process, for /proc.
    pub fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child can be waited for").is_none()
    }

    /// SIGKILL, as a crash of the process.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// SIGTERM, and waits for the exit.
    pub fn stop(&mut self) -> ExitStatus {
        let pid = libc::pid_t::try_from(self.child.id()).expect("a process id");
        // SAFETY: a signal to a child that has not been waited for, so the id is not anybody else's.
        unsafe { libc::kill(pid, libc::SIGTERM) };
        self.wait()
    }

    /// Waits for the exit that something else asked for.
    pub fn wait(&mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return status;
            }
            assert!(started.elapsed() < START_LIMIT, "{:?} does not exit:\n{}", self.kind, self.log());
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            let log = self.log();
            let tail: Vec<&str> = log.lines().rev().take(20).collect();
            eprintln!("--- end of the log of {:?}:", self.kind);
            tail.iter().rev().for_each(|line| eprintln!("{line}"));
        }
    }
}

fn limit_files(command: &mut Command, bytes: u64) {
    use std::os::unix::process::CommandExt;
    // SAFETY: between fork and exec the closure makes two calls that are async-signal-safe and allocates nothing.
    unsafe {
        command.pre_exec(move || {
            let limit = libc::rlimit { rlim_cur: bytes, rlim_max: libc::RLIM_INFINITY };
            // Beyond the limit a write fails with EFBIG once the signal is ignored.
            libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
            if libc::setrlimit(libc::RLIMIT_FSIZE, &limit) != 0 {
                return Err(std::io::Error::last_os_error());
            }
            Ok(())
        });
    }
}
