//! BITFIELD and BITFIELD_RO: a string as an array of small integers.

use smallvec::SmallVec;

use super::bit::{bit_offset, scaled_offset};
use super::overflow::{FieldType, Overflow};
use crate::command::args::{integer, is_word};
use crate::command::spec::KeyUse;
use crate::command::string::{new_value, partial, value_or_empty};
use crate::command::{Args, Ctx, Failure, Outcome, Reply};
use crate::record::{Draft, Str, Written};

/// A field of 64 bits that does not begin with a byte touches nine bytes.
const FIELD_BYTES_MAX: usize = 9;

/// One sub-operation with the overflow mode in force.
#[derive(Clone, Copy, Debug)]
struct Step {
    action: Action,
    kind: FieldType,
    /// Bits before the field.
    offset: u64,
    overflow: Overflow,
}

#[derive(Clone, Copy, Debug)]
enum Action {
    Get,
    Set(i64),
    Add(i64),
}

type Steps = SmallVec<[Step; 4]>;

fn parse(words: &[&[u8]]) -> Result<Steps, Failure> {
    let mut steps = Steps::new();
    let mut overflow = Overflow::Wrap;
    let mut rest = words;
    loop {
        rest = match *rest {
            [] => return Ok(steps),
            [word, kind, offset, ref rest @ ..] if is_word(word, "GET") => {
                steps.push(step(kind, offset, overflow, Action::Get)?);
                rest
            }
            [word, kind, offset, value, ref rest @ ..] if is_word(word, "SET") => {
                let mut step = step(kind, offset, overflow, Action::Get)?;
                step.action = Action::Set(integer(value)?);
                steps.push(step);
                rest
            }
            [word, kind, offset, value, ref rest @ ..] if is_word(word, "INCRBY") => {
                let mut step = step(kind, offset, overflow, Action::Get)?;
                step.action = Action::Add(integer(value)?);
                steps.push(step);
                rest
            }
            [word, mode, ref rest @ ..] if is_word(word, "OVERFLOW") => {
                overflow = Overflow::parse(mode)?;
                rest
            }
            _ => return Err(Failure::SYNTAX),
        };
    }
}

fn step(kind: &[u8], offset: &[u8], overflow: Overflow, action: Action) -> Result<Step, Failure> {
    let kind = FieldType::parse(kind)?;
    let offset = match offset {
        // `#n` counts in fields of this size.
        [b'#', count @ ..] => scaled_offset(count, i64::from(kind.bits))?,
        plain => bit_offset(plain)?,
    };
    Ok(Step { action, kind, offset, overflow })
}

/// `BITFIELD key [GET type offset | [OVERFLOW mode] <SET type offset value | INCRBY type offset increment> ...]`
pub(super) fn bitfield(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let steps = parse(&args[2..])?;
    let last_byte = steps
        .iter()
        .filter(|step| !matches!(step.action, Action::Get))
        .map(|step| ((step.offset + u64::from(step.kind.bits) - 1) / 8) as usize)
        .max();
    match last_byte {
        Some(last_byte) => write(ctx, args, &steps, last_byte),
        None => read(ctx, args, &steps),
    }
}

/// BITFIELD only reads where all its words are GETs (and overflow modes).
pub(super) fn key_use(args: Args<'_>) -> KeyUse {
    let mut rest = args.get(2..).unwrap_or_default();
    loop {
        rest = match *rest {
            [] => return "RO access",
            [word, _, _, ref rest @ ..] if is_word(word, "GET") => rest,
            [word, _, ref rest @ ..] if is_word(word, "OVERFLOW") => rest,
            _ => return "RW access update",
        };
    }
}

/// `BITFIELD_RO key [GET type offset ...]`
pub(super) fn bitfield_ro(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const ONLY_GET: Failure = Failure::text("ERR BITFIELD_RO only supports the GET subcommand");
    let steps = parse(&args[2..])?;
    if steps.iter().any(|step| !matches!(step.action, Action::Get)) {
        return Err(ONLY_GET);
    }
    read(ctx, args, &steps)
}

fn read(ctx: &mut Ctx<'_>, args: Args<'_>, steps: &[Step]) -> Outcome {
    let value = value_or_empty(ctx.read(args[1])?)?;
    ctx.reply.array(steps.len());
    for step in steps {
        ctx.reply.integer(step.kind.decode(load(value, step)));
    }
    Ok(())
}

