//! A string value as commands see it: inline bytes of a record, or a rope.

use std::borrow::Cow;

use super::rope::{Pieces as RopePieces, Rope};
use crate::limits::INLINE_BYTES_MAX;

/// A borrowed string value.
#[derive(Clone, Copy, Debug)]
pub enum Str<'a> {
    Inline(&'a [u8]),
    Rope(&'a Rope),
}

impl<'a> Str<'a> {
    #[inline]
    pub fn len(&self) -> usize {
        match self {
            Str::Inline(bytes) => bytes.len(),
            Str::Rope(rope) => rope.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The whole value, piece by piece.
    pub fn pieces(&self) -> Pieces<'a> {
        self.range(0, usize::MAX)
    }

    /// At most `len` bytes from `start`, piece by piece; nothing past the end.
    pub fn range(&self, start: usize, len: usize) -> Pieces<'a> {
        match self {
            Str::Inline(bytes) => {
                let start = start.min(bytes.len());
                let end = start.saturating_add(len).min(bytes.len());
                Pieces::Inline(Some(&bytes[start..end]).filter(|piece| !piece.is_empty()))
            }
            Str::Rope(rope) => Pieces::Rope(rope.range(start, len)),
        }
    }

    /// The value in one piece where it is inline; ropes have none.
    #[inline]
    pub fn as_slice(&self) -> Option<&'a [u8]> {
        match self {
            Str::Inline(bytes) => Some(bytes),
            Str::Rope(_) => None,
        }
    }

    /// The value in one piece, copied where it is a rope.
    pub fn to_cow(&self) -> Cow<'a, [u8]> {
        match self {
            Str::Inline(bytes) => Cow::Borrowed(bytes),
            Str::Rope(_) => Cow::Owned(self.to_vec()),
        }
    }

    pub fn to_vec(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.len());
        self.copy_range(0, usize::MAX, &mut bytes);
        bytes
    }

    /// Appends at most `len` bytes from `start` to `out`.
    pub fn copy_range(&self, start: usize, len: usize, out: &mut Vec<u8>) {
        for piece in self.range(start, len) {
            out.extend_from_slice(piece);
        }
    }

    pub fn byte(&self, offset: usize) -> Option<u8> {
        match self {
            Str::Inline(bytes) => bytes.get(offset).copied(),
            Str::Rope(rope) => rope.byte(offset),
        }
    }

    /// This value with `bytes` at `offset`, a gap filled with zeroes; only what changes is copied of a long value.
    pub fn write_at(&self, offset: usize, bytes: &[u8]) -> Written {
        let len = self.len().max(offset + bytes.len());
        match self {
            Str::Rope(rope) => Written::Rope(rope.write_at(offset, bytes)),
            Str::Inline(old) if len <= INLINE_BYTES_MAX => {
                let mut new = Vec::with_capacity(len);
                new.extend_from_slice(old);
                new.resize(len, 0);
                new[offset..offset + bytes.len()].copy_from_slice(bytes);
                Written::Inline(new)
            }
            Str::Inline(old) => Written::Rope(Rope::from_pieces([*old]).write_at(offset, bytes)),
        }
    }
}

impl<'a> From<&'a [u8]> for Str<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Str::Inline(bytes)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Str<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Str::Inline(bytes)
    }
}

/// A string value that was just made.
#[derive(Clone, Debug)]
pub enum Written {
    Inline(Vec<u8>),
    Rope(Rope),
}

impl Written {
    pub fn as_str(&self) -> Str<'_> {
        match self {
            Written::Inline(bytes) => Str::Inline(bytes),
            Written::Rope(rope) => Str::Rope(rope),
        }
    }
}

/// Iterator over the consecutive pieces of a string.
#[derive(Clone)]
pub enum Pieces<'a> {
    Inline(Option<&'a [u8]>),
    Rope(RopePieces<'a>),
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        match self {
            Pieces::Inline(piece) => piece.take(),
            Pieces::Rope(pieces) => pieces.next(),
        }
    }
}
