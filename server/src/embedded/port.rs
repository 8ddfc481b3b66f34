//! Stand-ins until persistence lands.
use polycache_core::engine::Engine;
use polycache_core::log::Lsn;

use super::error::Result;
use super::options::Options;

pub(super) fn wait(_: &Engine, _: Lsn) -> Result<()> {
    Ok(())
}
pub(super) fn close(_: &Engine, _save: bool) -> Result<()> {
    Ok(())
}
pub(super) fn log_tail(_: &Engine) -> Option<Lsn> {
    None
}
pub(super) fn open(options: &Options) -> Result<Engine> {
    Ok(Engine::in_memory(options.engine_config()?))
}