fn write(ctx: &mut Ctx<'_>, args: Args<'_>, steps: &[Step], last_byte: usize) -> Outcome {
    let mut entry = ctx.latch(args[1])?;
    let old = entry.record();
    let value = value_or_empty(old)?;
    // Room for every write is made first, and stays even where OVERFLOW FAIL refuses them all.
    let mut written = (last_byte >= value.len()).then(|| value.write_at(last_byte, &[0]));
    let mut results: SmallVec<[Option<i64>; 4]> = SmallVec::with_capacity(steps.len());
    for step in steps {
        let current = written.as_ref().map_or(value, Written::as_str);
        let (result, stored) = carry_out(current, step);
        results.push(result);
        if let Some(raw) = stored {
            written = Some(store(current, step, raw));
        }
    }
    if let Some(written) = &written {
        let command: SmallVec<[Str<'_>; 16]> = args.iter().map(|word| Str::Inline(word)).collect();
        let effect = partial(old, written.as_str(), &command);
        entry.put(Draft::changed(old, new_value(written), true), effect);
    }
    drop(entry);
    reply_results(ctx.reply, &results);
    Ok(())
}

fn reply_results(reply: &mut dyn Reply, results: &[Option<i64>]) {
    reply.array(results.len());
    for result in results {
        match result {
            Some(value) => reply.integer(*value),
            None => reply.null(),
        }
    }
}

/// A step's reply (nothing where it failed) and the raw bits that it stores.
fn carry_out(value: Str<'_>, step: &Step) -> (Option<i64>, Option<u64>) {
    let old = step.kind.decode(load(value, step));
    match step.action {
        Action::Get => (Some(old), None),
        Action::Set(new) => match step.kind.fit_argument(new, step.overflow) {
            Some(new) => (Some(old), Some(step.kind.encode(i128::from(new)))),
            None => (None, None),
        },
        Action::Add(increment) => {
            match step.kind.fit(i128::from(old) + i128::from(increment), step.overflow) {
                Some(new) => (Some(new), Some(step.kind.encode(i128::from(new)))),
                None => (None, None),
            }
        }
    }
}

/// The bytes that a field touches, as one number of which the field is `shift` bits from the low end.
fn window(value: Str<'_>, step: &Step) -> (usize, usize, u128, u32) {
    let start = (step.offset / 8) as usize;
    let end_bit = step.offset % 8 + u64::from(step.kind.bits);
    let bytes = end_bit.div_ceil(8) as usize;
    debug_assert!(bytes <= FIELD_BYTES_MAX);
    let mut window = 0u128;
    let mut seen = 0;
    for piece in value.range(start, bytes) {
        for byte in piece {
            window = window << 8 | u128::from(*byte);
            seen += 1;
        }
    }
    // What lies behind the end of the value is zero.
    window <<= 8 * (bytes - seen);
    (start, bytes, window, (bytes as u64 * 8 - end_bit) as u32)
}

fn load(value: Str<'_>, step: &Step) -> u64 {
    let (_, _, window, shift) = window(value, step);
    step.kind.encode((window >> shift) as i128)
}

fn store(value: Str<'_>, step: &Step, raw: u64) -> Written {
    let (start, bytes, window, shift) = window(value, step);
    let mask = u128::from(u64::MAX >> (64 - step.kind.bits)) << shift;
    let window = (window & !mask) | u128::from(raw) << shift;
    value.write_at(start, &window.to_be_bytes()[16 - bytes..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against the definition, bit by bit.
        #[test]
        fn stores_and_loads_fields(
            bytes in proptest::collection::vec(any::<u8>(), 0..20),
            offset in 0u64..160,
            bits in 1u32..=64,
            raw in any::<u64>(),
        ) {
            let kind = FieldType { signed: true, bits };
            let step = Step { action: Action::Get, kind, offset, overflow: Overflow::Wrap };
            let bit = |bytes: &[u8], at: u64| {
                bytes.get((at / 8) as usize).is_some_and(|byte| byte & (0x80 >> (at % 8)) != 0)
            };
            let expected = (0..u64::from(bits))
                .fold(0u64, |value, at| value << 1 | u64::from(bit(&bytes, offset + at)));
            prop_assert_eq!(load(Str::Inline(&bytes), &step), expected);

            let raw = kind.encode(i128::from(raw));
            let written = store(Str::Inline(&bytes), &step, raw);
            let after = written.as_str().to_vec();
            prop_assert_eq!(load(written.as_str(), &step), raw);
            let field = offset..offset + u64::from(bits);
            for at in (0..after.len() as u64 * 8).filter(|at| !field.contains(at)) {
                prop_assert_eq!(bit(&after, at), bit(&bytes, at));
            }
        }
    }
}
