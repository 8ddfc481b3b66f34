//! Allocation and release of records.

use std::alloc::{Layout, alloc, handle_alloc_error};
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::sync::atomic::AtomicU64;

use super::header::{
    ALIGN, EXPIRES, EXTENDED, FETCHED, HEADER_BYTES, Header, LEASED, LONG_KEY, Meta, PINNED, PLACE, RAW,
    ROPE, STALE, TREES, VERSION_BITS,
};
use super::{Draft, Kind, Marks, NewTrees, NewValue, Record, Rope, Str, spare};
use crate::limits::INLINE_BYTES_MAX;
use crate::tree::{ROOT_BYTES, RootSet};

/// A record that nobody else sees yet, or no longer.
pub struct OwnedRecord {
    header: NonNull<Header>,
    /// Trees that are another record's by now.
    taken: RootSet,
}

// SAFETY: a record is plain memory; ownership of it may move between threads.
unsafe impl Send for OwnedRecord {}

impl OwnedRecord {
    /// Lays out a record. `version` has 56 bits, `access` 24.
    #[inline]
    pub fn new(key: &[u8], draft: Draft<'_>, version: u64, access: u32) -> OwnedRecord {
        Self::marked(key, draft, Marks::default(), version, access)
    }

    /// Lays out a record with marks.
    #[inline]
    pub fn marked(key: &[u8], draft: Draft<'_>, marks: Marks, version: u64, access: u32) -> OwnedRecord {
        let Draft { value, expire_at, flags, raw } = draft;
        let (kind, value) = Laid::of(value);
        let (trait_, value_len) = match &value {
            Laid::Bytes(bytes) => (0, bytes.len()),
            Laid::Pieces(pieces) => (0, pieces.iter().map(|piece| piece.len()).sum()),
            Laid::Rope(_) => (ROPE, 0),
            Laid::Trees(trees) => (TREES, trees.roots.len() * ROOT_BYTES + trees.meta.len()),
        };
        let lease = if marks.leased { LEASED } else { 0 } | if marks.stale { STALE } else { 0 };
        let has_fields = flags != 0 || key.len() >= LONG_KEY || lease != 0;
        let traits = trait_
            | if expire_at.is_some() { EXPIRES } else { 0 }
            | if has_fields { EXTENDED } else { 0 }
            | if raw { RAW } else { 0 }
            | if marks.fetched { FETCHED } else { 0 }
            | if marks.place { PLACE } else { 0 }
            | if marks.cas.is_some() { PINNED } else { 0 };
        let meta = Meta::new(access, value_len, key.len(), traits);
        let record = Self::allocate(meta.key_offset() + key.len() + value_len);
        let mut out = Writer { at: record.as_ptr().cast() };
        // SAFETY: `allocate` made room for exactly the fields that `meta` names, key and value, written in this order.
        unsafe {
            record.write(Header {
                version_kind: version << (64 - VERSION_BITS) | kind as u64,
                meta: AtomicU64::new(meta.0),
            });
            out.at = out.at.add(HEADER_BYTES);
            if let Some(at) = expire_at {
                out.put(&at.0.to_le_bytes());
            }
            if has_fields {
                out.put(&flags.to_le_bytes());
                out.put(&(key.len() as u32 | lease).to_le_bytes());
            }
            if let Some(cas) = marks.cas {
                out.put(&cas.to_le_bytes());
            }
            match value {
                Laid::Bytes(bytes) => {
                    out.put(key);
                    out.put(bytes);
                }
                Laid::Pieces(pieces) => {
                    out.put(key);
                    pieces.iter().for_each(|piece| out.put(piece));
                }
                Laid::Rope(rope) => {
                    let pointer = Box::into_raw(Box::new(rope));
                    out.put(&pointer.expose_provenance().to_ne_bytes());
                    out.put(key);
                }
                Laid::Trees(trees) => {
                    out.put(key);
                    let NewTrees { roots, meta, .. } = *trees;
                    for tree in roots {
                        tree.into_parts().iter().for_each(|word| out.put(&word.to_le_bytes()));
                    }
                    out.put(&meta);
                }
            }
        }
        OwnedRecord { header: record, taken: RootSet::default() }
    }

    /// A place for a key that does not exist: holds a latch, and is seen as absent.
    pub fn absent(key: &[u8]) -> OwnedRecord {
        let record = Self::new(key, Draft::string(b""), 0, 0);
        // SAFETY: the record is ours alone.
        unsafe { (*record.header.as_ptr()).version_kind = Kind::Absent as u64 };
        record
    }

    /// A copy of a record's bytes from a checked snapshot, where it holds no rope.
    ///
    /// # Panics
    /// If `bytes` are shorter than the record they begin with.
    pub fn from_bytes(bytes: &[u8]) -> OwnedRecord {
        let record = Self::allocate(bytes.len());
        // SAFETY: `allocate` made room for `bytes.len()` bytes.
        unsafe { Writer { at: record.as_ptr().cast() }.put(bytes) };
        let owned = OwnedRecord { header: record, taken: RootSet::default() };
        assert!(owned.as_record().record_bytes() <= bytes.len().next_multiple_of(ALIGN));
        owned
    }

