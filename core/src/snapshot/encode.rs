//! From a record in memory to a record in the file.

use std::io::{self, Write};

use zstd::bulk::Compressor;

use super::frame::{FRAME_BYTES, Frame, LONG, ZSTD, digest, seal};
use super::stream::Stream;
use super::writer::SectionWriter;
use crate::index::Word;
use crate::limits::INLINE_BYTES_MAX;
use crate::record::header::{ALIGN, HEADER_BYTES, Meta, ROPE, TRAITS_SHIFT};
use crate::record::{Parts, Record, Rope};

/// zstd's fastest ordinary level.
const LEVEL: i32 = 1;
/// Compression must save one part in this many, or the value stays as it is.
const SAVES_ONE_IN: usize = 8;

/// Writes records; keeps what compression needs.
pub struct Encoder {
    compress_min: usize,
    compressor: Option<Compressor<'static>>,
    scratch: Vec<u8>,
}

/// A value too long to be copied while pinned: its rope is shared and written afterwards.
pub struct Long {
    pub word: Word,
    /// Header, fields and key as they will stand in the file.
    head: Vec<u8>,
    rope: Rope,
}

impl Encoder {
    /// Compresses values of at least `compress_min` bytes; zero: none.
    pub fn new(compress_min: usize) -> Encoder {
        let compress_min = if compress_min == 0 { usize::MAX } else { compress_min };
        let compressor = if compress_min == usize::MAX { None } else { Compressor::new(LEVEL).ok() };
        Encoder { compress_min, compressor, scratch: Vec::new() }
    }

    /// Writes a record and returns its slot word, or what is needed to write it later.
    pub fn put(&mut self, out: &mut SectionWriter<'_>, word: Word, record: Record<'_>) -> Result<u64, Long> {
        let parts = record.parts();
        let place = out.place(word);
        match parts.rope {
            None => self.put_inline(out.heap.buffer(), &parts),
            Some(rope) if rope.len() <= INLINE_BYTES_MAX => {
                let value: Vec<u8> = rope.range(0, usize::MAX).flatten().copied().collect();
                let key = parts.key_and_value;
                self.put_value(out.heap.buffer(), &parts, rope.len(), key, &value);
            }
            Some(rope) => {
                let mut head =
                    Vec::with_capacity(HEADER_BYTES + parts.fields.len() + parts.key_and_value.len());
                put_header(&mut head, &parts, 0);
                head.extend_from_slice(parts.key_and_value);
                return Err(Long { word, head, rope: rope.clone() });
            }
        }
        Ok(place)
    }

    fn put_inline(&mut self, out: &mut Vec<u8>, parts: &Parts<'_>) {
        let value_len = parts.meta.value_len();
        if value_len < self.compress_min {
            // The common case: the record goes over as it stands.
            let start = out.len();
            out.extend_from_slice(&frame_bytes(value_len, value_len, 0));
            put_header(out, parts, value_len);
            out.extend_from_slice(parts.key_and_value);
            finish(out, start);
            return;
        }
        let (key, value) = parts.key_and_value.split_at(parts.key_and_value.len() - value_len);
        self.put_value(out, parts, value_len, key, value);
    }

    fn put_value(&mut self, out: &mut Vec<u8>, parts: &Parts<'_>, len: usize, key: &[u8], value: &[u8]) {
        let compressed = if len >= self.compress_min { self.compress(value) } else { None };
        let (stored, flags) = compressed.map_or((value, 0), |compressed| (compressed, ZSTD));
        let start = out.len();
        out.extend_from_slice(&frame_bytes(stored.len(), len, flags));
        put_header(out, parts, len);
        out.extend_from_slice(key);
        out.extend_from_slice(stored);
        finish(out, start);
    }

