//! A record in a snapshot file: a frame with checksums, and the record as in memory.
//!
//! # Format
//!
//! ```text
//! offset  size  field
//!      0     4  CRC of the rest of the frame and of the record up to the value's begin; the value too unless LONG
//!      4     4  CRC of the stored value if LONG, else 0
//!      8     4  length of the stored value, LONG (bit 30), ZSTD (bit 31)
//!     12     4  length of the value
//!     16        the record (`record/header.rs`), padded to a multiple of 16
//! ```
//!
//! A rope stands in the file in one piece: LONG is set, the record has no ROPE trait, no pointer and a `value_len` of
//! zero. With ZSTD the stored value is one zstd frame. A record that was damaged in the file that this one was made
//! from leaves a *tombstone*, a frame alone whose value length is [`TOMBSTONE`]: its key stays an error.
//!
//! # Limits
//! Values have at most `STRING_BYTES_MAX` bytes, decompression takes at most `2^WINDOW_LOG_MAX` bytes besides them.

use std::cell::RefCell;
use std::io::Read;

use zstd::bulk::Decompressor;

use super::format::{crc, u32_at, u64_at};
use super::trees;
use crate::clock::UnixMillis;
use crate::index::Damaged;
use crate::limits::{CHUNK_BYTES, INLINE_BYTES_MAX, STRING_BYTES_MAX};
use crate::record::header::{
    ALIGN, EXPIRES, EXTENDED, FETCHED, HEADER_BYTES, KEY_LEN_SHIFT, LEASED, LONG_KEY, LONG_KEY_MASK, Meta,
    PINNED, PLACE, RAW, STALE, TREES, VERSION_BITS,
};
use crate::record::{Draft, Kind, Marks, NewTrees, NewValue, OwnedRecord, rope};
use crate::tree::packed::BYTES_MAX;
use crate::tree::{Packed, ROOT_BYTES};

pub const FRAME_BYTES: usize = 16;
/// The value is checked by itself: it was a rope.
pub const LONG: u32 = 1 << 30;
/// The value is compressed.
pub const ZSTD: u32 = 1 << 31;
const STORED_MASK: u32 = LONG - 1;
/// In place of a value's length: the record was damaged in an earlier file.
const TOMBSTONE: u32 = u32::MAX;

/// The longest packed container: its entries, their ends, and their number.
const CONTAINER_BYTES_MAX: usize = 3 * BYTES_MAX + 2;

/// zstd's window in decompression, 8 MiB: level 1 needs less.
const WINDOW_LOG_MAX: u32 = 23;

const _: () = assert!(STRING_BYTES_MAX <= STORED_MASK as usize);
const _: () = assert!(KEY_LEN_SHIFT == 48, "see `Meta`");

thread_local! {
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// The fields of a frame.
#[derive(Clone, Copy)]
pub struct Frame {
    pub value_crc: u32,
    pub stored_len: usize,
    /// LONG and ZSTD.
    pub flags: u32,
    pub value_len: usize,
}

impl Frame {
    /// The frame's bytes in front of `covered`, which the first checksum is over.
    pub fn encode(&self, covered: &[&[u8]]) -> [u8; FRAME_BYTES] {
        let mut bytes = [0; FRAME_BYTES];
        bytes[4..8].copy_from_slice(&self.value_crc.to_le_bytes());
        bytes[8..12].copy_from_slice(&(self.stored_len as u32 | self.flags).to_le_bytes());
        bytes[12..].copy_from_slice(&(self.value_len as u32).to_le_bytes());
        let mut digest = digest();
        digest.update(&bytes[4..]);
        covered.iter().for_each(|part| digest.update(part));
        bytes[..4].copy_from_slice(&(digest.finalize() as u32).to_le_bytes());
        bytes
    }

    /// The frame that stands for a record damaged in an earlier file.
    pub fn tombstone() -> [u8; FRAME_BYTES] {
        Frame { value_crc: 0, stored_len: 0, flags: 0, value_len: TOMBSTONE as usize }.encode(&[])
    }
}

/// A checksum of pieces.
pub fn digest() -> crc_fast::Digest {
    crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc32Iscsi)
}

/// Completes the first checksum of a frame whose covered bytes follow it.
pub fn seal(frame_and_covered: &mut [u8]) {
    let crc = crc(&frame_and_covered[4..]);
    frame_and_covered[..4].copy_from_slice(&crc.to_le_bytes());
}

/// Whether a tombstone stands at `at`.
pub fn is_tombstone(heap: &[u8], at: usize) -> bool {
    heap.get(at..).is_some_and(|rest| rest.starts_with(&Frame::tombstone()))
}

/// A record of the file whose frame, header and key are checked.
#[derive(Clone, Copy)]
pub struct Stored<'a> {
    frame: Frame,
    version: u64,
    kind: Kind,
    meta: Meta,
    expire_at: Option<UnixMillis>,
    client_flags: u32,
    marks: Marks,
    pub key: &'a [u8],
    /// As stored.
    value: &'a [u8],
    /// Frame, record and padding.
    pub bytes: &'a [u8],
}

