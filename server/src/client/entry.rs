//! What other threads may see of a client, for CLIENT LIST and CLIENT KILL.

/// The way a client came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    Resp,
    Memcached,
    Embedded,
}

/// One client in the registry.
pub struct Entry {
    pub id: u64,
    pub face: Face,
    /// The peer, `127.0.0.1:1234` or `/path/of.sock:0`.
    pub addr: String,
    /// Our side.
    pub laddr: String,
}
