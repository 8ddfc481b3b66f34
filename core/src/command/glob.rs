//! Glob patterns as KEYS and SCAN MATCH know them: `*`, `?`, `[a-c]`, `[^x]`, `\` escapes.
//!
//! Matching backtracks to the last star only, so it costs at most pattern times text steps, never exponentially many.
//!
//! Limits: after [`GLOB_STEPS_MAX`] steps (elements and bytes of classes looked at) a pattern counts as not matching,
//! so that a huge pattern over huge keys cannot hold a thread.

use crate::limits::GLOB_STEPS_MAX;

/// A pattern, looked at once.
#[derive(Clone, Copy, Debug)]
pub struct Glob<'a> {
    pattern: &'a [u8],
    shape: Shape,
}

/// Patterns that need no matching proper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Everything,
    Literal,
    General,
}

impl<'a> Glob<'a> {
    pub fn new(pattern: &'a [u8]) -> Self {
        let shape = if pattern == b"*" {
            Shape::Everything
        } else if pattern.iter().any(|byte| b"*?[\\".contains(byte)) {
            Shape::General
        } else {
            Shape::Literal
        };
        Self { pattern, shape }
    }

    /// The one text that the pattern matches, where it has no wildcards.
    pub fn literal(&self) -> Option<&'a [u8]> {
        (self.shape == Shape::Literal).then_some(self.pattern)
    }

    pub fn matches(&self, text: &[u8]) -> bool {
        match self.shape {
            Shape::Everything => true,
            Shape::Literal => text == self.pattern,
            Shape::General => self.matches_general(text),
        }
    }

    fn matches_general(&self, text: &[u8]) -> bool {
        let pattern = self.pattern;
        let (mut at, mut read) = (0, 0);
        // Where to resume when a later part fails: behind the last star, with one more byte given to that star.
        let mut resume: Option<(usize, usize)> = None;
        let mut steps = 0;
        while steps < GLOB_STEPS_MAX {
            steps += 1;
            if at < pattern.len() && pattern[at] == b'*' {
                at += 1;
                resume = Some((at, read));
                if at == pattern.len() {
                    return true;
                }
                continue;
            }
            if read == text.len() {
                return at == pattern.len();
            }
            let step = if at < pattern.len() { match_one(pattern, at, text[read], &mut steps) } else { None };
            match (step, resume) {
                (Some(next), _) => {
                    at = next;
                    read += 1;
                }
                (None, Some((star_end, taken))) => {
                    at = star_end;
                    read = taken + 1;
                    resume = Some((star_end, taken + 1));
                }
                (None, None) => return false,
            }
        }
        false
    }
}

/// Matches one byte against the pattern element at `at`; the position behind the element where it fits. A class adds its
/// length to `steps`.
fn match_one(pattern: &[u8], at: usize, byte: u8, steps: &mut usize) -> Option<usize> {
    match pattern[at] {
        b'?' => Some(at + 1),
        b'[' => {
            let (fits, next) = match_class(pattern, at + 1, byte);
            *steps += next - at;
            fits.then_some(next)
        }
        b'\\' if at + 1 < pattern.len() => (pattern[at + 1] == byte).then_some(at + 2),
        literal => (literal == byte).then_some(at + 1),
    }
}

/// Matches one byte against a bracketed class whose inside begins at `at`. A class without `]` ends with the pattern.
fn match_class(pattern: &[u8], mut at: usize, byte: u8) -> (bool, usize) {
    let negated = pattern.get(at) == Some(&b'^');
    at += usize::from(negated);
    let mut fits = false;
    loop {
        match &pattern[at.min(pattern.len())..] {
            [] => break,
            [b'\\', escaped, ..] => {
                fits |= *escaped == byte;
                at += 2;
            }
            [b']', ..] => {
                at += 1;
                break;
            }
            [start, b'-', end, ..] => {
                // Redis compares as C's (signed) char, and takes a reversed range for its mirror image.
                let (start, end, byte) = (*start as i8, *end as i8, byte as i8);
                fits |= (start.min(end)..=start.max(end)).contains(&byte);
                at += 3;
            }
            [single, ..] => {
                fits |= *single == byte;
                at += 1;
            }
        }
    }
    (fits != negated, at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Glob::new(pattern.as_bytes()).matches(text.as_bytes())
    }

    #[test]
    fn knows_every_element() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("*", "anything", true),
            ("", "", true),
            ("", "a", false),
            ("h?llo", "hello", true),
            ("h?llo", "hllo", false),
            ("h*llo", "heeeello", true),
            ("h*llo*", "hllo", true),
            ("*a*b*c", "xaxbxc", true),
            ("*a*b*c", "xaxbx", false),
            ("h[ae]llo", "hallo", true),
            ("h[ae]llo", "hillo", false),
            ("h[^e]llo", "hallo", true),
            ("h[^e]llo", "hello", false),
            ("h[a-b]llo", "hbllo", true),
            ("h[b-a]llo", "hallo", true),
            ("h[a-b]llo", "hcllo", false),
            ("[\\]]", "]", true),
            ("[\\a-c]", "-", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("a\\", "a\\", true),
            ("[abc", "c", true),
            ("[^", "c", true),
            ("[", "[", false),
            ("[]", "a", false),
            ("[-]", "-", true),
            ("[a-]", "-", false),
            ("**", "ab", true),
            ("a**", "a", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern:?} against {text:?}");
        }
    }

    /// The definition, without care for time.
    fn naive(pattern: &[u8], text: &[u8]) -> bool {
        match pattern.first() {
            None => text.is_empty(),
            Some(b'*') => (0..=text.len()).any(|skip| naive(&pattern[1..], &text[skip..])),
            Some(_) if text.is_empty() => false,
            Some(_) => match_one(pattern, 0, text[0], &mut 0)
                .is_some_and(|next| naive(&pattern[next.min(pattern.len())..], &text[1..])),
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(pattern in "[ab*?\\[\\]^\\\\-]{0,9}", text in "[ab^\\-]{0,9}") {
            prop_assert_eq!(matches(&pattern, &text), naive(pattern.as_bytes(), text.as_bytes()));
        }
    }

    #[test]
    fn gives_up_on_patterns_made_to_burn_time() {
        let text = "a".repeat(1 << 20);
        let long_class = format!("*[{}", "b".repeat(1 << 20));
        for pattern in ["*a".repeat(1 << 15) + "b", "*[^b]".repeat(1 << 15) + "b", long_class] {
            let started = std::time::Instant::now();
            assert!(!matches(&pattern, &text));
            assert!(started.elapsed() < std::time::Duration::from_secs(5));
        }
    }
}
