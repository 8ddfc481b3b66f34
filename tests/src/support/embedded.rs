//! An engine in this process that is served on ports at the same time.

use polycache_server::embedded::{Cache, Options, Serve};

/// See the module.
pub struct Embedded {
    pub cache: Cache,
    pub resp_port: u16,
    pub memcached_port: u16,
}

impl Embedded {
    /// In memory, on free ports of loopback; panics where that fails.
    pub fn start() -> Embedded {
        let cache = Cache::open(&Options::default()).expect("an engine in memory");
        let loopback = || Some("127.0.0.1:0".to_owned());
        let serve = Serve { resp: loopback(), memcached: loopback(), password: None };
        let served = cache.serve(&serve).expect("free ports");
        let port = |address: Option<&str>| {
            address.and_then(|address| address.rsplit(':').next()?.parse().ok()).expect("an address")
        };
        let (resp_port, memcached_port) = (port(served.resp()), port(served.memcached()));
        Embedded { cache, resp_port, memcached_port }
    }
}
