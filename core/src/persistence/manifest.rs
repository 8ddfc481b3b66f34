//! The manifest of a multi-part AOF: which files make it up, in which order.
//!
//! Format: Redis 7's. One line a file, `file <name> seq <number> type <b|h|i>`: at most one base, increments with
//! growing numbers, and history that waits to be deleted. A name with blanks or unprintable bytes is quoted as Redis
//! quotes (`"a\x20b"`). Lines that begin with `#` are skipped, unknown pairs of words too.
//!
//! Limits: a line of 1024 bytes as in Redis; [`MANIFEST_BYTES_MAX`] in all.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::StorageError;
use crate::config::BaseFormat;

/// The longest manifest: room for some ten thousand files.
const MANIFEST_BYTES_MAX: u64 = 1024 * 1024;
const LINE_BYTES_MAX: usize = 1024;

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Base,
    Increment,
    History,
}

impl Role {
    fn letter(self) -> char {
        match self {
            Role::Base => 'b',
            Role::Increment => 'i',
            Role::History => 'h',
        }
    }
}

/// One file of the AOF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub name: String,
    pub seq: u64,
}

/// The parts of an AOF.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    pub base: Option<Part>,
    pub increments: Vec<Part>,
    pub history: Vec<Part>,
    base_seq: u64,
    increment_seq: u64,
}

/// Where the AOF lies: the directory and the names that the configuration gives.
#[derive(Clone, Debug)]
pub struct Place {
    /// The data directory.
    pub dir: PathBuf,
    /// `appenddirname`.
    pub dirname: String,
    /// `appendfilename`.
    pub filename: String,
}

impl Place {
    /// The AOF's own directory.
    pub fn aof_dir(&self) -> PathBuf {
        self.dir.join(&self.dirname)
    }

    pub fn manifest_path(&self) -> PathBuf {
        self.aof_dir().join(format!("{}.manifest", self.filename))
    }

    pub fn path(&self, part: &Part) -> PathBuf {
        self.aof_dir().join(&part.name)
    }

    /// Where Redis before version 7 kept its AOF.
    pub fn old_path(&self) -> PathBuf {
        self.dir.join(&self.filename)
    }
}

impl Manifest {
    /// Reads the manifest of `place`; `None` where there is none.
    pub fn read(place: &Place) -> Result<Option<Manifest>, StorageError> {
        let path = place.manifest_path();
        match fs::metadata(&path) {
            Ok(found) if found.len() > MANIFEST_BYTES_MAX => {
                Err(StorageError::corrupt(&path, MANIFEST_BYTES_MAX, "the manifest is too long"))
            }
            Ok(_) => {
                let bytes = fs::read(&path).map_err(StorageError::file("reading", &path))?;
                Self::parse(&bytes)
                    .map(Some)
                    .map_err(|(offset, reason)| StorageError::corrupt(&path, offset as u64, reason))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StorageError::file("reading", &path)(error)),
        }
    }

