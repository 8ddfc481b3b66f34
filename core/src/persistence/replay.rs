//! Applies the whole part of an AOF file to an engine.
//!
//! Time stands still meanwhile: a key whose time is over still takes the APPEND that was logged while it lived, and is
//! swept afterwards. Commands go through the registry that the engine was opened with, past the memory limit; what
//! concerns databases and transactions is done here, as no face is present.

use std::fs::File;
use std::ops::Range;
use std::path::Path;

use memmap2::Mmap;

use super::StorageError;
use super::parse::{self, Item};
use super::scan::{Scan, scan};
use crate::clock::UnixMillis;
use crate::command::{Ctx, NoHost, Protocol, Registry, Reply, Session};
use crate::engine::{DbIndex, Engine};
use crate::limits::DATABASES;
use crate::log::entry::{ANNOTATION_PREFIX, Annotation};
use crate::operation::Operation;
use crate::record::{Draft, Effect};

/// Commands under one epoch pin: garbage is freed in between.
const COMMANDS_PER_PIN: usize = 256;

/// The bytes of a file, mapped.
pub struct Mapped(Option<Mmap>);

impl Mapped {
    pub fn open(path: &Path) -> Result<Mapped, StorageError> {
        let file = File::open(path).map_err(StorageError::file("opening", path))?;
        let len = file.metadata().map_err(StorageError::file("reading", path))?.len();
        if len == 0 {
            return Ok(Mapped(None));
        }
        // SAFETY: the data directory is locked against other servers, and we do not change a file while it is mapped.
        // Somebody who truncates it by hand stops the process, as pulling the disk would.
        let map = unsafe { Mmap::map(&file) }.map_err(StorageError::file("mapping", path))?;
        Ok(Mapped(Some(map)))
    }

    pub fn bytes(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }
}

/// Applies the part of `bytes` that [`scan`] has judged to be whole to `engine`; how many commands that were.
pub fn replay(
    engine: &Engine,
    registry: &Registry,
    path: &Path,
    bytes: &[u8],
    part: Range<usize>,
) -> Result<u64, StorageError> {
    let mut replayer = Replayer {
        engine,
        registry,
        session: Session { db: 0, no_touch: true },
        annotation: Annotation::default(),
        failures: Failures::default(),
        host: NoHost,
    };
    let whole = part.end;
    let bytes = &bytes[..whole];
    let (mut at, mut commands) = (part.start, 0);
    let mut args = Vec::new();
    while at < whole {
        let op = engine.begin();
        op.stop_time(UnixMillis(1));
        for _ in 0..COMMANDS_PER_PIN {
            let (item, next) = match parse::next(bytes, at, &mut args) {
                Ok(Some(found)) => found,
                Ok(None) => break,
                Err(trouble) => {
                    return Err(StorageError::corrupt(
                        path,
                        at as u64,
                        format!("it changed while it was read ({trouble:?})"),
                    ));
                }
            };
            match item {
                Item::Annotation(line) => replayer.annotation(line),
                Item::Command => {
                    replayer.apply(&op, &args).map_err(|reason| StorageError::Unsupported {
                        file: path.to_owned(),
                        reason: format!("{reason} (at offset {at})"),
                    })?;
                    commands += 1;
                }
            }
            at = next;
        }
    }
    if replayer.failures.count > 0 {
        tracing::warn!(
            "{}: {} commands were answered with an error, the first: {}",
            path.display(),
            replayer.failures.count,
            replayer.failures.first
        );
    }
    Ok(commands)
}

/// Judges and applies arbitrary bytes on an engine in memory: for fuzzing. Never panics, whatever the bytes.
pub fn fuzz(engine: &Engine, registry: &Registry, bytes: &[u8]) -> Scan {
    let judged = scan(bytes);
    // An unknown command is a fair refusal.
    let _ = replay(engine, registry, Path::new("fuzz"), bytes, 0..judged.whole_bytes);
    judged
}

struct Replayer<'a> {
    engine: &'a Engine,
    registry: &'a Registry,
    session: Session,
    /// What memcached adds to the SET that follows.
    annotation: Annotation,
    failures: Failures,
    host: NoHost,
}

