//! Long strings: persistent (immutable, shared) ropes.
//!
//! A rope is a two-level array of equal chunks. Every update returns a new rope that shares all chunks but those it
//! touched, so SETBIT in a bitmap of 64 MiB copies one chunk and two small pointer arrays, readers never wait, and
//! a snapshot that holds the old rope costs nothing. Runs of zeroes share one chunk.
//!
//! Invariants: every chunk but the last has exactly [`CHUNK_BYTES`] bytes; every node but the last has exactly
//! [`NODE_CHUNKS`] chunks.

use std::sync::{Arc, OnceLock};

use crate::limits::{CHUNK_BYTES, NODE_CHUNKS};

type Chunk = Arc<[u8]>;
type Node = Arc<Vec<Chunk>>;

/// A long immutable string; cloning shares it.
#[derive(Clone, Debug)]
pub struct Rope {
    nodes: Arc<Vec<Node>>,
    len: usize,
    /// Bytes of the chunks, but for shared zero chunks.
    chunk_bytes: usize,
}

impl Rope {
    /// The concatenation of `pieces`.
    pub fn from_pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Rope {
        let mut builder = Builder::default();
        for piece in pieces {
            builder.push(piece);
        }
        builder.finish()
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes of heap that this rope holds if nobody shares it (shared zero chunks count nothing).
    pub fn heap_bytes(&self) -> usize {
        // 40 bytes each for the vector behind an `Arc`.
        self.chunk_bytes + self.nodes.len() * (NODE_CHUNKS * size_of::<Chunk>() + size_of::<Node>() + 40) + 40
    }

    /// The bytes from `start` (at most `len` of them), piece by piece.
    pub fn range(&self, start: usize, len: usize) -> Pieces<'_> {
        let start = start.min(self.len);
        Pieces { rope: self, offset: start, end: start.saturating_add(len).min(self.len) }
    }

    /// The byte at `offset`, or `None` past the end.
    pub fn byte(&self, offset: usize) -> Option<u8> {
        if offset >= self.len {
            return None;
        }
        let (chunk, within) = (offset / CHUNK_BYTES, offset % CHUNK_BYTES);
        Some(self.nodes[chunk / NODE_CHUNKS][chunk % NODE_CHUNKS][within])
    }

    /// This rope with `bytes` at `offset`; a gap before `offset` is filled with zeroes.
    pub fn write_at(&self, offset: usize, bytes: &[u8]) -> Rope {
        if bytes.is_empty() {
            return self.clone();
        }
        let mut nodes = (*self.nodes).clone();
        let len = self.len.max(offset + bytes.len());
        let mut chunk_bytes = self.chunk_bytes + extend_with_zeroes(&mut nodes, self.len, len);
        let mut written = 0;
        while written < bytes.len() {
            let at = offset + written;
            let (index, within) = (at / CHUNK_BYTES, at % CHUNK_BYTES);
            let node = Arc::make_mut(&mut nodes[index / NODE_CHUNKS]);
            let chunk = &mut node[index % NODE_CHUNKS];
            let take = (chunk.len() - within).min(bytes.len() - written);
            if Arc::ptr_eq(chunk, zero_chunk()) {
                chunk_bytes += heap_bytes_of(chunk);
            }
            // The chunk is shared with the older rope, so this copies it first.
            Arc::make_mut(chunk)[within..within + take].copy_from_slice(&bytes[written..written + take]);
            written += take;
        }
        Rope { nodes: Arc::new(nodes), len, chunk_bytes }
    }

    /// This rope followed by `bytes`.
    pub fn append(&self, bytes: &[u8]) -> Rope {
        self.write_at(self.len, bytes)
    }
}

fn heap_bytes_of(chunk: &Chunk) -> usize {
    // The two counters of the `Arc` lie in front of the bytes.
    chunk.len() + 16
}

/// Grows `nodes` from `old` to `new` bytes, the added bytes zero; returns the heap bytes that this added.
fn extend_with_zeroes(nodes: &mut Vec<Node>, old: usize, new: usize) -> usize {
    let mut added = 0;
    let mut len = old;
    if new <= old {
        return 0;
    }
    // The last chunk, where it is short, is replaced by a longer one.
    if !len.is_multiple_of(CHUNK_BYTES) {
        let index = len / CHUNK_BYTES;
        let node = Arc::make_mut(&mut nodes[index / NODE_CHUNKS]);
        let chunk = &mut node[index % NODE_CHUNKS];
        let target = (new - index * CHUNK_BYTES).min(CHUNK_BYTES);
        let mut grown = Vec::with_capacity(target);
        grown.extend_from_slice(chunk);
        grown.resize(target, 0);
        added += target - chunk.len();
        len = index * CHUNK_BYTES + target;
        *chunk = grown.into();
    }
    while len < new {
        let take = (new - len).min(CHUNK_BYTES);
        let chunk = if take == CHUNK_BYTES { zero_chunk().clone() } else { vec![0; take].into() };
        if take < CHUNK_BYTES {
            added += heap_bytes_of(&chunk);
        }
        push_chunk(nodes, chunk);
        len += take;
    }
    added
}