    /// Parses a manifest; an error names its offset.
    pub fn parse(bytes: &[u8]) -> Result<Manifest, (usize, String)> {
        let mut manifest = Manifest::default();
        let mut at = 0;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let start = at;
            at += line.len();
            let fail = |reason: String| Err((start, reason));
            if line.len() > LINE_BYTES_MAX {
                return fail("a line of the manifest is too long".into());
            }
            if line[0] == b'#' {
                continue;
            }
            let text = line.trim_ascii();
            if text.is_empty() {
                return fail("the manifest has an empty line".into());
            }
            match parse_line(text) {
                Ok((part, role)) => manifest.add(part, role).map_err(|reason| (start, reason.to_owned()))?,
                Err(reason) => return fail(reason.into()),
            }
        }
        if bytes.is_empty() {
            return Err((0, "the manifest is empty".into()));
        }
        Ok(manifest)
    }

    fn add(&mut self, part: Part, role: Role) -> Result<(), &'static str> {
        match role {
            Role::Base if self.base.is_some() => return Err("the manifest names two base files"),
            Role::Base => {
                self.base_seq = part.seq;
                self.base = Some(part);
            }
            Role::Increment if part.seq <= self.increment_seq && !self.increments.is_empty() => {
                return Err("the manifest's increments are not in order");
            }
            Role::Increment => {
                self.increment_seq = part.seq;
                self.increments.push(part);
            }
            Role::History => self.history.push(part),
        }
        Ok(())
    }

    /// Appends a new increment and returns it.
    pub fn next_increment(&mut self, place: &Place) -> Part {
        self.increment_seq += 1;
        let seq = self.increment_seq;
        let part = Part { name: format!("{}.{seq}.incr.aof", place.filename), seq };
        self.increments.push(part.clone());
        part
    }

    /// The name of the next base.
    pub fn next_base(&self, place: &Place, format: BaseFormat) -> Part {
        let seq = self.base_seq + 1;
        let extension = match format {
            BaseFormat::Snapshot => "pcs",
            BaseFormat::Resp => "aof",
            BaseFormat::Rdb => "rdb",
        };
        Part { name: format!("{}.{seq}.base.{extension}", place.filename), seq }
    }

    /// Puts `base` in the old one's place; it covers all increments but those from `first_kept` on.
    pub fn replace_base(&mut self, base: Part, first_kept: u64) {
        self.history.extend(self.base.take());
        let (covered, kept) =
            std::mem::take(&mut self.increments).into_iter().partition(|part| part.seq < first_kept);
        self.history.extend::<Vec<Part>>(covered);
        self.increments = kept;
        self.base_seq = base.seq;
        self.base = Some(base);
    }

    /// The manifest of an AOF of one old file, as Redis 7 upgrades it.
    pub fn of_old_file(place: &Place) -> Manifest {
        let base = Part { name: place.filename.clone(), seq: 1 };
        Manifest { base: Some(base), base_seq: 1, ..Manifest::default() }
    }

    /// The file's text.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let parts = (self.base.iter().map(|part| (part, Role::Base)))
            .chain(self.history.iter().map(|part| (part, Role::History)))
            .chain(self.increments.iter().map(|part| (part, Role::Increment)));
        for (part, role) in parts {
            let name = quote(&part.name);
            out.extend_from_slice(
                format!("file {name} seq {} type {}\n", part.seq, role.letter()).as_bytes(),
            );
        }
        out
    }

    /// Writes the manifest in place of the old one: a temporary file, synced, renamed, the directory synced.
    pub fn write(&self, place: &Place) -> Result<(), StorageError> {
        let path = place.manifest_path();
        let temporary = place.aof_dir().join(format!("temp-{}.manifest", place.filename));
        let write = || {
            let mut file = File::create(&temporary)?;
            file.write_all(&self.encode())?;
            file.sync_all()?;
            fs::rename(&temporary, &path)?;
            sync_dir(&place.aof_dir())
        };
        write().map_err(|error| {
            let _ = fs::remove_file(&temporary);
            StorageError::file("writing", &path)(error)
        })
    }

    /// Deletes what the manifest only remembers as history, and forgets it.
    pub fn delete_history(&mut self, place: &Place) -> Result<(), StorageError> {
        if self.history.is_empty() {
            return Ok(());
        }
        for part in std::mem::take(&mut self.history) {
            let path = place.path(&part);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    tracing::warn!("Removing the history file {}: {error}", path.display());
                }
                _ => tracing::info!("Removed the history file {}", path.display()),
            }
        }
        self.write(place)
    }
}

/// Makes a rename or a new file in `dir` durable.
pub fn sync_dir(dir: &Path) -> std::io::Result<()> {
    File::open(dir)?.sync_all()
}

fn parse_line(line: &[u8]) -> Result<(Part, Role), &'static str> {
    let words = split_words(line).ok_or("a line of the manifest has unbalanced quotes")?;
    if words.len() < 6 || words.len() % 2 != 0 {
        return Err("a line of the manifest is not `file NAME seq NUMBER type LETTER`");
    }
    let (mut name, mut seq, mut role) = (None, None, None);
    for pair in words.chunks_exact(2) {
        let value = std::str::from_utf8(&pair[1]).map_err(|_| "a name in the manifest is not UTF-8")?;
        match &pair[0].to_ascii_lowercase()[..] {
            b"file" if value.contains('/') || value.contains('\\') || value == ".." || value == "." => {
                return Err("a file name in the manifest is a path");
            }
            b"file" => name = Some(value.to_owned()),
            b"seq" => {
                seq = Some(value.parse::<u64>().map_err(|_| "a sequence number in the manifest is bad")?)
            }
            b"type" => {
                role = Some(match value {
                    "b" => Role::Base,
                    "i" => Role::Increment,
                    "h" => Role::History,
                    _ => return Err("the manifest has an unknown file type"),
                });
            }
            // Redis ignores what it does not know, for later versions' sake.
            _ => {}
        }
    }
    match (name, seq, role) {
        (Some(name), Some(seq @ 1..), Some(role)) if !name.is_empty() => Ok((Part { name, seq }, role)),
        _ => Err("a line of the manifest lacks file, seq or type"),
    }
}

