//! LATENCY: the monitor of events is not kept, so there are none.

use polycache_core::command::{Args, Ctx, Outcome};

/// `LATENCY LATEST`
pub(super) fn latest(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    ctx.reply.array(0);
    Ok(())
}

/// `LATENCY HISTORY event`
pub(super) fn history(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    ctx.reply.array(0);
    Ok(())
}

/// `LATENCY RESET [event ...]`
pub(super) fn reset(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    ctx.reply.integer(0);
    Ok(())
}

/// `LATENCY DOCTOR`
pub(super) fn doctor(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    let text = "Latency monitoring is not available. SLOWLOG GET shows slow commands, INFO commandstats the mean \
                time of each command.";
    ctx.reply.verbatim("txt", text.as_bytes());
    Ok(())
}

/// `LATENCY HELP`
pub(super) fn help(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    super::help(
        ctx,
        "LATENCY",
        &[
            "DOCTOR",
            "    Return a human readable latency analysis report.",
            "HISTORY <event>",
            "    Return time-latency samples for the <event> class.",
            "LATEST",
            "    Return the latest latency samples for all events.",
            "RESET [<event> ...]",
            "    Reset latency data of one or more <event> classes.",
            "    (default: reset all data for all event classes)",
        ],
    )
}