fn push_chunk(nodes: &mut Vec<Node>, chunk: Chunk) {
    match nodes.last_mut() {
        Some(node) if node.len() < NODE_CHUNKS => Arc::make_mut(node).push(chunk),
        _ => nodes.push(Arc::new(vec![chunk])),
    }
}

fn zero_chunk() -> &'static Chunk {
    static ZERO: OnceLock<Chunk> = OnceLock::new();
    ZERO.get_or_init(|| vec![0; CHUNK_BYTES].into())
}

/// Builds a rope from pieces that arrive one after the other.
#[derive(Default)]
pub struct Builder {
    nodes: Vec<Node>,
    tail: Vec<u8>,
    len: usize,
}

impl Builder {
    pub fn push(&mut self, mut piece: &[u8]) {
        self.len += piece.len();
        while !piece.is_empty() {
            // Whole chunks are made from the piece itself, without a stop in `tail`.
            if self.tail.is_empty() && piece.len() >= CHUNK_BYTES {
                push_chunk(&mut self.nodes, piece[..CHUNK_BYTES].into());
                piece = &piece[CHUNK_BYTES..];
                continue;
            }
            let take = (CHUNK_BYTES - self.tail.len()).min(piece.len());
            self.tail.extend_from_slice(&piece[..take]);
            piece = &piece[take..];
            if self.tail.len() == CHUNK_BYTES {
                push_chunk(&mut self.nodes, self.tail.as_slice().into());
                self.tail.clear();
            }
        }
    }

    pub fn finish(mut self) -> Rope {
        if !self.tail.is_empty() {
            push_chunk(&mut self.nodes, self.tail.into());
        }
        let chunks = self.len.div_ceil(CHUNK_BYTES);
        Rope { nodes: Arc::new(self.nodes), len: self.len, chunk_bytes: self.len + chunks * 16 }
    }
}

/// Iterator over the consecutive pieces of a rope's range.
#[derive(Clone)]
pub struct Pieces<'a> {
    rope: &'a Rope,
    offset: usize,
    end: usize,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.offset >= self.end {
            return None;
        }
        let (index, within) = (self.offset / CHUNK_BYTES, self.offset % CHUNK_BYTES);
        let chunk = &self.rope.nodes[index / NODE_CHUNKS][index % NODE_CHUNKS];
        let take = (chunk.len() - within).min(self.end - self.offset);
        self.offset += take;
        Some(&chunk[within..within + take])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn flat(rope: &Rope) -> Vec<u8> {
        rope.range(0, usize::MAX).flatten().copied().collect()
    }

    proptest! {
        #[test]
        fn behaves_like_a_vector(
            start in proptest::collection::vec(any::<u8>(), 0..60_000),
            writes in proptest::collection::vec((0usize..200_000, 0usize..40_000, any::<u8>()), 0..8),
            ranges in proptest::collection::vec((0usize..250_000, 0usize..250_000), 4),
        ) {
            let mut model = start.clone();
            let mut rope = Rope::from_pieces([start.as_slice()]);
            for (offset, len, byte) in writes {
                let before = (rope.clone(), model.clone());
                let bytes = vec![byte; len];
                rope = rope.write_at(offset, &bytes);
                if len > 0 {
                    model.resize(model.len().max(offset + len), 0);
                    model[offset..offset + len].copy_from_slice(&bytes);
                }
                prop_assert_eq!(flat(&before.0), before.1);
            }
            prop_assert_eq!(rope.len(), model.len());
            prop_assert_eq!(&flat(&rope), &model);
            for (from, len) in ranges {
                let expected: Vec<u8> = model.iter().skip(from).take(len).copied().collect();
                let got: Vec<u8> = rope.range(from, len).flatten().copied().collect();
                prop_assert_eq!(got, expected);
                prop_assert_eq!(rope.byte(from), model.get(from).copied());
            }
        }
    }

    #[test]
    fn zeroes_cost_no_memory() {
        let rope = Rope::from_pieces([b"x".as_slice()]).write_at(100 << 20, b"y");
        assert_eq!(rope.len(), (100 << 20) + 1);
        assert!(rope.heap_bytes() < 1 << 20);
    }
}
