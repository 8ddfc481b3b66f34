//! INFO memory.

use super::{Text, process};
use crate::admin::memory::Figures;
use crate::server::Server;

/// The allocator of the server and of every binding; a Rust program may have chosen another.
const ALLOCATOR: &str = "mimalloc";

pub(super) fn write(text: &mut Text, server: &Server) {
    let figures = Figures::of(server);
    let tuning = server.engine.tuning();
    text.section("Memory");
    text.bytes("used_memory", figures.used);
    text.bytes("used_memory_rss", figures.resident);
    text.bytes("used_memory_peak", figures.peak);
    let percent = figures.used as f64 * 100.0 / figures.peak.max(1) as f64;
    text.line("used_memory_peak_perc", format_args!("{percent:.2}%"));
    text.line("used_memory_overhead", figures.overhead());
    text.line("used_memory_startup", figures.startup);
    text.line("used_memory_dataset", figures.data);
    text.line("used_memory_dataset_perc", format_args!("{:.2}%", figures.data_percent()));
    text.line("allocator_allocated", figures.used);
    text.line("allocator_active", figures.resident);
    text.line("allocator_resident", figures.resident);
    text.line("allocator_muzzy", 0);
    text.bytes("total_system_memory", process::machine_bytes());
    scripts(text, server);
    text.bytes("maxmemory", tuning.maxmemory());
    text.line("maxmemory_policy", tuning.policy().name());
    text.line("allocator_frag_ratio", "1.00");
    text.line("allocator_frag_bytes", 0);
    text.line("allocator_rss_ratio", "1.00");
    text.line("allocator_rss_bytes", 0);
    text.line("rss_overhead_ratio", "1.00");
    text.line("rss_overhead_bytes", 0);
    text.line("mem_fragmentation_ratio", format_args!("{:.2}", figures.fragmentation()));
    text.line("mem_fragmentation_bytes", figures.fragmentation_bytes());
    text.line("mem_not_counted_for_evict", figures.overhead());
    text.line("mem_replication_backlog", 0);
    text.line("mem_total_replication_buffers", 0);
    text.line("mem_replicas_repl_buffer", 0);
    text.line("mem_clients_slaves", 0);
    text.line("mem_clients_normal", figures.clients);
    text.line("mem_cluster_links", 0);
    text.line("mem_cluster_slot_import", 0);
    text.line("mem_cluster_slot_export", 0);
    text.line("mem_aof_buffer", figures.log);
    text.line("mem_allocator", ALLOCATOR);
    text.line("mem_overhead_db_hashtable_rehashing", 0);
    text.line("active_defrag_running", 0);
    let (pending, freed) = polycache_core::tree::lazily_freed();
    text.line("lazyfree_pending_objects", pending);
    text.line("lazyfreed_objects", freed);
}

/// Lua's states serve EVAL and functions alike, so all of their memory is named with EVAL.
fn scripts(text: &mut Text, server: &Server) {
    let figures = server.scripting.figures();
    text.bytes("used_memory_lua", figures.lua_bytes as u64);
    text.line("used_memory_vm_eval", figures.lua_bytes);
    text.line("used_memory_scripts_eval", figures.script_bytes);
    text.line("number_of_cached_scripts", figures.scripts);
    text.line("number_of_functions", figures.functions);
    text.line("number_of_libraries", figures.libraries);
    text.line("used_memory_vm_functions", 0);
    text.bytes("used_memory_vm_total", figures.lua_bytes as u64);
    text.line("used_memory_functions", figures.function_bytes);
    text.bytes("used_memory_scripts", (figures.script_bytes + figures.function_bytes) as u64);
}
