//! The patterns of BY and GET: `#`, `weight_*`, `object_*->field`.

use crate::command::{Ctx, Failure};
use crate::container::hash::Hash;
use crate::record::{Kind, Record, Str};

/// A pattern, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pattern<'a> {
    /// `#`: the element itself.
    Element,
    /// Without `*`: nothing at all.
    Nothing,
    /// A key that has the element between `before` and `after`, and of its hash, where there is a `field`, that one.
    Key { before: &'a [u8], after: &'a [u8], field: Option<&'a [u8]> },
}

impl<'a> Pattern<'a> {
    pub fn of(text: &'a [u8]) -> Pattern<'a> {
        if text == b"#" {
            return Pattern::Element;
        }
        // Star and arrow are searched as C does it: up to a NUL.
        let readable = text.iter().position(|&byte| byte == 0).unwrap_or(text.len());
        let Some(star) = memchr::memchr(b'*', &text[..readable]) else { return Pattern::Nothing };
        let (before, behind) = (&text[..star], &text[star + 1..]);
        let arrow = memchr::memmem::find(&text[star + 1..readable], b"->")
            .filter(|arrow| star + 1 + arrow + 2 < readable);
        let (after, field) = match arrow {
            Some(arrow) => (&behind[..arrow], Some(&behind[arrow + 2..])),
            None => (behind, None),
        };
        Pattern::Key { before, after, field }
    }

    /// The key that the pattern means for an element; empty for the other patterns.
    pub fn key(&self, element: &[u8]) -> Vec<u8> {
        match self {
            Pattern::Key { before, after, .. } => [*before, element, *after].concat(),
            Pattern::Element | Pattern::Nothing => Vec::new(),
        }
    }

    /// What the pattern finds in the record of its key.
    pub fn value<'r>(&self, ctx: &Ctx<'r>, record: Option<Record<'r>>) -> Result<Option<Str<'r>>, Failure> {
        let (Pattern::Key { field, .. }, Some(record)) = (self, record) else { return Ok(None) };
        match (record.kind(), field) {
            (Kind::String, None) => record.string().map(Some),
            (Kind::Hash, Some(field)) => {
                let found = Hash::of(ctx.engine, record, ctx.now())?.get(field)?;
                Ok(found.map(|field| Str::Inline(field.value)))
            }
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_taken_apart() {
        let key = |before, after, field| Pattern::Key { before, after, field };
        for (text, pattern) in [
            (&b"#"[..], Pattern::Element),
            (b"##", Pattern::Nothing),
            (b"x", Pattern::Nothing),
            (b"*", key(b"", b"", None)),
            (b"w_*_x", key(b"w_", b"_x", None)),
            (b"w_*->f", key(b"w_", b"", Some(b"f"))),
            (b"w_*_x->f->g", key(b"w_", b"_x", Some(b"f->g"))),
            (b"w->a*->", key(b"w->a", b"->", None)),
            (b"->*", key(b"->", b"", None)),
        ] {
            assert_eq!(Pattern::of(text), pattern, "{}", String::from_utf8_lossy(text));
        }
        assert_eq!(Pattern::of(b"w_*_x->f").key(b"7"), b"w_7_x");
    }
}
