//! The order of the elements.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Range;

use super::options::{By, Options};
use super::pattern::Pattern;
use super::{elements_of, len_of};
use crate::command::Failure;
use crate::double;
use crate::record::{Kind, Record, Str};

const NOT_DOUBLE: Failure = Failure::text("ERR One or more scores can't be converted into double");

/// What there is to do with the elements of one key.
pub(super) struct Sorting<'o> {
    options: &'o Options<'o>,
    by: By<'o>,
    alpha: bool,
}

/// What an element is compared by.
enum Weight<'a> {
    Number(f64),
    Text(Option<Cow<'a, [u8]>>),
}

impl<'o> Sorting<'o> {
    pub fn of(kind: Option<Kind>, options: &'o Options<'o>) -> Sorting<'o> {
        // A set's own order means nothing, so what is stored of it is sorted whatever was asked for.
        if kind == Some(Kind::Set) && options.by == By::Nothing && options.store.is_some() {
            return Sorting { options, by: By::Themselves, alpha: true };
        }
        Sorting { options, by: options.by, alpha: options.alpha }
    }

    /// The pattern of the keys that hold the weights.
    pub fn by(&self) -> Option<&Pattern<'o>> {
        match &self.by {
            By::Pattern(pattern) => Some(pattern),
            By::Themselves | By::Nothing => None,
        }
    }

    /// All elements; those that go out, where they are not to be sorted.
    pub fn load<'a>(&self, source: Option<Record<'a>>) -> Result<Vec<&'a [u8]>, Failure> {
        let Some(source) = source else { return Ok(Vec::new()) };
        let len = len_of(source)?;
        let mut elements = elements_of(source)?;
        if self.by == By::Nothing {
            if self.options.descending && source.kind() != Kind::Set {
                elements.reverse();
            }
            keep(&mut elements, self.options.range(len));
        }
        Ok(elements)
    }

    /// Sorts the elements, and leaves those that go out; `weight` gives what the pattern finds for each.
    pub fn sort<'a>(
        &self,
        elements: Vec<&'a [u8]>,
        weight: impl Fn(usize) -> Result<Option<Str<'a>>, Failure>,
    ) -> Result<Vec<&'a [u8]>, Failure> {
        if self.by == By::Nothing {
            return Ok(elements);
        }
        let range = self.options.range(elements.len() as u64);
        let mut weighed = Vec::with_capacity(elements.len());
        for (at, element) in elements.into_iter().enumerate() {
            let text = match self.by {
                By::Pattern(_) => weight(at)?.map(|text| text.to_cow()),
                _ => Some(Cow::Borrowed(element)),
            };
            let weight = match text {
                text if self.alpha => Weight::Text(text),
                // As C reads it: up to the first NUL.
                Some(text) => {
                    let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
                    Weight::Number(double::parse(text).ok_or(NOT_DOUBLE)?)
                }
                None => Weight::Number(0.0),
            };
            weighed.push((weight, element));
        }
        let compare = |left: &(Weight<'_>, &[u8]), right: &(Weight<'_>, &[u8])| {
            let order = self.compare(left, right);
            if self.options.descending { order.reverse() } else { order }
        };
        if range.len() < weighed.len() && !range.is_empty() && !self.alpha {
            // Numbers that are equal are ordered by their elements: no order is left to chance.
            if range.end < weighed.len() {
                weighed.select_nth_unstable_by(range.end, compare);
                weighed.truncate(range.end);
            }
            weighed.sort_unstable_by(compare);
        } else {
            weighed.sort_by(compare);
        }
        let mut elements: Vec<&[u8]> = weighed.into_iter().map(|(_, element)| element).collect();
        keep(&mut elements, range);
        Ok(elements)
    }

    fn compare(&self, left: &(Weight<'_>, &[u8]), right: &(Weight<'_>, &[u8])) -> Ordering {
        match (&left.0, &right.0) {
            (Weight::Number(a), Weight::Number(b)) => {
                a.partial_cmp(b).unwrap_or(Ordering::Equal).then_with(|| left.1.cmp(right.1))
            }
            // What has no weight comes first.
            (Weight::Text(a), Weight::Text(b)) => a.cmp(b),
            (Weight::Number(_), Weight::Text(_)) => Ordering::Less,
            (Weight::Text(_), Weight::Number(_)) => Ordering::Greater,
        }
    }
}

fn keep(elements: &mut Vec<&[u8]>, range: Range<usize>) {
    elements.truncate(range.end);
    elements.drain(..range.start.min(elements.len()));
}
