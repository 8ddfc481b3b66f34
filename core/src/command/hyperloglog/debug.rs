//! PFDEBUG and PFSELFTEST.

use super::sketch;
use crate::command::args::{echoed, is_word};
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::hyperloglog::{Encoding, REGISTERS, Sketch};
use crate::record::{Draft, Effect, NewValue};

/// `PFDEBUG GETREG | DECODE | ENCODING | TODENSE key`, `PFDEBUG SIMD ON | OFF`
pub(super) fn pfdebug(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const NO_KEY: Failure = Failure::text("ERR The specified key does not exist");
    const ON_OR_OFF: Failure = Failure::text("ERR Argument must be ON or OFF");
    const NOT_SPARSE: Failure = Failure::text("ERR HLL encoding is not sparse");
    let is = |name| is_word(args[1], name);
    if is("SIMD") {
        // There is only one way of computing here.
        let is_on = is_word(args[2], "ON");
        if !is_on && !is_word(args[2], "OFF") {
            return Err(ON_OR_OFF);
        }
        ctx.reply.status(if is_on { "enabled" } else { "disabled" });
        return Ok(());
    }
    let mut entry = ctx.latch(args[2])?;
    let record = entry.record().ok_or(NO_KEY)?;
    let mut sketch = sketch(record)?;
    let is_made_dense = (is("GETREG") || is("TODENSE")) && sketch.make_dense()?;
    if is_made_dense {
        entry.put(Draft::changed(Some(record), NewValue::Bytes(sketch.bytes()), true), Effect::Set);
    }
    drop(entry);
    match () {
        _ if is("GETREG") => {
            let registers = sketch.registers()?;
            ctx.reply.array(REGISTERS);
            registers.iter().for_each(|&register| ctx.reply.integer(i64::from(register)));
        }
        _ if is("TODENSE") => ctx.reply.integer(i64::from(is_made_dense)),
        _ if is("DECODE") => {
            let runs = sketch.runs().ok_or(NOT_SPARSE)?;
            let texts: Vec<String> = runs
                .iter()
                .map(|run| match (run.value, run.bytes) {
                    (0, 1) => format!("z:{}", run.len),
                    (0, _) => format!("Z:{}", run.len),
                    (value, _) => format!("v:{value},{}", run.len),
                })
                .collect();
            ctx.reply.bulk(texts.join(" ").as_bytes());
        }
        _ if is("ENCODING") => ctx.reply.status(match sketch.encoding() {
            Encoding::Dense => "dense",
            Encoding::Sparse => "sparse",
        }),
        _ => return Err(Failure::new(format!("ERR Unknown PFDEBUG subcommand '{}'", echoed(args[1])))),
    }
    Ok(())
}

/// `PFSELFTEST`: both forms must agree, and be close to the truth.
pub(super) fn pfselftest(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    const DISAGREE: Failure = Failure::text("ERR TESTFAILED dense/sparse disagree");
    const ELEMENTS: u64 = 100_000;
    /// Six times the standard error of 1.04 / sqrt(16384).
    const ERROR_MAX: f64 = 6.0 * 1.04 / 128.0;
    let room = ctx.engine.tuning().hll_sparse_max_bytes();
    let (mut sparse, mut dense) = (Sketch::default(), Sketch::default());
    dense.make_dense()?;
    let seed = fastrand::u64(..);
    let mut checkpoint = 100;
    for number in 1..=ELEMENTS {
        let element = (number ^ seed).to_le_bytes();
        if sparse.add(&element, room)? != dense.add(&element, room)? {
            return Err(DISAGREE);
        }
        if number == checkpoint {
            let count = dense.clone().count()?;
            if sparse.clone().count()? != count {
                return Err(DISAGREE);
            }
            if count.abs_diff(number) as f64 > (ERROR_MAX * number as f64).ceil() {
                let error = count.abs_diff(number);
                return Err(Failure::new(format!(
                    "ERR TESTFAILED Too big error. card:{number} abserr:{error}"
                )));
            }
            checkpoint *= 10;
        }
    }
    ctx.reply.ok();
    Ok(())
}
