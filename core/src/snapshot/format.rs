//! The layout of a snapshot file around its records: header, sections, trailer.
//!
//! # Format
//!
//! ```text
//! header            HEADER_BYTES
//! per database that has keys, in ascending order:
//!   bucket array    chains * 64 bytes, and room (a hole) up to the next power of two for the table to grow into
//!   overflow        overflow buckets, chain after chain, behind them a hole
//!   sums            SUM_BYTES for each page of 64 chains (see `table.rs`)
//!   heap            records (see `frame.rs`), in the order of the chains
//! libraries         of functions, if there are any: a payload of FUNCTION DUMP
//! trailer           TRAILER_BYTES
//! ```
//!
//! Buckets and slot words are laid out as in memory (`index/bucket.rs`, `index/slot.rs`): slots hold file offsets with
//! MAPPED, links hold file offsets with LINK_MAPPED; a chain whose keys were lost in an earlier file has LOSSY in its
//! first link. Holes may hold anything.
//!
//! Opening a file checks header, sums and trailer. A page of the table is checked when one of its chains is looked at for
//! the first time, a record when it is touched for the first time: opening takes no longer for more keys.
//!
//! ```text
//! header: offset  size  field
//!              0     8  "PCSNAP01"
//!              8     4  format version, 2 (1 had one checksum for a whole table; it was in no release)
//!             12     4  flags, 0
//!             16     8  creation time, Unix milliseconds
//!             24     8  log position of the cut
//!             32     8  no record has a version above this
//!             40     8  length of the file
//!             48     4  number of sections
//!             56     8  seed of the hashes of elements
//!             64  +128  sections
//!           2112     8  bytes of libraries, which end where the trailer begins
//!           2120     4  CRC of these
//!           4092     4  CRC-32/ISCSI of all before
//!
//! section: offset  size  field
//!               0     4  database
//!               8     8  seed of the hashes
//!              16     8  chains
//!              24     8  offset of the bucket array
//!              32     8  offset of the overflow buckets
//!              40     8  number of overflow buckets
//!              48     8  offset of the heap
//!              56     8  end of the heap
//!              64     8  keys
//!              72     8  keys with an expiry
//!              80     4  CRC of the sums
//!              88     8  records, and chains, that were damaged in the file this one was made from
//!              96     8  offset of the sums
//!
//! trailer: offset  size  field
//!               0     8  "PCSNAPEN"
//!               8     8  length of the file
//!              16     8  keys of all databases
//!              24     4  CRC that stands in the header
//!              28     4  CRC of all before
//! ```
//!
//! All integers little-endian. What is not named is zero.

use std::fs::File;
use std::os::unix::fs::FileExt;

use super::error::Problem;
use crate::clock::UnixMillis;
use crate::index::pages::PAGE_CHAINS;
use crate::index::table::FIRST;
use crate::limits::DATABASES;
use crate::log::Lsn;

pub const HEADER_BYTES: u64 = 4096;
pub const TRAILER_BYTES: u64 = 32;
/// Parts of the file begin at multiples of this.
pub const AREA_ALIGN: u64 = 4096;
/// Bytes of a bucket.
pub const BUCKET_BYTES: u64 = 64;
/// Bytes that sum up a page of a table.
pub const SUM_BYTES: u64 = 16;

const MAGIC: &[u8; 8] = b"PCSNAP01";
const END_MAGIC: &[u8; 8] = b"PCSNAPEN";
const VERSION: u32 = 2;
const SECTIONS_AT: usize = 64;
const SECTION_BYTES: usize = 128;
const LIBRARIES_AT: usize = SECTIONS_AT + DATABASES * SECTION_BYTES;
const CRC_AT: usize = HEADER_BYTES as usize - 4;

const _: () = assert!(LIBRARIES_AT == 2112 && LIBRARIES_AT + 16 <= CRC_AT);

/// CRC-32/ISCSI, also known as CRC32C.
pub fn crc(bytes: &[u8]) -> u32 {
    crc_fast::crc32_iscsi(bytes)
}

/// Whether these bytes begin a snapshot file, whole or not.
pub fn is_snapshot(start: &[u8]) -> bool {
    start.starts_with(MAGIC)
}