impl<'a> Stored<'a> {
    /// The record whose frame stands at `at` of `heap`; `version_max` is the highest version that the file may hold.
    pub fn read(heap: &'a [u8], at: usize, version_max: u64) -> Result<Stored<'a>, Damaged> {
        let rest = heap.get(at..).ok_or(Damaged)?;
        let Measured { frame, meta, head_len, end, covered } = Measured::of(rest)?;
        if crc(&rest[4..FRAME_BYTES + covered]) != u32_at(rest, 0) {
            return Err(Damaged);
        }
        let record = &rest[FRAME_BYTES..];
        let version_kind = u64_at(record, 0);
        let key_len = head_len - meta.key_offset();
        let extended = meta.extended_offset();
        let padded = end.next_multiple_of(ALIGN);
        // The checksum is right: what is wrong now was written wrong, or by somebody else.
        let is_long = frame.flags & LONG != 0;
        let version = version_kind >> (u64::BITS - VERSION_BITS);
        let kind = Kind::from_number((version_kind & 0xff) as u8).unwrap_or(Kind::Absent);
        let value_max = match kind {
            Kind::Absent => return Err(Damaged),
            Kind::String => INLINE_BYTES_MAX,
            _ if is_long => return Err(Damaged),
            _ => CONTAINER_BYTES_MAX,
        };
        let is_sane = version <= version_max
            && key_len <= STRING_BYTES_MAX
            && (is_long || frame.value_crc == 0)
            && (is_long || frame.value_len <= value_max)
            && (!meta.has(TREES) || kind.roots() > 0 && frame.flags & ZSTD == 0)
            && (!meta.has(TREES) || frame.value_len >= kind.roots() * ROOT_BYTES)
            && meta.value_len() == if is_long { 0 } else { frame.value_len }
            && (frame.flags & ZSTD != 0 || frame.stored_len == frame.value_len);
        if !is_sane {
            return Err(Damaged);
        }
        Ok(Stored {
            frame,
            version,
            kind,
            meta,
            expire_at: meta.has(EXPIRES).then(|| UnixMillis(u64_at(record, HEADER_BYTES))),
            client_flags: if meta.has(EXTENDED) { u32_at(record, extended) } else { 0 },
            marks: marks(record, meta),
            key: &record[meta.key_offset()..head_len],
            value: &record[head_len..end],
            bytes: &rest[..FRAME_BYTES + padded],
        })
    }

    /// Whether the key expires or is a place only, or fields of a hash expire: the tree that tells when is its second.
    pub fn expires(&self) -> bool {
        const SECOND_ROOT: std::ops::Range<usize> = ROOT_BYTES..2 * ROOT_BYTES;
        self.expire_at.is_some()
            || self.marks.place
            || self.is_large()
                && self.kind == Kind::Hash
                && self.value.get(SECOND_ROOT).is_some_and(|root| root.iter().any(|byte| *byte != 0))
    }

    /// Whether it is a container in trees.
    pub fn is_large(&self) -> bool {
        self.meta.has(TREES)
    }

    /// Checks the trees of a large container; its frame stands at `at` of `heap`.
    pub fn check_trees(&self, heap: &[u8], at: usize) -> Result<(), Damaged> {
        if self.is_large() { trees::check(self.kind, self.value, heap, at) } else { Ok(()) }
    }

    /// Checks what [`Stored::read`] left unchecked: a long value.
    pub fn check_value(&self) -> Result<(), Damaged> {
        if self.frame.flags & LONG != 0 && crc(self.value) != self.frame.value_crc {
            return Err(Damaged);
        }
        Ok(())
    }

    /// A copy in memory, wholly checked.
    pub fn load(&self) -> Result<OwnedRecord, Damaged> {
        self.check_value()?;
        if self.kind != Kind::String {
            return self.load_container();
        }
        let (long, zstd) = (self.frame.flags & LONG != 0, self.frame.flags & ZSTD != 0);
        let inflated;
        let value = match (long, zstd) {
            (false, false) => NewValue::Bytes(self.value),
            (false, true) => {
                inflated = inflate(self.value, self.frame.value_len)?;
                NewValue::Bytes(&inflated)
            }
            (true, false) => NewValue::Rope(rope::Rope::from_pieces([self.value])),
            (true, true) => NewValue::Rope(inflate_long(self.value, self.frame.value_len)?),
        };
        let raw = self.meta.has(RAW);
        let draft = Draft { value, expire_at: self.expire_at, flags: self.client_flags, raw };
        Ok(OwnedRecord::marked(self.key, draft, self.marks, self.version, self.meta.access()))
    }
}

/// The marks of a record that was checked. A lease ends with the process that gave it: the value counts as stale, so
/// that the next reader gets a new one.
fn marks(record: &[u8], meta: Meta) -> Marks {
    let lease = if meta.has(EXTENDED) { u32_at(record, meta.extended_offset() + 4) } else { 0 };
    Marks {
        stale: lease & (STALE | LEASED) != 0,
        leased: false,
        fetched: meta.has(FETCHED),
        place: meta.has(PLACE),
        cas: meta.has(PINNED).then(|| u64_at(record, meta.cas_offset())),
    }
}

impl Stored<'_> {
    fn load_container(&self) -> Result<OwnedRecord, Damaged> {
        let inflated;
        let value = if self.frame.flags & ZSTD != 0 {
            inflated = inflate(self.value, self.frame.value_len)?;
            &inflated[..]
        } else {
            self.value
        };
        let (expire_at, flags, raw) = (self.expire_at, self.client_flags, self.meta.has(RAW));
        let value = if self.is_large() {
            let value = trees::absolute(self.kind, value, self.bytes.as_ptr().expose_provenance())?;
            // SAFETY: mapped roots own nothing, and their nodes are checked when they are touched.
            NewValue::Trees(self.kind, Box::new(unsafe { NewTrees::from_value(self.kind, &value) }))
        } else {
            Packed::check(value, false)?;
            return Ok(OwnedRecord::new(
                self.key,
                Draft { value: NewValue::Packed(self.kind, value), expire_at, flags, raw },
                self.version,
                self.meta.access(),
            ));
        };
        let draft = Draft { value, expire_at, flags, raw };
        Ok(OwnedRecord::new(self.key, draft, self.version, self.meta.access()))
    }
}