impl Replayer<'_> {
    fn annotation(&mut self, line: &[u8]) {
        if line.starts_with(ANNOTATION_PREFIX) {
            self.annotation = Annotation::decode(line);
        }
    }

    fn apply(&mut self, op: &Operation<'_>, args: &[&[u8]]) -> Result<(), String> {
        let annotation = std::mem::take(&mut self.annotation);
        let name = args[0];
        let is = |wanted: &[u8]| name.eq_ignore_ascii_case(wanted);
        if is(b"SET")
            && let Some(expire_at) = plain_set(args)
        {
            let draft = Draft { expire_at, flags: annotation.flags, ..Draft::string(args[2]) };
            let ctx = self.context(op);
            return match ctx.latch(args[1]) {
                Ok(mut entry) => {
                    entry.put_marked(draft, annotation.marks(), Effect::Silent);
                    Ok(())
                }
                Err(failure) => Err(failure.0.into_owned()),
            };
        }
        match args.len() {
            1 if is(b"MULTI") || is(b"EXEC") || is(b"PING") => return Ok(()),
            2 if is(b"SELECT") => {
                self.session.db = self.database(args[1])?;
                return Ok(());
            }
            3 if is(b"SWAPDB") => {
                self.engine.swap(self.database(args[1])?, self.database(args[2])?);
                return Ok(());
            }
            _ if is(b"FUNCTION") => {
                return self.engine.libraries().replay(args).map_err(|reason| format!("it holds {reason}"));
            }
            // With ASYNC or SYNC too: the effect is the same.
            1 | 2 if is(b"FLUSHALL") => {
                self.engine.flush(None);
                return Ok(());
            }
            1 | 2 if is(b"FLUSHDB") => {
                self.engine.flush(Some(self.session.db));
                return Ok(());
            }
            _ => {}
        }
        let spec = self.registry.resolve(args).map_err(|failure| {
            let name = String::from_utf8_lossy(&name[..name.len().min(64)]).into_owned();
            format!("it holds the command '{name}' that cannot be replayed: {}", failure.0)
        })?;
        let outcome = (spec.handler)(&mut self.context(op), args);
        if let Err(failure) = outcome {
            self.failures.note(&failure.0);
        }
        Ok(())
    }

    fn context<'c>(&'c mut self, op: &'c Operation<'c>) -> Ctx<'c> {
        Ctx {
            engine: self.engine,
            op,
            session: &mut self.session,
            reply: &mut self.failures,
            host: &mut self.host,
            registry: self.registry,
        }
    }

    fn database(&self, text: &[u8]) -> Result<DbIndex, String> {
        let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<usize>().ok());
        match number {
            Some(number) if number < self.engine.config().databases.min(DATABASES) => Ok(number as DbIndex),
            _ => Err(format!(
                "it uses database {}, but only {} are configured",
                String::from_utf8_lossy(&text[..text.len().min(20)]),
                self.engine.config().databases
            )),
        }
    }
}

/// The expiry of `SET key value [PXAT time]`, the form that the log writes; `None` for any other.
fn plain_set(args: &[&[u8]]) -> Option<Option<UnixMillis>> {
    match args {
        [_, _, _] => Some(None),
        [_, _, _, option, time] if option.eq_ignore_ascii_case(b"PXAT") => {
            let time = std::str::from_utf8(time).ok()?.parse().ok()?;
            Some(Some(UnixMillis(time)))
        }
        _ => None,
    }
}

/// A sink that only notes errors.
#[derive(Default)]
struct Failures {
    count: u64,
    first: String,
}

impl Failures {
    fn note(&mut self, text: &str) {
        if self.count == 0 {
            self.first = text.to_owned();
        }
        self.count += 1;
    }
}

impl Reply for Failures {
    fn protocol(&self) -> Protocol {
        Protocol::Resp2
    }
    fn error(&mut self, text: &str) {
        self.note(text);
    }
    fn status(&mut self, _: &str) {}
    fn integer(&mut self, _: i64) {}
    fn bulk(&mut self, _: &[u8]) {}
    fn bulk_begin(&mut self, _: usize) {}
    fn bulk_piece(&mut self, _: &[u8]) {}
    fn bulk_end(&mut self) {}
    fn null(&mut self) {}
    fn null_array(&mut self) {}
    fn array(&mut self, _: usize) {}
    fn map(&mut self, _: usize) {}
    fn set(&mut self, _: usize) {}
    fn double(&mut self, _: f64) {}
    fn boolean(&mut self, _: bool) {}
    fn verbatim(&mut self, _: &str, _: &[u8]) {}
}
