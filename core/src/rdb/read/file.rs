//! A whole file: magic, opcodes, keys, checksum.

use std::borrow::Cow;
use std::io::Read;

use super::super::error::{Fault, RdbError};
use super::super::format::{Dialect, MAGIC_BYTES, REDIS_VERSIONS, VALKEY_VERSIONS, kind, opcode};
use super::super::visitor::{FileVisitor, Key};
use super::source::Source;
use super::{Heard, Reader, module};

/// Bytes that are read at once.
const BUFFER_BYTES: usize = 128 * 1024;

/// Whether the file was as its checksum says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    Right,
    /// The writer had checksums switched off.
    Absent,
}

/// What a file was.
#[derive(Clone, Copy, Debug)]
pub struct Summary {
    pub dialect: Dialect,
    pub version: u32,
    pub keys: u64,
    pub checksum: Checksum,
    /// Bytes of the file. What follows, as commands do behind the preamble of an AOF, has not been looked at.
    pub bytes: u64,
}

/// Reads a file from its first byte. What has been delivered when an error comes is to be thrown away.
pub fn read_file<R: Read, V: FileVisitor>(input: R, visitor: &mut V) -> Result<Summary, RdbError> {
    let mut reader = Reader::new(input, Dialect::Redis, BUFFER_BYTES);
    let (dialect, version) = magic(&mut reader.source)?;
    reader.dialect = dialect;
    let keys = reader.opcodes(visitor)?;
    let expected = reader.source.sum();
    let offset = reader.source.offset();
    let checksum = match u64::from_le_bytes(reader.source.array()?) {
        0 => Checksum::Absent,
        found if found == expected => Checksum::Right,
        _ => {
            let reason = "the checksum at the end does not fit: bytes before it are damaged";
            return Err(RdbError::corrupt(offset, reason));
        }
    };
    Ok(Summary { dialect, version, keys, checksum, bytes: reader.source.offset() })
}

fn magic<R: Read>(source: &mut Source<R>) -> Result<(Dialect, u32), RdbError> {
    let bytes: [u8; MAGIC_BYTES] = source.array()?;
    let (dialect, digits) = match (bytes.strip_prefix(b"REDIS"), bytes.strip_prefix(b"VALKEY")) {
        (Some(digits), _) => (Dialect::Redis, digits),
        (_, Some(digits)) => (Dialect::Valkey, digits),
        _ => {
            return Err(RdbError::corrupt(
                0,
                "this is not an RDB file: it does not begin with REDIS or VALKEY",
            ));
        }
    };
    let version = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    let Some(version) = version.and_then(|text| text.parse().ok()) else {
        return Err(RdbError::corrupt(0, "the version of the RDB file is not a number"));
    };
    let versions = if dialect == Dialect::Redis { REDIS_VERSIONS } else { VALKEY_VERSIONS };
    if !versions.contains(&version) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let reason =
            format!("RDB files of version {text} are not read, only REDIS0006 to 0012 and VALKEY080 to 081");
        return Err(RdbError::unsupported(0, reason));
    }
    Ok((dialect, version))
}

/// What precedes a key.
#[derive(Default)]
struct Prefix {
    expire_at: Option<u64>,
    idle: Option<u64>,
    frequency: Option<u8>,
}

impl<R: Read> Reader<R> {
    /// Reads libraries up to the end of the input.
    pub fn functions(&mut self, found: &mut dyn FnMut(&[u8])) -> Result<(), RdbError> {
        let mut code = Vec::new();
        loop {
            let offset = self.source.offset();
            match self.source.byte() {
                Err(RdbError { fault: Fault::Truncated, .. }) => return Ok(()),
                Err(error) => return Err(error),
                Ok(opcode::FUNCTION2) => {
                    self.source.string_into(&mut code)?;
                    found(&code);
                }
                Ok(_) => return Err(RdbError::unsupported(offset, "something else than functions")),
            }
        }
    }

    /// Reads up to the end mark; how many keys that were.
    fn opcodes<V: FileVisitor>(&mut self, visitor: &mut V) -> Result<u64, RdbError> {
        let (mut db, mut keys) = (0, 0);
        let mut prefix = Prefix::default();
        let mut name = Vec::new();
        loop {
            let source = &mut self.source;
            let offset = source.offset();
            match source.byte()? {
                opcode::EOF => return Ok(keys),
                opcode::SELECTDB => db = source.length()?,
                opcode::RESIZEDB => {
                    let (keys, expires) = (source.length()?, source.length()?);
                    visitor.sizes(db, keys, expires).at(offset)?;
                }
                opcode::EXPIRETIME => {
                    let seconds = i32::from_le_bytes(source.array()?);
                    prefix.expire_at = expiry(i64::from(seconds).saturating_mul(1000));
                }
                opcode::EXPIRETIME_MS => prefix.expire_at = expiry(source.milliseconds()?),
                opcode::IDLE => prefix.idle = Some(source.length()?),
                opcode::FREQ => prefix.frequency = Some(source.byte()?),
                opcode::AUX => {
                    source.string_into(&mut name)?;
                    visitor.aux(&name, source.string(&mut self.buffers.value)?).at(offset)?;
                }
                opcode::FUNCTION2 => {
                    source.string_into(&mut name)?;
                    visitor.function(&name).at(offset)?;
                }
                opcode::FUNCTION_PRE_GA => {
                    let reason = "functions of a release candidate of Redis 7.0 are not read";
                    return Err(RdbError::unsupported(offset, reason));
                }
                opcode::MODULE_AUX => {
                    let id = source.length()?;
                    // The moment it belongs to: the kind of the number, then the number.
                    source.length()?;
                    source.length()?;
                    module::skip(source, &mut self.buffers.value)?;
                    visitor.skipped(&format!("data of the module type '{}'", module::name(id)));
                }
                opcode::SLOT_INFO => drop((source.length()?, source.length()?, source.length()?)),
                opcode::VALKEY_SLOT_IMPORT if self.dialect == Dialect::Valkey => self.slot_import(visitor)?,
                code @ 0..=kind::REDIS_HASH_LISTPACK_EX => {
                    source.string_into(&mut name)?;
                    let Prefix { expire_at, idle, frequency } = std::mem::take(&mut prefix);
                    let key = Key { db, name: Cow::Borrowed(&name), expire_at, idle, frequency };
                    keys += 1;
                    if code == kind::MODULE_2 {
                        self.module_key(offset, &key, visitor)?;
                    } else {
                        visitor.key(&key).at(offset)?;
                        self.value(code, visitor)?;
                    }
                }
                code => {
                    return Err(RdbError::corrupt(offset, format!("opcode {code} is not known")));
                }
            }
        }
    }

    fn module_key<V: FileVisitor>(
        &mut self,
        offset: u64,
        key: &Key<'_>,
        visitor: &mut V,
    ) -> Result<(), RdbError> {
        let module = module::name(self.source.length()?);
        visitor.module_key(key, &module).at(offset)?;
        module::skip(&mut self.source, &mut self.buffers.value)
    }

    /// Passes over the state of a slot that was being imported: its job's name and ranges of slots.
    fn slot_import<V: FileVisitor>(&mut self, visitor: &mut V) -> Result<(), RdbError> {
        self.source.string_into(&mut self.buffers.value)?;
        for _ in 0..self.source.length()? {
            self.source.length()?;
            self.source.length()?;
        }
        visitor.skipped("the state of an import of cluster slots");
        Ok(())
    }
}

/// -1 is no expiry; what lies before 1970 is over as well as 1970.
fn expiry(ms: i64) -> Option<u64> {
    (ms != -1).then_some(ms.max(0) as u64)
}
