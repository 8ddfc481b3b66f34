//! A cache that is being served.

use polycache_server::embedded::Served;
use pyo3::prelude::*;

/// A cache on the network: `with cache.serve() as server: ...`, or stop() it, or let it run until the cache is closed.
#[pyclass(frozen, module = "polycache")]
pub struct Server {
    pub served: Served,
}

#[pymethods]
impl Server {
    /// Where Redis clients connect: "127.0.0.1:40123" or "unix:/path".
    #[getter]
    fn resp(&self) -> Option<&str> {
        self.served.resp()
    }

    /// Where memcached clients connect.
    #[getter]
    fn memcached(&self) -> Option<&str> {
        self.served.memcached()
    }

    /// The TCP port of Redis clients.
    #[getter]
    fn resp_port(&self) -> Option<u16> {
        port(self.served.resp())
    }

    /// The TCP port of memcached clients.
    #[getter]
    fn memcached_port(&self) -> Option<u16> {
        port(self.served.memcached())
    }

    /// Closes the listeners and their connections; the cache stays open.
    fn stop(&self, py: Python<'_>) {
        py.detach(|| self.served.stop());
    }

    fn __enter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, PyAny>) {
        self.stop(py);
    }

    fn __repr__(&self) -> String {
        let place = |address: Option<&str>| address.unwrap_or("off").to_owned();
        format!("<polycache.Server resp={} memcached={}>", place(self.resp()), place(self.memcached()))
    }
}

fn port(address: Option<&str>) -> Option<u16> {
    address?.rsplit_once(':')?.1.parse().ok()
}