/// The header of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub created: UnixMillis,
    /// Everything below this position of the log is in the snapshot.
    pub lsn: Lsn,
    /// No record has a version above this.
    pub version_max: u64,
    pub file_bytes: u64,
    /// Decides the order of elements in large sets and hashes.
    pub element_seed: u64,
    pub sections: Vec<Section>,
    /// Length and CRC of the libraries of functions.
    pub libraries: (u64, u32),
}

/// One database of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Section {
    pub db: u8,
    pub seed: u64,
    pub chains: u64,
    pub table_offset: u64,
    pub overflow_offset: u64,
    pub overflow_buckets: u64,
    pub heap_offset: u64,
    pub heap_end: u64,
    pub keys: u64,
    pub expires: u64,
    pub sums_offset: u64,
    pub sums_crc: u32,
    pub damaged: u64,
}

impl Section {
    /// Bytes of the bucket array in use.
    pub fn table_bytes(&self) -> u64 {
        self.chains * BUCKET_BYTES
    }

    /// Bytes of the overflow buckets.
    pub fn overflow_bytes(&self) -> u64 {
        self.overflow_buckets * BUCKET_BYTES
    }

    /// The end of the overflow buckets in use.
    pub fn overflow_end(&self) -> u64 {
        self.overflow_offset + self.overflow_bytes()
    }

    /// Pages of the table.
    pub fn pages(&self) -> u64 {
        self.chains.div_ceil(PAGE_CHAINS)
    }

    /// The end of what sums up the pages.
    pub fn sums_end(&self) -> u64 {
        self.sums_offset + self.pages() * SUM_BYTES
    }

    fn encode(&self, out: &mut [u8]) {
        let words = [
            (0, u64::from(self.db)),
            (8, self.seed),
            (16, self.chains),
            (24, self.table_offset),
            (32, self.overflow_offset),
            (40, self.overflow_buckets),
            (48, self.heap_offset),
            (56, self.heap_end),
            (64, self.keys),
            (72, self.expires),
            (80, u64::from(self.sums_crc)),
            (88, self.damaged),
            (96, self.sums_offset),
        ];
        for (at, word) in words {
            out[at..at + 8].copy_from_slice(&word.to_le_bytes());
        }
    }

    /// A section whose areas follow each other from `start` on and lie inside `file_bytes`.
    fn decode(bytes: &[u8], start: u64, file_bytes: u64) -> Option<Section> {
        let word = |at| u64_at(bytes, at);
        let section = Section {
            db: u8::try_from(word(0)).ok().filter(|&db| usize::from(db) < DATABASES)?,
            seed: word(8),
            chains: word(16),
            table_offset: word(24),
            overflow_offset: word(32),
            overflow_buckets: word(40),
            heap_offset: word(48),
            heap_end: word(56),
            keys: word(64),
            expires: word(72),
            sums_crc: u32_at(bytes, 80),
            damaged: word(88),
            sums_offset: word(96),
        };
        let slots = (section.chains.checked_add(section.overflow_buckets)?)
            .checked_mul(crate::index::bucket::SLOTS as u64)?;
        let fits = section.chains >= FIRST
            && section.chains <= file_bytes / BUCKET_BYTES
            && section.overflow_buckets <= file_bytes / BUCKET_BYTES
            && section.table_offset >= start
            && section.table_offset.is_multiple_of(AREA_ALIGN)
            && section.overflow_offset.is_multiple_of(BUCKET_BYTES)
            && section.overflow_offset <= file_bytes
            && section.table_offset <= file_bytes
            && section.table_offset + room_bytes(section.chains) <= section.overflow_offset
            && section.heap_offset.is_multiple_of(BUCKET_BYTES)
            && section.overflow_end() <= section.sums_offset
            && section.sums_offset <= file_bytes
            && section.sums_end() <= section.heap_offset
            && section.heap_offset <= section.heap_end
            && section.heap_end <= file_bytes - TRAILER_BYTES
            && section.keys <= slots
            && section.expires <= section.keys;
        fits.then_some(section)
    }
}

