//! What the connection's user may do: each act here is judged as the Redis command that does the same.

use polycache_core::command::{Args, Failure};

use super::work::Work;
use crate::acl::{self, Context};

impl Work<'_> {
    /// Whether the user may read `key`.
    #[inline]
    pub fn permit_read(&mut self, key: &[u8]) -> Result<(), Failure> {
        if self.is_guarded | self.is_monitored { self.judge(&[b"get", key]) } else { Ok(()) }
    }

    /// Whether the user may read `key` and change when it expires.
    #[inline]
    pub fn permit_read_and_touch(&mut self, key: &[u8]) -> Result<(), Failure> {
        if self.is_guarded | self.is_monitored { self.judge(&[b"getex", key, b"ex", b"0"]) } else { Ok(()) }
    }

    /// Whether the user may store under `key`.
    #[inline]
    pub fn permit_store(&mut self, key: &[u8]) -> Result<(), Failure> {
        if self.is_guarded | self.is_monitored { self.judge(&[b"set", key, b""]) } else { Ok(()) }
    }

    /// Whether the user may put something behind or before what `key` holds.
    #[inline]
    pub fn permit_append(&mut self, key: &[u8]) -> Result<(), Failure> {
        if self.is_guarded | self.is_monitored { self.judge(&[b"append", key, b""]) } else { Ok(()) }
    }

    /// Whether the user may remove `key`.
    #[inline]
    pub fn permit_remove(&mut self, key: &[u8]) -> Result<(), Failure> {
        if self.is_guarded | self.is_monitored { self.judge(&[b"del", key]) } else { Ok(()) }
    }

    /// Whether the user may count with `key`.
    #[inline]
    pub fn permit_count(&mut self, key: &[u8]) -> Result<(), Failure> {
        if self.is_guarded | self.is_monitored { self.judge(&[b"incrby", key, b"1"]) } else { Ok(()) }
    }

    /// Whether the user may change when `key` expires.
    #[inline]
    pub fn permit_touch(&mut self, key: &[u8]) -> Result<(), Failure> {
        if self.is_guarded | self.is_monitored { self.judge(&[b"expire", key, b"0"]) } else { Ok(()) }
    }

    /// Whether the user may call a Redis command that touches no named key.
    #[inline]
    pub fn permit_call(&mut self, args: Args<'_>) -> Result<(), Failure> {
        if self.is_guarded | self.is_monitored { self.judge(args) } else { Ok(()) }
    }

    #[cold]
    fn judge(&mut self, args: Args<'_>) -> Result<(), Failure> {
        // Under its own name, whatever `rename-command` makes of it.
        let spec = crate::server::registry().resolve(args)?;
        let db = self.ctx.session.db;
        if self.is_guarded
            && let Some(failure) = acl::refusal(self.client(), db, spec, args, Context::TopLevel)
        {
            return Err(failure);
        }
        if self.is_monitored {
            let server = self.server;
            server.monitors.tell(server, spec, db, &self.client().entry.addr, args);
        }
        Ok(())
    }
}
