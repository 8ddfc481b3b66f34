//! INFO commandstats and errorstats.

use polycache_core::command::Ctx;

use super::Text;
use crate::server::Server;

pub(super) fn write_stats(text: &mut Text, _: &Ctx<'_>, server: &Server) {
    text.section("Commandstats");
    for command in server.stats.commands() {
        let mean = if command.calls == 0 { 0.0 } else { command.usec as f64 / command.calls as f64 };
        text.line(
            &format!("cmdstat_{}", command.name),
            format_args!(
                "calls={},usec={},usec_per_call={mean:.2},rejected_calls={},failed_calls={}",
                command.calls, command.usec, command.rejected, command.failed
            ),
        );
    }
}

pub(super) fn write_errors(text: &mut Text, _: &Ctx<'_>, server: &Server) {
    text.section("Errorstats");
    for (code, count) in server.stats.errors() {
        text.line(&format!("errorstat_{code}"), format_args!("count={count}"));
    }
}