/// Splits a line into words, some of them quoted in Redis' way; `None` where quotes do not match.
fn split_words(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut words = Vec::new();
    let mut rest = line.trim_ascii_start();
    while !rest.is_empty() {
        let mut word = Vec::new();
        let quoted = rest[0] == b'"';
        if quoted {
            rest = unquote(&rest[1..], &mut word)?;
            // Nothing may follow a closing quote directly.
            if rest.first().is_some_and(|byte| !byte.is_ascii_whitespace()) {
                return None;
            }
        } else {
            let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
            word.extend_from_slice(&rest[..end]);
            rest = &rest[end..];
        }
        words.push(word);
        rest = rest.trim_ascii_start();
    }
    Some(words)
}

/// Reads up to the closing quote; what follows it.
fn unquote<'a>(mut rest: &'a [u8], word: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        match rest {
            [b'"', after @ ..] => return Some(after),
            [b'\\', b'x', high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let digit = |byte: u8| (byte as char).to_digit(16).unwrap_or(0) as u8;
                word.push(digit(*high) << 4 | digit(*low));
                rest = after;
            }
            [b'\\', letter, after @ ..] => {
                word.push(match letter {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 8,
                    b'a' => 7,
                    other => *other,
                });
                rest = after;
            }
            [byte, after @ ..] => {
                word.push(*byte);
                rest = after;
            }
            [] => return None,
        }
    }
}

/// A name as Redis writes it: quoted where it has anything but printable ASCII without blanks and quotes.
fn quote(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'\\');
    if name.bytes().all(plain) {
        return name.to_owned();
    }
    let mut out = String::from("\"");
    for byte in name.bytes() {
        match byte {
            b'"' | b'\\' => out.extend(['\\', byte as char]),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            7 => out.push_str("\\a"),
            8 => out.push_str("\\b"),
            b' '..=b'~' => out.push(byte as char),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod test {
    use super::*;

    fn place(dir: &Path, filename: &str) -> Place {
        Place { dir: dir.to_owned(), dirname: "appendonlydir".into(), filename: filename.into() }
    }

    #[test]
    fn reads_what_redis_wrote() {
        let text = "file appendonly.aof.2.base.aof seq 2 type b\n# note\n\
                    file appendonly.aof.1.base.aof seq 1 type h\nfile \"a\\x20b.3.incr.aof\" seq 3 type i\n\
                    file x startoffset 7 seq 4 type i\n";
        let manifest = Manifest::parse(text.as_bytes()).unwrap();
        assert_eq!(manifest.base, Some(Part { name: "appendonly.aof.2.base.aof".into(), seq: 2 }));
        assert_eq!(manifest.increments[0].name, "a b.3.incr.aof");
        assert_eq!(manifest.increments[1].seq, 4);
        assert_eq!(manifest.history.len(), 1);
    }

    #[test]
    fn refuses_what_makes_no_sense() {
        for text in [
            "",
            "\n",
            "file a seq 1\n",
            "file a seq x type b\n",
            "file a seq 0 type b\n",
            "file a seq 1 type z\n",
            "file ../a seq 1 type b\n",
            "file \"a seq 1 type b\n",
            "file a seq 1 type b\nfile b seq 2 type b\n",
            "file a seq 2 type i\nfile b seq 1 type i\n",
        ] {
            assert!(Manifest::parse(text.as_bytes()).is_err(), "{text:?}");
        }
        let long = format!("file {} seq 1 type b\n", "x".repeat(LINE_BYTES_MAX));
        assert!(Manifest::parse(long.as_bytes()).is_err());
    }

    #[test]
    fn survives_writing_and_reading() {
        let dir = tempfile::tempdir().unwrap();
        for filename in ["appendonly.aof", "my file\t\"q\".aof", "späte.aof"] {
            let place = place(dir.path(), filename);
            fs::create_dir_all(place.aof_dir()).unwrap();
            let mut manifest = Manifest::default();
            manifest.next_increment(&place);
            let kept = manifest.next_increment(&place).seq;
            manifest.replace_base(manifest.next_base(&place, BaseFormat::Snapshot), kept);
            manifest.write(&place).unwrap();
            let read = Manifest::read(&place).unwrap().unwrap();
            assert_eq!(read, manifest);
            assert_eq!(read.increments.len(), 1);
            assert_eq!(read.history.len(), 1);
        }
    }
}
