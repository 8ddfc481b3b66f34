//! LCS: the longest common subsequence of two strings.
//!
//! Limits: the table of the usual dynamic programme has `(a + 1) * (b + 1)` cells of four bytes, and no more than
//! [`STRING_BYTES_MAX`] in all, as in Redis. For LEN alone two rows are kept.

use crate::command::args::{integer, is_word};
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::limits::STRING_BYTES_MAX;

#[derive(Default)]
struct Options {
    length_only: bool,
    indexes: bool,
    with_match_length: bool,
    min_match_length: usize,
}

impl Options {
    fn parse(words: &[&[u8]]) -> Result<Options, Failure> {
        const EITHER: Failure =
            Failure::text("ERR If you want both the length and indexes, please just use IDX.");
        let mut options = Options::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if is_word(word, "IDX") {
                options.indexes = true;
            } else if is_word(word, "LEN") {
                options.length_only = true;
            } else if is_word(word, "WITHMATCHLEN") {
                options.with_match_length = true;
            } else if is_word(word, "MINMATCHLEN") {
                let value = integer(words.next().ok_or(Failure::SYNTAX)?)?;
                options.min_match_length = value.max(0) as usize;
            } else {
                return Err(Failure::SYNTAX);
            }
        }
        if options.indexes && options.length_only { Err(EITHER) } else { Ok(options) }
    }
}

/// `LCS key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len] [WITHMATCHLEN]`
pub(super) fn lcs(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const NOT_STRINGS: Failure = Failure::text("ERR The specified keys must contain string values");
    let records = ctx.read_many(&args[1..3])?;
    let value = |at: usize| super::value_or_empty(records[at]).map_err(|_| NOT_STRINGS);
    let (a, b) = (value(0)?, value(1)?);
    let options = Options::parse(&args[3..])?;
    check_table(a.len(), b.len())?;
    let (a, b) = (a.to_cow(), b.to_cow());
    if options.length_only {
        ctx.reply.integer(i64::from(length(&a, &b)));
        return Ok(());
    }
    let table = Table::fill(&a, &b);
    if options.indexes {
        reply_indexes(ctx, &table, &a, &b, &options);
    } else {
        ctx.reply.bulk(&table.subsequence(&a, &b));
    }
    Ok(())
}

fn check_table(a: usize, b: usize) -> Result<(), Failure> {
    const TOO_LARGE: Failure =
        Failure::text("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
    let bytes = (a + 1).saturating_mul(b + 1).saturating_mul(size_of::<u32>());
    if bytes > STRING_BYTES_MAX { Err(TOO_LARGE) } else { Ok(()) }
}

/// The length alone, with one row of memory.
fn length(a: &[u8], b: &[u8]) -> u32 {
    let mut row = vec![0u32; b.len() + 1];
    for &x in a {
        let mut diagonal = 0;
        for (at, &y) in b.iter().enumerate() {
            let above = row[at + 1];
            row[at + 1] = if x == y { diagonal + 1 } else { above.max(row[at]) };
            diagonal = above;
        }
    }
    row[b.len()]
}

/// Lengths for all pairs of prefixes.
struct Table {
    cells: Vec<u32>,
    width: usize,
}

/// A run of equal bytes: `length` of them from `a` and from `b`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    a: usize,
    b: usize,
    length: usize,
}

impl Table {
    fn fill(a: &[u8], b: &[u8]) -> Table {
        let width = b.len() + 1;
        let mut cells = vec![0u32; (a.len() + 1) * width];
        for (i, &x) in a.iter().enumerate() {
            let (above, row) = cells[i * width..].split_at_mut(width);
            for (j, &y) in b.iter().enumerate() {
                row[j + 1] = if x == y { above[j] + 1 } else { above[j + 1].max(row[j]) };
            }
        }
        Table { cells, width }
    }

    fn at(&self, i: usize, j: usize) -> u32 {
        self.cells[i * self.width + j]
    }

    /// Walks back from the end and gives the matching positions, last first.
    fn walk(&self, a: &[u8], b: &[u8], mut visit: impl FnMut(usize, usize)) {
        let (mut i, mut j) = (a.len(), b.len());
        while i > 0 && j > 0 {
            if a[i - 1] == b[j - 1] {
                (i, j) = (i - 1, j - 1);
                visit(i, j);
            } else if self.at(i - 1, j) > self.at(i, j - 1) {
                i -= 1;
            } else {
                j -= 1;
            }
        }
    }

    fn subsequence(&self, a: &[u8], b: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.at(a.len(), b.len()) as usize);
        self.walk(a, b, |i, _| bytes.push(a[i]));
        bytes.reverse();
        bytes
    }

    /// The runs of at least `min` bytes, last first.
    fn runs(&self, a: &[u8], b: &[u8], min: usize) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        self.walk(a, b, |i, j| match runs.last_mut() {
            Some(run) if run.a == i + 1 && run.b == j + 1 => {
                *run = Run { a: i, b: j, length: run.length + 1 };
            }
            _ => runs.push(Run { a: i, b: j, length: 1 }),
        });
        runs.retain(|run| run.length >= min);
        runs
    }
}

fn reply_indexes(ctx: &mut Ctx<'_>, table: &Table, a: &[u8], b: &[u8], options: &Options) {
    let runs = table.runs(a, b, options.min_match_length);
    let reply = &mut *ctx.reply;
    reply.map(2);
    reply.bulk(b"matches");
    reply.array(runs.len());
    for run in runs {
        reply.array(if options.with_match_length { 3 } else { 2 });
        for start in [run.a, run.b] {
            reply.array(2);
            reply.integer(start as i64);
            reply.integer((start + run.length - 1) as i64);
        }
        if options.with_match_length {
            reply.integer(run.length as i64);
        }
    }
    reply.bulk(b"len");
    reply.integer(i64::from(table.at(a.len(), b.len())));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_redis_documents() {
        let (a, b) = (b"ohmytext".as_slice(), b"mynewtext".as_slice());
        let table = Table::fill(a, b);
        assert_eq!(table.subsequence(a, b), b"mytext");
        assert_eq!(length(a, b), 6);
        let runs = table.runs(a, b, 0);
        assert_eq!(runs, [Run { a: 4, b: 5, length: 4 }, Run { a: 2, b: 0, length: 2 }]);
        assert_eq!(table.runs(a, b, 4).len(), 1);
        assert_eq!(Table::fill(b"", b).subsequence(b"", b), b"");
    }

    #[test]
    fn refuses_tables_beyond_the_limit() {
        assert!(check_table(10_000, 10_000).is_ok());
        assert!(check_table(20_000, 20_000).is_err());
        assert!(check_table(usize::MAX - 1, 1).is_err());
    }
}
