//! One client as a line of CLIENT LIST, with the fields of Valkey 9.

use std::fmt::Write;
use std::sync::atomic::Ordering;

use polycache_core::command::{Args, Ctx, Outcome};

use super::{Client, Entry};
use crate::server::Server;
use crate::stats::CommandIndex;

/// CLIENT INFO.
pub fn info(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    let client = Client::of(ctx.host);
    client.publish(ctx.session);
    let mut text = String::new();
    describe(&mut text, &client.entry, &client.server);
    ctx.reply.verbatim("txt", text.as_bytes());
    Ok(())
}

/// Seconds since the client last sent something.
pub(super) fn idle_seconds(entry: &Entry, server: &Server) -> u64 {
    let ticks = &server.stats.ticks;
    // ORDERING: figures, see `entry.rs`.
    ticks.to_us(ticks.now().saturating_sub(entry.figures.last_active.load(Ordering::Relaxed))) / 1_000_000
}

/// Letters of what the client is: normal, or its exceptions.
pub(super) fn flags(entry: &Entry, server: &Server) -> String {
    let figures = &entry.figures;
    // ORDERING: figures, see `entry.rs`.
    let mut flags = String::new();
    if entry.addr.ends_with(":0") {
        flags.push('U');
    }
    if entry.is_subscriber() {
        flags.push('P');
    }
    if figures.in_multi.load(Ordering::Relaxed) {
        flags.push('x');
    }
    if entry.is_blocked() || figures.held.load(Ordering::Relaxed) {
        flags.push('b');
    }
    flags.push_str(server.tracking.shown(entry.id).0);
    if figures.no_evict.load(Ordering::Relaxed) {
        flags.push('e');
    }
    if figures.no_touch.load(Ordering::Relaxed) {
        flags.push('T');
    }
    if figures.import_source.load(Ordering::Relaxed) {
        flags.push('I');
    }
    if flags.is_empty() {
        flags.push('N');
    }
    flags
}

/// Appends the client's line.
pub(super) fn describe(line: &mut String, entry: &Entry, server: &Server) {
    let figures = &entry.figures;
    // ORDERING: figures, see `entry.rs`.
    let load = |figure: &std::sync::atomic::AtomicUsize| figure.load(Ordering::Relaxed);
    let command = match load(&figures.command) {
        0 => "NULL",
        position => server.stats.command_name(CommandIndex(position - 1)),
    };
    let (input, input_free, output) =
        (load(&figures.input_bytes), load(&figures.input_free), load(&figures.output_bytes));
    let [sub, psub, ssub] = figures.subscriptions.each_ref().map(load);
    let (_, redirect) = server.tracking.shown(entry.id);
    let multi = load(&figures.queued) as i64 - 1;
    let multi_bytes = if multi >= 0 { load(&figures.queued_bytes) } else { 0 };
    let watched = load(&figures.watched);
    let texts = entry.texts().clone();
    let _ = writeln!(
        line,
        "id={} addr={} laddr={} fd={} name={} age={} idle={} flags={} capa={} db={} sub={sub} psub={psub} ssub={ssub} multi={multi} \
         watch={watched} qbuf={input} qbuf-free={input_free} argv-mem=0 multi-mem={multi_bytes} rbs={output} rbp={output} obl={output} \
         oll=0 omem=0 tot-mem={} events={} cmd={command} user={} redir={redirect} resp={} lib-name={} lib-ver={} \
         tot-net-in={} tot-net-out={} tot-cmds={}",
        entry.id,
        entry.addr,
        entry.laddr,
        entry.fd,
        texts.name,
        entry.created.elapsed().as_secs(),
        idle_seconds(entry, server),
        flags(entry, server),
        if figures.can_redirect.load(Ordering::Relaxed) { "r" } else { "" },
        figures.db.load(Ordering::Relaxed),
        input + input_free + output + size_of::<Entry>(),
        if output > 0 { "rw" } else { "r" },
        String::from_utf8_lossy(&texts.user),
        figures.protocol.load(Ordering::Relaxed),
        texts.lib_name,
        texts.lib_ver,
        figures.net_input_bytes.load(Ordering::Relaxed),
        figures.net_output_bytes.load(Ordering::Relaxed),
        figures.commands.load(Ordering::Relaxed),
    );
}