/// Room of a bucket array: a power of two of buckets, so that the table's segments lie in it one after the other.
pub fn room_bytes(chains: u64) -> u64 {
    chains.next_power_of_two() * BUCKET_BYTES
}

impl Header {
    /// Keys of all databases.
    pub fn keys(&self) -> u64 {
        self.sections.iter().map(|section| section.keys).sum()
    }

    /// The header's bytes and the trailer's.
    pub fn encode(&self) -> (Vec<u8>, Vec<u8>) {
        let mut bytes = vec![0; HEADER_BYTES as usize];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        let words = [
            (16, self.created.0),
            (24, self.lsn.0),
            (32, self.version_max),
            (40, self.file_bytes),
            (56, self.element_seed),
            (LIBRARIES_AT, self.libraries.0),
            (LIBRARIES_AT + 8, u64::from(self.libraries.1)),
        ];
        for (at, word) in words {
            bytes[at..at + 8].copy_from_slice(&word.to_le_bytes());
        }
        bytes[48..52].copy_from_slice(&(self.sections.len() as u32).to_le_bytes());
        for (section, out) in self.sections.iter().zip(bytes[SECTIONS_AT..].chunks_mut(SECTION_BYTES)) {
            section.encode(out);
        }
        let header_crc = crc(&bytes[..CRC_AT]);
        bytes[CRC_AT..].copy_from_slice(&header_crc.to_le_bytes());
        (bytes, self.trailer(header_crc))
    }

    fn trailer(&self, header_crc: u32) -> Vec<u8> {
        let mut bytes = END_MAGIC.to_vec();
        bytes.extend_from_slice(&self.file_bytes.to_le_bytes());
        bytes.extend_from_slice(&self.keys().to_le_bytes());
        bytes.extend_from_slice(&header_crc.to_le_bytes());
        bytes.extend_from_slice(&crc(&bytes).to_le_bytes());
        bytes
    }

    /// Reads a header from the beginning of a file of `found` bytes.
    pub fn decode(start: &[u8], found: u64) -> Result<Header, Problem> {
        if !is_snapshot(start) {
            return Err(Problem::NotASnapshot);
        }
        let Some(bytes) = start.get(..HEADER_BYTES as usize) else {
            return Err(Problem::Length { expected: HEADER_BYTES + TRAILER_BYTES, found });
        };
        if crc(&bytes[..CRC_AT]) != u32_at(bytes, CRC_AT) {
            return Err(Problem::Header);
        }
        let (version, flags) = (u32_at(bytes, 8), u32_at(bytes, 12));
        if version != VERSION || flags != 0 {
            return Err(Problem::OtherFormat(version));
        }
        let file_bytes = u64_at(bytes, 40);
        if file_bytes != found || found < HEADER_BYTES + TRAILER_BYTES {
            return Err(Problem::Length { expected: file_bytes, found });
        }
        let count = u32_at(bytes, 48) as usize;
        if count > DATABASES {
            return Err(Problem::Header);
        }
        let mut sections: Vec<Section> = Vec::with_capacity(count);
        for bytes in bytes[SECTIONS_AT..].chunks(SECTION_BYTES).take(count) {
            let previous = sections.last();
            let start = previous.map_or(HEADER_BYTES, |previous| previous.heap_end);
            let section = Section::decode(bytes, start, file_bytes).ok_or(Problem::Header)?;
            if previous.is_some_and(|previous| previous.db >= section.db) {
                return Err(Problem::Header);
            }
            sections.push(section);
        }
        let version_max = u64_at(bytes, 32);
        if version_max >> crate::record::header::VERSION_BITS != 0 {
            return Err(Problem::Header);
        }
        let libraries = (u64_at(bytes, LIBRARIES_AT), u32_at(bytes, LIBRARIES_AT + 8));
        let sections_end = sections.last().map_or(HEADER_BYTES, |section| section.heap_end);
        if libraries.0 > file_bytes.saturating_sub(TRAILER_BYTES).saturating_sub(sections_end) {
            return Err(Problem::Header);
        }
        let created = UnixMillis(u64_at(bytes, 16));
        let (lsn, element_seed) = (Lsn(u64_at(bytes, 24)), u64_at(bytes, 56));
        Ok(Header { created, lsn, version_max, file_bytes, element_seed, sections, libraries })
    }

