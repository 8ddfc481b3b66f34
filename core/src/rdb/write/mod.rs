//! Writes files and payloads. The [`Writer`] is a visitor: whoever has values tells them to it as events, and nothing
//! but one small value, or one node of a stream, is held meanwhile.
//!
//! A value that is small goes out packed, as Redis would hold it; a larger one plain, element by element. Streams are
//! cut into nodes whose number is known from the number of entries, so they stream too.

mod held;
mod output;
mod stream;
mod value;

use std::io::Write;

use super::crc64::crc64;
use super::error::Stop;
use super::format::{Version, opcode};
use super::lzf::Compressor;
use super::visitor::{FileVisitor, Key, Visit};
use held::Held;
use output::Output;
use stream::StreamNode;
use value::State;

/// How files and payloads are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    pub version: Version,
    /// Long strings are compressed (`rdbcompression`).
    pub compress: bool,
    /// A file ends with its checksum, or with zero (`rdbchecksum`).
    pub checksum: bool,
}

impl Options {
    pub fn new(version: Version) -> Options {
        Options { version, compress: true, checksum: true }
    }
}

/// Writes one file or one payload. As a [`super::ValueVisitor`] it needs `Shape::elements` to be exact.
pub struct Writer<W> {
    out: Output<W>,
    options: Options,
    /// The name of the key whose value comes, as it stands between type and value.
    name: Option<Vec<u8>>,
    db: Option<u64>,
    state: State,
    held: Held,
    node: StreamNode,
}

/// Writes a payload, for DUMP.
pub type PayloadWriter = Writer<Vec<u8>>;

impl<W: Write> Writer<W> {
    /// Begins a file.
    pub fn file(out: W, options: Options) -> Result<Writer<W>, Stop> {
        let mut writer = Writer::over(out, options);
        writer.out.bytes(options.version.magic())?;
        Ok(writer)
    }

    fn over(out: W, options: Options) -> Writer<W> {
        Writer {
            out: Output::new(out, options.compress.then(Compressor::new)),
            options,
            name: None,
            db: None,
            state: State::Idle,
            held: Held::default(),
            node: StreamNode::default(),
        }
    }

    /// Where the bytes go. What has been given to it may be taken away.
    pub fn receiver(&mut self) -> &mut W {
        self.out.receiver()
    }

    /// Bytes so far.
    pub fn bytes(&self) -> u64 {
        self.out.bytes_written()
    }

    /// Ends the file: end mark, checksum. The receiver is flushed, not synced.
    pub fn finish(mut self) -> Result<W, Stop> {
        self.out.byte(opcode::EOF)?;
        let sum = if self.options.checksum { self.out.sum()? } else { 0 };
        self.out.bytes(&sum.to_le_bytes())?;
        Ok(self.out.into_inner()?)
    }

    fn select(&mut self, db: u64) -> Visit {
        if self.db != Some(db) {
            self.out.byte(opcode::SELECTDB)?;
            self.out.length(db)?;
            self.db = Some(db);
        }
        Ok(())
    }
}

impl PayloadWriter {
    /// Begins a payload: one value follows.
    pub fn payload(options: Options) -> PayloadWriter {
        Writer::over(Vec::new(), options)
    }

    /// Ends the payload: version, checksum.
    pub fn finish_payload(self) -> Result<Vec<u8>, Stop> {
        let version = self.options.version.number();
        Ok(seal(self.out.into_inner()?, version))
    }
}

/// `body` as a payload: with its version and its checksum.
pub fn seal(mut body: Vec<u8>, version: u16) -> Vec<u8> {
    body.extend(version.to_le_bytes());
    body.extend(crc64(&body).to_le_bytes());
    body
}

impl<W: Write> FileVisitor for Writer<W> {
    fn aux(&mut self, name: &[u8], value: &[u8]) -> Visit {
        self.out.byte(opcode::AUX)?;
        self.out.string(name)?;
        Ok(self.out.string(value)?)
    }

    fn function(&mut self, code: &[u8]) -> Visit {
        self.out.byte(opcode::FUNCTION2)?;
        Ok(self.out.string(code)?)
    }

    fn sizes(&mut self, db: u64, keys: u64, expires: u64) -> Visit {
        self.select(db)?;
        self.out.byte(opcode::RESIZEDB)?;
        self.out.length(keys)?;
        Ok(self.out.length(expires)?)
    }

    fn key(&mut self, key: &Key<'_>) -> Visit {
        self.select(key.db)?;
        if let Some(at) = key.expire_at {
            self.out.byte(opcode::EXPIRETIME_MS)?;
            self.out.bytes(&at.to_le_bytes())?;
        }
        if let Some(idle) = key.idle {
            self.out.byte(opcode::IDLE)?;
            self.out.length(idle)?;
        }
        if let Some(frequency) = key.frequency {
            self.out.bytes(&[opcode::FREQ, frequency])?;
        }
        let name = self.name.get_or_insert_default();
        name.clear();
        name.extend_from_slice(&key.name);
        Ok(())
    }
}
