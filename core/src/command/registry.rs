//! The command table at run time: look-up by name, and dispatch.

use std::collections::HashMap;

use super::args::echoed;
use super::spec::{Spec, flag};
use super::{Args, Ctx, Failure};

/// Command names are at most this long; longer ones are unknown without a look.
const NAME_BYTES_MAX: usize = 32;
/// How much of an unknown command's name and arguments its error repeats, as in Redis.
const ECHO_BYTES_MAX: usize = 128;

/// All commands that a face offers, found by name.
pub struct Registry {
    by_name: HashMap<&'static [u8], &'static Spec, rapidhash::fast::RandomState>,
    in_order: Vec<&'static Spec>,
}

impl Registry {
    /// Joins the tables of several families; a name must not appear twice.
    pub fn new(families: &[&'static [Spec]]) -> Registry {
        let mut by_name = HashMap::default();
        let mut in_order = Vec::new();
        for spec in families.iter().copied().flatten() {
            let older = by_name.insert(spec.name.as_bytes(), spec);
            assert!(older.is_none(), "command {} is defined twice", spec.name);
            in_order.push(spec);
        }
        Registry { by_name, in_order }
    }

    /// Gives a command another name, or takes it away where `to` is empty (`rename-command`).
    pub fn rename(&mut self, from: &str, to: &'static str) -> Result<(), &'static str> {
        let from = from.to_ascii_lowercase();
        if to.len() > NAME_BYTES_MAX || to.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err("Target command name is too long, or not in lower case");
        }
        if !to.is_empty() && self.by_name.contains_key(to.as_bytes()) {
            return Err("Target command name already exists");
        }
        let spec = self.by_name.remove(from.as_bytes()).ok_or("No such command in rename-command")?;
        if to.is_empty() {
            self.in_order.retain(|other| !std::ptr::eq(*other, spec));
        } else {
            self.by_name.insert(to.as_bytes(), spec);
        }
        Ok(())
    }

    /// The command called `name`, in any case.
    pub fn lookup(&self, name: &[u8]) -> Option<&'static Spec> {
        let mut lower = [0; NAME_BYTES_MAX];
        let lower = lower.get_mut(..name.len())?;
        for (to, from) in lower.iter_mut().zip(name) {
            *to = from.to_ascii_lowercase();
        }
        self.by_name.get(&*lower).copied()
    }

    /// The subcommand `name` of a container, in any case.
    pub fn subcommand(container: &'static Spec, name: &[u8]) -> Option<&'static Spec> {
        container.subcommands.iter().find(|spec| spec.name.as_bytes().eq_ignore_ascii_case(name))
    }

    /// All commands in the order of their tables.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'static Spec> {
        self.in_order.iter().copied()
    }

    /// The row that `args` means: command, or subcommand of a container. Checks the arity.
    pub fn resolve(&self, args: Args<'_>) -> Result<&'static Spec, Failure> {
        let spec = self.lookup(args[0]).ok_or_else(|| unknown_command(args))?;
        if spec.subcommands.is_empty() || (args.len() == 1 && spec.arity_fits(1)) {
            return if spec.arity_fits(args.len()) { Ok(spec) } else { Err(Failure::wrong_arity(spec.name)) };
        }
        let Some(name) = args.get(1) else { return Err(Failure::wrong_arity(spec.name)) };
        let Some(sub) = Self::subcommand(spec, name) else {
            let name = echoed(&name[..name.len().min(ECHO_BYTES_MAX)]);
            return Err(Failure::new(format!(
                "ERR unknown subcommand '{name}'. Try {} HELP.",
                spec.name.to_ascii_uppercase()
            )));
        };
        if sub.arity_fits(args.len()) {
            Ok(sub)
        } else {
            Err(Failure::wrong_arity(&format!("{}|{}", spec.name, sub.name)))
        }
    }
}

fn unknown_command(args: Args<'_>) -> Failure {
    let name = echoed(&args[0][..args[0].len().min(ECHO_BYTES_MAX)]);
    let mut rest = String::new();
    for arg in &args[1..] {
        if rest.len() >= ECHO_BYTES_MAX {
            break;
        }
        let room = ECHO_BYTES_MAX - rest.len();
        rest.push_str(&format!("'{}' ", echoed(&arg[..arg.len().min(room)])));
    }
    Failure::new(format!("ERR unknown command '{name}', with args beginning with: {rest}"))
}

/// Resolves, checks and carries out one command; failures become error replies.
/// Returns the row where one was found, for statistics.
pub fn dispatch(ctx: &mut Ctx<'_>, args: Args<'_>) -> Option<&'static Spec> {
    match ctx.registry.resolve(args) {
        Ok(spec) => {
            execute(spec, ctx, args);
            Some(spec)
        }
        Err(failure) => {
            ctx.reply.error(&failure.0);
            None
        }
    }
}

/// Carries out a resolved command.
pub fn execute(spec: &'static Spec, ctx: &mut Ctx<'_>, args: Args<'_>) {
    ctx.op.act_as(spec.name);
    if ctx.op.gathered.tells_reads() {
        ctx.host.will_run(spec, args);
    }
    let outcome =
        if spec.flags & flag::WRITE != 0 { write(spec, ctx, args) } else { (spec.handler)(ctx, args) };
    if let Err(failure) = outcome {
        let failure = if ctx.op.scope.take_conflict() { Failure::SCOPES_CONFLICT } else { failure };
        ctx.reply.error(&failure.0);
    }
}

fn write(spec: &'static Spec, ctx: &mut Ctx<'_>, args: Args<'_>) -> super::Outcome {
    ctx.engine.admit_write(ctx.op, spec.flags & flag::DENYOOM != 0)?;
    (spec.handler)(ctx, args)
}
