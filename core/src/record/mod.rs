//! Records: what an index slot points to. Immutable once published, but for the access bits.

mod body;
mod draft;
pub mod header;
mod marks;
mod owned;
pub mod rope;
mod spare;
pub mod string;

pub use body::{Body, Trees};
pub use draft::{Draft, Effect, NewTrees, NewValue, TreesMeta};
pub use marks::Marks;
pub use owned::OwnedRecord;
pub use rope::Rope;
pub use string::{Str, Written};

use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::atomic::Ordering;

use crate::clock::UnixMillis;
use crate::command::Failure;
use crate::memory::size_class;
use header::{
    EXPIRES, EXTENDED, FETCHED, Header, LEASED, LONG_KEY, LONG_KEY_MASK, Meta, PINNED, PLACE, RAW, ROPE,
    STALE, TREES,
};

/// The type of a value, as TYPE names it. The numbers are stored in records and snapshots: append only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A place held by a writer for a key that does not exist (yet).
    Absent = 0,
    String = 1,
    List = 2,
    Set = 3,
    SortedSet = 4,
    Hash = 5,
    Stream = 6,
}

impl Kind {
    const ALL: [Kind; 7] =
        [Kind::Absent, Kind::String, Kind::List, Kind::Set, Kind::SortedSet, Kind::Hash, Kind::Stream];

    /// The name that TYPE replies.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Absent => "none",
            Kind::String => "string",
            Kind::List => "list",
            Kind::Set => "set",
            Kind::SortedSet => "zset",
            Kind::Hash => "hash",
            Kind::Stream => "stream",
        }
    }

    /// Trees that a large value of this kind consists of.
    pub const fn roots(self) -> usize {
        match self {
            Kind::Absent | Kind::String => 0,
            Kind::List | Kind::Set => 1,
            Kind::SortedSet | Kind::Hash => 2,
            Kind::Stream => 4,
        }
    }

    /// The kind with this number.
    #[inline]
    pub fn from_number(number: u8) -> Option<Kind> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

/// A borrowed record, valid for `'a`: while the epoch is pinned, or while its owner lives.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    header: NonNull<Header>,
    _pinned: PhantomData<&'a Header>,
}

