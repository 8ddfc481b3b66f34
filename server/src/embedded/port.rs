//! Stand-ins until the engine lands.
use super::error::*;
use super::options::Options;
use polycache_core::engine::{Engine, Operation};
use polycache_core::log::Lsn;

pub(super) fn begin(_: &Engine) -> Operation<'_> {
    todo!()
}
pub(super) fn wait(_: &Engine, _: Lsn) -> Result<()> {
    todo!()
}
pub(super) fn close(_: &Engine, _save: bool) -> Result<()> {
    todo!()
}
pub(super) fn log_tail(_: &Engine) -> Option<Lsn> {
    todo!()
}
pub(super) fn open(_: &Options) -> Result<Engine> {
    todo!()
}
