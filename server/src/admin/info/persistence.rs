//! INFO persistence.

use polycache_core::command::Ctx;

use super::Text;
use crate::server::Server;

pub(super) fn write(text: &mut Text, _: &Ctx<'_>, _: &Server) {
    text.section("Persistence");
    text.line("loading", 0);
    text.line("async_loading", 0);
    text.line("rdb_bgsave_in_progress", 0);
    text.line("aof_enabled", 0);
}