    /// The value compressed, where that saves enough.
    fn compress(&mut self, value: &[u8]) -> Option<&[u8]> {
        let compressor = self.compressor.as_mut()?;
        let enough = value.len() - value.len() / SAVES_ONE_IN;
        // Too little room is how the compressor learns to give up.
        self.scratch.clear();
        self.scratch.reserve(enough);
        let mut room = &mut self.scratch;
        let len = compressor.compress_to_buffer(value, &mut room).ok()?;
        (len < enough).then(|| &self.scratch[..len])
    }

    /// Writes a record with a long value, and returns its slot word.
    pub fn put_long(&mut self, out: &mut SectionWriter<'_>, long: &Long) -> io::Result<u64> {
        let place = out.place(long.word);
        let heap = &mut out.heap;
        let start = heap.offset();
        heap.write_all(&[0; FRAME_BYTES])?;
        heap.write_all(&long.head)?;
        let value_start = heap.offset();
        let len = long.rope.len();
        let mut written = None;
        // The first chunk tells whether the rest is worth the time.
        let sample = long.rope.range(0, usize::MAX).next().unwrap_or_default();
        if len >= self.compress_min && self.compress(sample).is_some() {
            let found = write_compressed(heap, &long.rope)?;
            if found.1 < len - len / SAVES_ONE_IN {
                written = Some((found.0, found.1, ZSTD));
            } else {
                heap.rewind(value_start);
            }
        }
        let (value_crc, stored_len, zstd) = match written {
            Some(written) => written,
            None => {
                let mut digest = digest();
                for piece in long.rope.range(0, usize::MAX) {
                    digest.update(piece);
                    heap.write_all(piece)?;
                }
                (digest.finalize() as u32, len, 0)
            }
        };
        heap.pad(ALIGN as u64);
        let frame = Frame { value_crc, stored_len, flags: LONG | zstd, value_len: len };
        heap.patch(start, &frame.encode(&[&long.head]))?;
        Ok(place)
    }
}

/// A frame whose checksum is not made yet.
pub fn frame_bytes(stored_len: usize, value_len: usize, flags: u32) -> [u8; FRAME_BYTES] {
    let mut bytes = [0; FRAME_BYTES];
    bytes[8..12].copy_from_slice(&(stored_len as u32 | flags).to_le_bytes());
    bytes[12..].copy_from_slice(&(value_len as u32).to_le_bytes());
    bytes
}

/// The record's header and fields as the file has them: without a rope.
pub fn put_header(out: &mut Vec<u8>, parts: &Parts<'_>, value_len: usize) {
    let meta = parts.meta;
    let traits = meta.traits() & !ROPE;
    let meta = Meta::new(meta.access(), value_len, meta.short_key_len(), traits);
    debug_assert_eq!(meta.0 >> TRAITS_SHIFT, traits);
    out.extend_from_slice(&parts.version_kind.to_le_bytes());
    out.extend_from_slice(&meta.0.to_le_bytes());
    out.extend_from_slice(parts.fields);
}

/// Seals the frame at `start` and pads.
pub fn finish(out: &mut Vec<u8>, start: usize) {
    seal(&mut out[start..]);
    let padded = start + (out.len() - start).next_multiple_of(ALIGN);
    out.resize(padded, 0);
}

/// Compresses a rope into the heap; checksum and length of what was written.
fn write_compressed(heap: &mut Stream<'_>, rope: &Rope) -> io::Result<(u32, usize)> {
    let mut encoder = zstd::stream::write::Encoder::new(Checked { heap, digest: digest(), len: 0 }, LEVEL)?;
    encoder.set_pledged_src_size(Some(rope.len() as u64))?;
    for piece in rope.range(0, usize::MAX) {
        encoder.write_all(piece)?;
    }
    let checked = encoder.finish()?;
    Ok((checked.digest.finalize() as u32, checked.len))
}

/// Counts and checks what goes to the heap.
struct Checked<'h, 'f> {
    heap: &'h mut Stream<'f>,
    digest: crc_fast::Digest,
    len: usize,
}

impl Write for Checked<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.heap.write(bytes)?;
        self.digest.update(&bytes[..count]);
        self.len += count;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
