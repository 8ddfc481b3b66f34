//! MODULE: there are none, and none can be loaded.

use polycache_core::command::{Args, Ctx, Failure, Outcome};

/// `MODULE LIST`
pub(super) fn list(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    ctx.reply.array(0);
    Ok(())
}

/// `MODULE LOAD path [arg ...]`, `LOADEX ...`, `UNLOAD name`
pub(super) fn refuse(_: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    Err(Failure::text("ERR Polycache has no modules: what it can do is built in"))
}

/// `MODULE HELP`
pub(super) fn help(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    super::help(
        ctx,
        "MODULE",
        &[
            "LIST",
            "    Return a list of loaded modules.",
            "LOAD <path> [<arg> ...]",
            "    Load a module library from <path>, passing to it any optional arguments.",
            "LOADEX <path> [[CONFIG NAME VALUE] [CONFIG NAME VALUE]] [ARGS ...]",
            "    Load a module library from <path>, while passing it module configurations and optional arguments.",
            "UNLOAD <name>",
            "    Unload a module.",
        ],
    )
}