impl<'a> Record<'a> {
    /// A view of the record at `header`.
    ///
    /// # Safety
    /// `header` points to a whole record laid out as `header.rs` says (made by [`OwnedRecord`], or checked by the
    /// snapshot reader) that stays allocated and unchanged, but for its access bits, for `'a`.
    #[inline]
    pub unsafe fn from_raw(header: NonNull<Header>) -> Record<'a> {
        Record { header, _pinned: PhantomData }
    }

    /// Where the record lies.
    #[inline]
    pub fn as_ptr(self) -> NonNull<Header> {
        self.header
    }

    #[inline]
    fn header(self) -> &'a Header {
        // SAFETY: `from_raw`'s caller promised a live record for 'a.
        unsafe { self.header.as_ref() }
    }

    #[inline]
    pub(crate) fn meta(self) -> Meta {
        // ORDERING: the access bits are a hint and the rest never changes after publication.
        Meta(self.header().meta.load(Ordering::Relaxed))
    }

    /// Reads `N` bytes at `offset` of the record.
    #[inline]
    fn field<const N: usize>(self, offset: usize) -> [u8; N] {
        // SAFETY: the callers pass offsets that `Meta` derives from the traits, which the record has room for.
        unsafe { self.header.as_ptr().cast::<u8>().add(offset).cast::<[u8; N]>().read() }
    }

    #[inline]
    fn bytes(self, offset: usize, len: usize) -> &'a [u8] {
        // SAFETY: as for `field`; key and value never change after publication.
        unsafe { std::slice::from_raw_parts(self.header.as_ptr().cast::<u8>().add(offset), len) }
    }

    /// The extended field's second word; the record has the field.
    fn lease_word(self, meta: Meta) -> u32 {
        u32::from_le_bytes(self.field(meta.extended_offset() + 4))
    }

    /// Length of the key in bytes.
    #[inline]
    fn key_len(self, meta: Meta) -> usize {
        match meta.short_key_len() {
            LONG_KEY => (self.lease_word(meta) & LONG_KEY_MASK) as usize,
            short => short,
        }
    }

    #[inline]
    pub fn key(&self) -> &'a [u8] {
        let meta = self.meta();
        self.bytes(meta.key_offset(), self.key_len(meta))
    }

    #[inline]
    pub fn kind(&self) -> Kind {
        Kind::from_number((self.header().version_kind & 0xff) as u8).unwrap_or(Kind::Absent)
    }

    /// Unique per write: WATCH compares it, and memcached's CAS where it has no other number.
    #[inline]
    pub fn version(&self) -> u64 {
        self.header().version_kind >> 8
    }

    #[inline]
    pub fn expire_at(&self) -> Option<UnixMillis> {
        let meta = self.meta();
        meta.has(EXPIRES).then(|| UnixMillis(u64::from_le_bytes(self.field(header::HEADER_BYTES))))
    }

    /// Whether the record's time is over at `now`.
    #[inline]
    pub fn is_expired(&self, now: UnixMillis) -> bool {
        self.expire_at().is_some_and(|at| at <= now)
    }

    /// Whether there is no value yet, only the place of one that somebody makes (see [`crate::lease`]).
    #[inline]
    pub fn is_place(&self) -> bool {
        self.meta().has(PLACE)
    }

    /// Whether [`Record::is_expired`] or [`Record::is_place`] may be true: no other record is ever taken as absent.
    #[inline]
    pub fn may_be_absent(&self) -> bool {
        self.meta().has(EXPIRES | PLACE)
    }

    /// memcached's client flags.
    #[inline]
    pub fn flags(&self) -> u32 {
        let meta = self.meta();
        if meta.has(EXTENDED) { u32::from_le_bytes(self.field(meta.extended_offset())) } else { 0 }
    }

    /// memcached's CAS number: the version, unless a client chose another, or a write left the value alone.
    #[inline]
    pub fn cas(&self) -> u64 {
        let meta = self.meta();
        if meta.has(PINNED) { u64::from_le_bytes(self.field(meta.cas_offset())) } else { self.version() }
    }

    /// What the record carries for memcached's meta commands.
    pub fn marks(&self) -> Marks {
        let meta = self.meta();
        let lease = if meta.has(EXTENDED) { self.lease_word(meta) } else { 0 };
        Marks {
            stale: lease & STALE != 0,
            leased: lease & LEASED != 0,
            fetched: meta.has(FETCHED),
            place: meta.has(PLACE),
            cas: meta.has(PINNED).then(|| self.cas()),
        }
    }

    /// Notes that somebody has read the record.
    #[inline]
    pub fn mark_fetched(&self) {
        let meta = self.meta();
        if !meta.has(FETCHED) {
            // ORDERING: see `meta`; a hint like the access bits, and lost to a racing touch as they may be.
            self.header().meta.store(meta.0 | FETCHED << header::TRAITS_SHIFT, Ordering::Relaxed);
        }
    }

    /// The string value, or WRONGTYPE.
    #[inline]
    pub fn string(&self) -> Result<Str<'a>, Failure> {
        if self.kind() == Kind::String { Ok(self.value()) } else { Err(Failure::WRONG_TYPE) }
    }

    /// The value's bytes, whatever its kind.
    #[inline]
    pub(crate) fn value(&self) -> Str<'a> {
        let meta = self.meta();
        match self.rope() {
            Some(rope) => Str::Rope(rope),
            None => Str::Inline(self.bytes(meta.key_offset() + self.key_len(meta), meta.value_len())),
        }
    }

    #[inline]
    fn rope(&self) -> Option<&'a Rope> {
        let meta = self.meta();
        meta.has(ROPE).then(|| {
            let pointer = usize::from_ne_bytes(self.field(meta.rope_offset()));
            // SAFETY: a record with ROPE owns the boxed rope whose address it carries; it dies with the record.
            unsafe { &*std::ptr::with_exposed_provenance::<Rope>(pointer) }
        })
    }

    /// The record taken apart, for writing it to a file.
    pub(crate) fn parts(&self) -> Parts<'a> {
        let meta = self.meta();
        let fields = meta.rope_offset() - header::HEADER_BYTES;
        let key_and_value = self.key_len(meta) + meta.value_len();
        Parts {
            version_kind: self.header().version_kind,
            meta,
            fields: self.bytes(header::HEADER_BYTES, fields),
            key_and_value: self.bytes(meta.key_offset(), key_and_value),
            rope: self.rope(),
        }
    }

    /// Whether the string was made by a partial write (APPEND, SETRANGE, SETBIT): its encoding is `raw`.
    pub fn is_raw(&self) -> bool {
        self.meta().has(RAW)
    }

    /// Bytes of the record itself, padding included, without what a rope holds.
    #[inline]
    pub fn record_bytes(&self) -> usize {
        let meta = self.meta();
        (meta.key_offset() + self.key_len(meta) + meta.value_len()).next_multiple_of(header::ALIGN)
    }

    /// Bytes of memory that the key and its value hold, as the allocator rounds them.
    #[inline]
    pub fn memory_bytes(&self) -> usize {
        let beside = match self.meta().traits() & (ROPE | TREES) {
            0 => 0,
            ROPE => self.rope().map_or(0, Rope::heap_bytes),
            _ => self.trees().map_or(0, |trees| trees.bytes() as usize),
        };
        size_class(self.record_bytes()) + beside
    }

    /// Whether both are known at a glance to hold as many bytes of memory.
    #[inline]
    pub(crate) fn is_as_large_as(&self, other: Record<'_>) -> bool {
        let beside = (self.meta().traits() | other.meta().traits()) & (ROPE | TREES);
        beside == 0 && self.record_bytes() == other.record_bytes()
    }

    /// Asks the processor to fetch the record's header and its first bytes.
    #[inline]
    pub fn prefetch(self) {
        crate::index::prefetch(self.header.as_ptr().cast::<u8>().cast_const());
    }

    /// The raw access bits; `eviction` knows what they mean.
    #[inline]
    pub fn access(&self) -> u32 {
        self.meta().access()
    }

    /// Replaces the access bits. Racing touches may get lost, which harms nobody: they are a hint.
    #[inline]
    pub fn set_access(&self, access: u32) {
        let meta = self.meta();
        // ORDERING: see `meta`; only the access bits differ from what is stored.
        self.header().meta.store(meta.with_access(access).0, Ordering::Relaxed);
    }
}

