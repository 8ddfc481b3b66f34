//! COMMAND GETKEYS and GETKEYSANDFLAGS: which arguments of a command are keys.

use polycache_core::command::args::{canonical_integer, is_word};
use polycache_core::command::spec::{Keys, flag};
use polycache_core::command::{Args, Ctx, Failure, Outcome, Registry, Spec};

use super::info::key_specs;

/// `COMMAND GETKEYS command ...`
pub(in crate::admin) fn getkeys(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let keys = keys_of(ctx.registry, &args[2..])?;
    ctx.reply.array(keys.len());
    for (key, _) in keys {
        ctx.reply.bulk(key);
    }
    Ok(())
}

/// `COMMAND GETKEYSANDFLAGS command ...`
pub(in crate::admin) fn getkeysandflags(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let keys = keys_of(ctx.registry, &args[2..])?;
    ctx.reply.array(keys.len());
    for (key, key_use) in keys {
        ctx.reply.array(2);
        ctx.reply.bulk(key);
        // What the words decide has been decided.
        let flags: Vec<&str> = key_use
            .split_ascii_whitespace()
            .filter(|name| !matches!(*name, "variable_flags" | "incomplete"))
            .collect();
        ctx.reply.set(flags.len());
        flags.iter().for_each(|name| ctx.reply.status(name));
    }
    Ok(())
}

/// Where the keys of a command line stand, with their use; `None` where the line cannot be right.
pub(crate) fn keys_used(spec: &Spec, line: Args<'_>) -> Option<Vec<(usize, &'static str)>> {
    let mut keys = Vec::new();
    for key_spec in key_specs(spec) {
        let key_use = spec.key_use_of.map_or(key_spec.key_use, |of| of(line));
        keys.extend(positions(key_spec.keys, line)?.into_iter().map(|position| (position, key_use)));
    }
    // MIGRATE's own key is an empty one where others follow KEYS.
    if spec.name == "migrate" && keys.len() > 1 && line[keys[0].0].is_empty() {
        keys.remove(0);
    }
    Some(keys)
}

/// The keys of a command line, with their use.
fn keys_of<'a>(registry: &Registry, line: &'a [&'a [u8]]) -> Result<Vec<(&'a [u8], &'static str)>, Failure> {
    const INVALID: Failure = Failure::text("ERR Invalid command specified");
    const ARITY: Failure = Failure::text("ERR Invalid number of arguments specified for command");
    const NONE: Failure = Failure::text("ERR The command has no key arguments");
    const NO_KEYS: Failure = Failure::text("ERR Invalid arguments specified for command");
    let spec = registry.lookup(line[0]).ok_or(INVALID)?;
    let spec = match line.get(1).and_then(|name| Registry::subcommand(spec, name)) {
        Some(sub) => sub,
        None if spec.subcommands.is_empty() || line.len() == 1 => spec,
        None => return Err(INVALID),
    };
    if key_specs(spec).is_empty() {
        return Err(NONE);
    }
    if !spec.arity_fits(line.len()) {
        return Err(ARITY);
    }
    let optional = spec.flags & flag::NO_MANDATORY_KEYS != 0;
    let keys = match keys_used(spec, line) {
        Some(keys) => keys,
        None if optional => Vec::new(),
        None => return Err(NO_KEYS),
    };
    if keys.is_empty() && !optional {
        return Err(NO_KEYS);
    }
    Ok(keys.into_iter().map(|(position, key_use)| (line[position], key_use)).collect())
}

/// Where the keys stand; `None` where the line cannot be right.
fn positions(keys: Keys, line: &[&[u8]]) -> Option<Vec<usize>> {
    match keys {
        Keys::None | Keys::Unknown => Some(Vec::new()),
        Keys::Behind(word) => {
            let last = line.iter().rposition(|argument| is_word(argument, word));
            Some(last.map(|at| at + 1).filter(|at| *at < line.len()).into_iter().collect())
        }
        Keys::Range { first, last, step } => {
            let last = if last < 0 { line.len().checked_add_signed(last)? } else { last as usize };
            Some((first..=last.min(line.len() - 1)).step_by(step.max(1)).collect())
        }
        Keys::Counted { count, first, step } => {
            let number = usize::try_from(canonical_integer(line.get(count)?)?).ok()?;
            let step = step.max(1);
            let fits = number.checked_sub(1).is_none_or(|further| {
                further
                    .checked_mul(step)
                    .and_then(|span| span.checked_add(first))
                    .is_some_and(|at| at < line.len())
            });
            fits.then(|| (0..number).map(|index| first + index * step).collect())
        }
        Keys::Keyword { word, from, limit } => {
            let is_word = |argument: &&[u8]| argument.eq_ignore_ascii_case(word.as_bytes());
            let Ok(from) = usize::try_from(from) else {
                let end = line.len().checked_add_signed(from + 1)?;
                let found = line[..end].iter().rposition(is_word);
                return Some(found.map_or(0..0, |found| found + 1..line.len()).collect());
            };
            let found = line.iter().skip(from).position(is_word);
            let Some(first) = found.map(|found| from + found + 1) else {
                return (limit == 0).then(Vec::new);
            };
            if limit == 0 {
                return (first < line.len()).then(|| vec![first]);
            }
            Some((first..first + (line.len() - first) / limit).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_stay_within_the_line() {
        let line: &[&[u8]] = &[b"x", b"2", b"a", b"b", b"c"];
        assert_eq!(positions(Keys::Range { first: 2, last: -1, step: 1 }, line), Some(vec![2, 3, 4]));
        assert_eq!(positions(Keys::Range { first: 2, last: 9, step: 2 }, line), Some(vec![2, 4]));
        assert_eq!(positions(Keys::Counted { count: 1, first: 2, step: 1 }, line), Some(vec![2, 3]));
        assert_eq!(positions(Keys::Counted { count: 1, first: 2, step: 3 }, line), None);
        let huge: &[&[u8]] = &[b"x", b"9223372036854775807", b"a"];
        assert_eq!(positions(Keys::Counted { count: 1, first: 2, step: 1 }, huge), None);
        let negative: &[&[u8]] = &[b"x", b"-1", b"a"];
        assert_eq!(positions(Keys::Counted { count: 1, first: 2, step: 1 }, negative), None);
    }
}