    /// Sixteen-byte aligned room for `bytes` bytes, padded with zeroes.
    #[inline]
    fn allocate(bytes: usize) -> NonNull<Header> {
        let layout = layout(bytes);
        let Some(record) = spare::take(layout).or_else(|| {
            // SAFETY: the layout's size is at least a header's.
            NonNull::new(unsafe { alloc(layout) })
        }) else {
            handle_alloc_error(layout)
        };
        // The padding reaches snapshots, so it must not carry old memory.
        // SAFETY: the last ALIGN bytes are inside the allocation.
        unsafe { record.add(layout.size() - ALIGN).write_bytes(0, ALIGN) };
        record.cast()
    }

    #[inline]
    pub fn as_record(&self) -> Record<'_> {
        // SAFETY: the record lives as long as `self`.
        unsafe { Record::from_raw(self.header) }
    }

    /// Gives the record away; [`OwnedRecord::from_raw`] takes it back.
    #[inline]
    pub fn into_raw(self) -> NonNull<Header> {
        ManuallyDrop::new(self).header
    }

    /// Takes back what [`OwnedRecord::into_raw`] gave away.
    ///
    /// # Safety
    /// `header` came from `into_raw`, is taken back once, and nobody looks at it any more.
    pub unsafe fn from_raw(header: NonNull<Header>) -> OwnedRecord {
        OwnedRecord { header, taken: RootSet::default() }
    }

    /// The same for a record some of whose trees another has taken over.
    ///
    /// # Safety
    /// As for [`OwnedRecord::from_raw`].
    pub(crate) unsafe fn without(header: NonNull<Header>, taken: RootSet) -> OwnedRecord {
        OwnedRecord { header, taken }
    }
}

impl Drop for OwnedRecord {
    #[inline]
    fn drop(&mut self) {
        let record = self.as_record();
        let layout = layout(record.record_bytes());
        if let Some(rope) = record.rope() {
            // SAFETY: the record owns its boxed rope, and dies here.
            drop(unsafe { Box::from_raw(std::ptr::from_ref(rope).cast_mut()) });
        }
        if let Some(trees) = record.trees() {
            // SAFETY: the record owns its trees, and dies here.
            unsafe { trees.release(self.taken) };
        }
        // SAFETY: `allocate` made it with the layout of the same length.
        unsafe { spare::keep(self.header.cast(), layout) };
    }
}

#[inline]
fn layout(bytes: usize) -> Layout {
    Layout::from_size_align(bytes.max(HEADER_BYTES).next_multiple_of(ALIGN), ALIGN)
        .expect("record lengths are far below isize::MAX")
}

/// A value as it goes into a record.
enum Laid<'a> {
    Bytes(&'a [u8]),
    Pieces(&'a [&'a [u8]]),
    Rope(Rope),
    Trees(Box<NewTrees>),
}

impl<'a> Laid<'a> {
    #[inline]
    fn of(value: NewValue<'a>) -> (Kind, Laid<'a>) {
        let is_long = value.len() > INLINE_BYTES_MAX;
        let laid = match value {
            NewValue::Trees(kind, trees) => {
                debug_assert_eq!(trees.roots.len(), kind.roots());
                return (kind, Laid::Trees(trees));
            }
            NewValue::Packed(kind, bytes) => return (kind, Laid::Bytes(bytes)),
            NewValue::Same(record) => {
                let kind = record.kind();
                return match record.trees() {
                    Some(trees) => (kind, Laid::Trees(Box::new(trees.share()))),
                    None if kind == Kind::String => Self::of(NewValue::Str(record.value())),
                    None => (kind, Laid::Bytes(record.value().as_slice().unwrap_or_default())),
                };
            }
            NewValue::Rope(rope) => Laid::Rope(rope),
            NewValue::Str(Str::Rope(rope)) => Laid::Rope(rope.clone()),
            NewValue::Bytes(bytes) | NewValue::Str(Str::Inline(bytes)) if is_long => {
                Laid::Rope(Rope::from_pieces([bytes]))
            }
            NewValue::Pieces(pieces) if is_long => Laid::Rope(Rope::from_pieces(pieces.iter().copied())),
            NewValue::Bytes(bytes) | NewValue::Str(Str::Inline(bytes)) => Laid::Bytes(bytes),
            NewValue::Pieces(pieces) => Laid::Pieces(pieces),
        };
        (Kind::String, laid)
    }
}

/// Writes consecutive bytes.
struct Writer {
    at: *mut u8,
}

impl Writer {
    /// # Safety
    /// The allocation that `at` points into has room for `bytes`.
    #[inline]
    unsafe fn put(&mut self, bytes: &[u8]) {
        // SAFETY: the caller's promise.
        unsafe {
            self.at.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            self.at = self.at.add(bytes.len());
        }
    }
}