/// A record taken apart.
pub(crate) struct Parts<'a> {
    pub version_kind: u64,
    /// One look at it: the access bits may change any time.
    pub meta: Meta,
    /// Between the header and a rope's pointer or the key.
    pub fields: &'a [u8],
    /// The key, and the value where it is not a rope.
    pub key_and_value: &'a [u8],
    pub rope: Option<&'a Rope>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keeps_what_it_was_given(
            key in proptest::collection::vec(any::<u8>(), 0..600),
            value in proptest::collection::vec(any::<u8>(), 0..40_000),
            expire_at in proptest::option::of(any::<u64>()),
            flags: u32,
            raw: bool,
            version in 0u64..1 << 56,
            (stale, leased, fetched, place) in any::<(bool, bool, bool, bool)>(),
            cas in proptest::option::of(any::<u64>()),
        ) {
            let draft = Draft {
                value: NewValue::Pieces(&[&value[..value.len() / 2], &value[value.len() / 2..]]),
                expire_at: expire_at.map(UnixMillis),
                flags,
                raw,
            };
            let marks = Marks { stale, leased, fetched, place, cas };
            let record = OwnedRecord::marked(&key, draft, marks, version, 77);
            let view = record.as_record();
            view.set_access(0xabcdef);
            prop_assert_eq!(view.marks(), marks);
            view.mark_fetched();
            prop_assert_eq!(view.marks(), Marks { fetched: true, ..marks });
            prop_assert_eq!(view.cas(), marks.cas.unwrap_or(version));
            prop_assert_eq!(view.key(), &key[..]);
            prop_assert_eq!(view.string().unwrap().to_vec(), value);
            prop_assert_eq!(view.expire_at(), expire_at.map(UnixMillis));
            prop_assert_eq!(view.flags(), flags);
            prop_assert_eq!(view.is_raw(), raw);
            prop_assert_eq!(view.version(), version);
            prop_assert_eq!(view.access(), 0xabcdef);
            prop_assert_eq!(view.kind(), Kind::String);
        }
    }

    #[test]
    fn a_small_key_costs_sixteen_bytes_over_key_and_value() {
        let record = OwnedRecord::new(&[b'k'; 16], Draft::string(&[b'v'; 64]), 1, 0);
        assert_eq!(record.as_record().record_bytes(), 16 + 16 + 64);
    }
}