/// The extents of a record that are inside the heap, believed before the checksum is.
struct Measured {
    frame: Frame,
    meta: Meta,
    /// From the record's begin: up to the value, and up to its end.
    head_len: usize,
    end: usize,
    /// Up to here goes the first checksum.
    covered: usize,
}

impl Measured {
    fn of(rest: &[u8]) -> Result<Measured, Damaged> {
        if rest.len() < FRAME_BYTES + HEADER_BYTES {
            return Err(Damaged);
        }
        let stored_word = u32_at(rest, 8);
        let frame = Frame {
            value_crc: u32_at(rest, 4),
            stored_len: (stored_word & STORED_MASK) as usize,
            flags: stored_word & !STORED_MASK,
            value_len: u32_at(rest, 12) as usize,
        };
        let record = &rest[FRAME_BYTES..];
        let meta = Meta(u64_at(record, 8));
        let is_known = meta.traits() & !(EXPIRES | EXTENDED | RAW | FETCHED | PINNED | PLACE | TREES) == 0;
        // The bound also keeps a search for records among garbage from reading far at every step.
        let is_small = frame.stored_len <= CONTAINER_BYTES_MAX || frame.flags & LONG != 0;
        if frame.value_len > STRING_BYTES_MAX || !is_small || !is_known || record.len() < meta.key_offset() {
            return Err(Damaged);
        }
        let key_len = match meta.short_key_len() {
            LONG_KEY if !meta.has(EXTENDED) => return Err(Damaged),
            LONG_KEY => (u32_at(record, meta.extended_offset() + 4) & LONG_KEY_MASK) as usize,
            short => short,
        };
        let head_len = meta.key_offset() + key_len;
        let end = head_len + frame.stored_len;
        if end.next_multiple_of(ALIGN) > record.len() {
            return Err(Damaged);
        }
        let covered = if frame.flags & LONG != 0 { head_len } else { end };
        Ok(Measured { frame, meta, head_len, end, covered })
    }
}

/// Makes the checksums of the record at the begin of `heap` right, for fuzzing what comes behind them.
pub fn reseal(heap: &mut [u8]) {
    let Ok(Measured { frame, head_len, end, covered, .. }) = Measured::of(heap) else { return };
    if frame.flags & LONG != 0 {
        let value_crc = crc(&heap[FRAME_BYTES + head_len..FRAME_BYTES + end]);
        heap[4..8].copy_from_slice(&value_crc.to_le_bytes());
    }
    seal(&mut heap[..FRAME_BYTES + covered]);
}

fn inflate(stored: &[u8], len: usize) -> Result<Vec<u8>, Damaged> {
    DECOMPRESSOR.with_borrow_mut(|decompressor| {
        if decompressor.is_none() {
            *decompressor = Decompressor::new().ok();
        }
        let decompressor = decompressor.as_mut().ok_or(Damaged)?;
        let mut value = Vec::with_capacity(len);
        let found = decompressor.decompress_to_buffer(stored, &mut value).map_err(|_| Damaged)?;
        if found == len { Ok(value) } else { Err(Damaged) }
    })
}

fn inflate_long(stored: &[u8], len: usize) -> Result<rope::Rope, Damaged> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(stored).map_err(|_| Damaged)?;
    decoder.window_log_max(WINDOW_LOG_MAX).map_err(|_| Damaged)?;
    let mut builder = rope::Builder::default();
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut left = len;
    loop {
        let count = decoder.read(&mut chunk).map_err(|_| Damaged)?;
        if count == 0 {
            return if left == 0 { Ok(builder.finish()) } else { Err(Damaged) };
        }
        left = left.checked_sub(count).ok_or(Damaged)?;
        builder.push(&chunk[..count]);
    }
}
