//! PFCOUNT.

use super::sketch;
use crate::command::{Args, Ctx, Outcome};
use crate::hyperloglog::{REGISTERS, Sketch, estimate};
use crate::record::{Draft, Effect, NewValue, Record};

/// `PFCOUNT key [key ...]`
pub(super) fn pfcount(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let count = match args[1..] {
        [key] => match ctx.read(key)? {
            None => 0,
            Some(record) => count_one(ctx, key, record)?,
        },
        _ => {
            let mut registers = Box::new([0; REGISTERS]);
            for record in ctx.read_many(&args[1..])?.into_iter().flatten() {
                sketch(record)?.merge_into(&mut registers)?;
            }
            estimate(&registers)
        }
    };
    ctx.reply.integer(count as i64);
    Ok(())
}

fn count_one(ctx: &Ctx<'_>, key: &[u8], record: Record<'_>) -> Result<u64, crate::command::Failure> {
    let mut sketch = sketch(record)?;
    if let Some(count) = sketch.cached() {
        return Ok(count);
    }
    let count = sketch.count()?;
    // Where nothing may be written the count is not remembered.
    if ctx.engine.admit_write(ctx.op, false).is_ok() {
        remember(ctx, key, record, &sketch)?;
    }
    Ok(count)
}

/// Puts the sketch with its count, unless the key has changed meanwhile.
fn remember(ctx: &Ctx<'_>, key: &[u8], counted: Record<'_>, sketch: &Sketch) -> Outcome {
    let mut entry = ctx.latch(key)?;
    let Some(record) = entry.record().filter(|record| record.as_ptr() == counted.as_ptr()) else {
        return Ok(());
    };
    let draft = Draft::changed(Some(record), NewValue::Bytes(sketch.bytes()), true);
    entry.put(draft, Effect::Command(&[b"PFCOUNT".into(), key.into()]));
    Ok(())
}