    /// `file` with length, checksums and trailer made right, for fuzzing what comes behind them.
    pub(super) fn resealed(file: &[u8]) -> Result<Vec<u8>, Problem> {
        let found = file.len() as u64;
        if found < HEADER_BYTES + TRAILER_BYTES {
            return Err(Problem::Length { expected: HEADER_BYTES + TRAILER_BYTES, found });
        }
        let mut file = file.to_vec();
        file[..8].copy_from_slice(MAGIC);
        file[8..12].copy_from_slice(&VERSION.to_le_bytes());
        file[40..48].copy_from_slice(&found.to_le_bytes());
        let seal = |file: &mut [u8]| {
            let sum = crc(&file[..CRC_AT]);
            file[CRC_AT..CRC_AT + 4].copy_from_slice(&sum.to_le_bytes());
        };
        seal(&mut file);
        let header = Header::decode(&file, found)?;
        for (number, section) in header.sections.iter().enumerate() {
            let sums_crc = super::table::reseal(&mut file, section);
            let at = SECTIONS_AT + number * SECTION_BYTES;
            file[at + 80..at + 84].copy_from_slice(&sums_crc.to_le_bytes());
        }
        seal(&mut file);
        let trailer = Header::decode(&file, found)?.encode().1;
        let end = file.len() - trailer.len();
        file[end..].copy_from_slice(&trailer);
        Ok(file)
    }

    /// The libraries in the file that begins with this header.
    pub fn read_libraries(&self, file: &File) -> Result<Vec<u8>, Problem> {
        let (len, sum) = self.libraries;
        // The header was checked: they are within the file.
        let mut bytes = vec![0; len as usize];
        let at = self.file_bytes - TRAILER_BYTES - len;
        let is_good = file.read_exact_at(&mut bytes, at).is_ok() && (len == 0 || crc(&bytes) == sum);
        if is_good { Ok(bytes) } else { Err(Problem::Trailer) }
    }

    /// Checks the last bytes of the file that begins with this header.
    pub fn check_trailer(&self, end: &[u8]) -> Result<(), Problem> {
        if end == self.encode().1 { Ok(()) } else { Err(Problem::Trailer) }
    }
}

#[inline]
pub fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

#[inline]
pub fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_come_back() {
        let section = Section {
            db: 3,
            seed: 4,
            chains: 17,
            table_offset: 4096,
            overflow_offset: 4096 + 32 * 64,
            overflow_buckets: 2,
            sums_offset: 4096 + 34 * 64,
            heap_offset: 8192,
            heap_end: 8192 + 160,
            keys: 9,
            expires: 2,
            sums_crc: 5,
            damaged: 1,
        };
        let header = Header {
            created: UnixMillis(1),
            lsn: Lsn(2),
            version_max: 3,
            file_bytes: 8192 + 192,
            element_seed: 11,
            sections: vec![section],
            libraries: (0, 0),
        };
        let (bytes, trailer) = header.encode();
        assert_eq!(trailer.len() as u64, TRAILER_BYTES);
        let decoded = Header::decode(&bytes, header.file_bytes).unwrap();
        assert_eq!(decoded, header);
        decoded.check_trailer(&trailer).unwrap();
        for byte in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[byte] ^= 0x10;
            assert!(Header::decode(&damaged, header.file_bytes).is_err(), "byte {byte}");
        }
    }

    #[test]
    fn other_versions_are_refused_by_name() {
        let header = Header {
            created: UnixMillis(1),
            lsn: Lsn(2),
            version_max: 3,
            file_bytes: HEADER_BYTES + TRAILER_BYTES,
            element_seed: 4,
            sections: Vec::new(),
            libraries: (0, 0),
        };
        for version in [1, VERSION + 1] {
            let mut bytes = header.encode().0;
            bytes[8..12].copy_from_slice(&version.to_le_bytes());
            let sum = crc(&bytes[..CRC_AT]);
            bytes[CRC_AT..].copy_from_slice(&sum.to_le_bytes());
            assert_eq!(Header::decode(&bytes, header.file_bytes), Err(Problem::OtherFormat(version)));
        }
    }
}
