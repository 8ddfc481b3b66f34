//! The cache: dict manners, and the methods of every language.

use polycache_core::command::Value;
use polycache_core::record::{Rope, Str};
use polycache_server::embedded::{self, Condition, Durable, Error, Expire, Serve, SetOptions, Ttl};
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyBytes, PyDict, PyList, PyTuple};

use crate::arguments::{Argument, argument, expire, key};
use crate::containers::{class, container};
use crate::error::OrRaise;
use crate::loading;
use crate::many;
use crate::reply;
use crate::rope::{from_large_rope, from_rope};
use crate::scan::{Scan, Show};
use crate::server::Server;
use crate::subscription::Subscription;

/// Bytes from which copying takes longer than letting the GIL go.
pub const LARGE_BYTES: usize = 64 * 1024;

/// An open cache. Made by open().
#[pyclass(frozen, mapping, module = "polycache")]
pub struct Cache {
    cache: embedded::Cache,
}

/// A value on its way out of the engine.
pub enum Found<'py> {
    Small(Bound<'py, PyBytes>),
    Large(Rope),
}

impl Cache {
    pub fn of(cache: embedded::Cache) -> Cache {
        Cache { cache }
    }

    pub fn native(&self) -> &embedded::Cache {
        &self.cache
    }

    #[inline]
    fn read<'py>(&self, py: Python<'py>, key: &[u8]) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let found = self.cache.get(key, |value| match value {
            Str::Rope(rope) if rope.len() >= LARGE_BYTES => Found::Large(rope.clone()),
            Str::Rope(rope) => Found::Small(from_rope(py, rope)),
            Str::Inline(bytes) => Found::Small(PyBytes::new(py, bytes)),
        });
        match found.or_raise()? {
            None => Ok(None),
            Some(Found::Small(bytes)) => Ok(Some(bytes)),
            Some(Found::Large(rope)) => from_large_rope(py, &rope).map(Some),
        }
    }

    fn write(&self, py: Python<'_>, key: &[u8], value: &[u8], options: &SetOptions) -> PyResult<bool> {
        let written = if value.len() >= LARGE_BYTES {
            py.detach(|| self.cache.set(key, value, options))
        } else {
            self.cache.set(key, value, options)
        };
        finish(py, written)
    }
}

/// Waits for the disk where that was promised, without the GIL.
#[inline]
pub fn finish<T>(py: Python<'_>, written: embedded::Result<(T, Durable)>) -> PyResult<T> {
    let (result, durable) = written.or_raise()?;
    if durable.is_pending() {
        py.detach(|| durable.wait()).or_raise()?;
    }
    Ok(result)
}

#[pymethods]
impl Cache {
    /// The value of a key as bytes, or `default`.
    #[pyo3(signature = (key, default=None, /))]
    fn get<'py>(
        &self,
        py: Python<'py>,
        key: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(match self.read(py, self::key(key)?)? {
            Some(bytes) => Some(bytes.into_any()),
            None => default,
        })
    }

    /// Sets a key; whether it was written (which nx and xx may prevent).
    #[pyo3(signature = (key, value, ttl=None, *, nx=false, xx=false, keep_ttl=false))]
    #[allow(clippy::too_many_arguments)]
    fn set(
        &self,
        py: Python<'_>,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
        ttl: Option<&Bound<'_, PyAny>>,
        nx: bool,
        xx: bool,
        keep_ttl: bool,
    ) -> PyResult<bool> {
        let condition = match (nx, xx) {
            (false, false) => Condition::Always,
            (true, false) => Condition::IfAbsent,
            (false, true) => Condition::IfPresent,
            (true, true) => return Err(PyValueError::new_err("nx and xx exclude each other")),
        };
        let expire = match (keep_ttl, ttl) {
            (true, Some(_)) => return Err(PyValueError::new_err("ttl and keep_ttl exclude each other")),
            (true, None) => Expire::Keep,
            (false, ttl) => expire(ttl)?,
        };
        let key = self::key(key)?;
        argument(value)?.with(|value| self.write(py, key, value, &SetOptions { expire, condition }))
    }

    /// The value of a key, or what `loader` returns, which is stored: of all who ask meanwhile, one loads.
    #[pyo3(signature = (key, loader, ttl=None, *, early=None, stale=true, wait=10.0))]
    #[allow(clippy::too_many_arguments)]
    fn get_or_load<'py>(
        this: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
        loader: &Bound<'py, PyAny>,
        ttl: Option<&Bound<'py, PyAny>>,
        early: Option<&Bound<'py, PyAny>>,
        stale: bool,
        wait: f64,
    ) -> PyResult<Bound<'py, PyAny>> {
        loading::get_or_load(this, "get_or_load", key, loader, ttl, (early, stale, wait))
    }

    /// The same for coroutines: `loader` may be a coroutine function, and waiting lets the event loop run.
    #[pyo3(signature = (key, loader, ttl=None, *, early=None, stale=true, wait=10.0))]
    #[allow(clippy::too_many_arguments)]
    fn aget_or_load<'py>(
        this: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
        loader: &Bound<'py, PyAny>,
        ttl: Option<&Bound<'py, PyAny>>,
        early: Option<&Bound<'py, PyAny>>,
        stale: bool,
        wait: f64,
    ) -> PyResult<Bound<'py, PyAny>> {
        loading::get_or_load(this, "aget_or_load", key, loader, ttl, (early, stale, wait))
    }

    /// A decorator: the function's results are stored under its name and arguments.
    #[pyo3(signature = (ttl=None, **options))]
    fn memoize<'py>(
        this: &Bound<'py, Self>,
        ttl: Option<&Bound<'py, PyAny>>,
        options: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let memoize = this.py().import("polycache.memoize")?.getattr("memoize")?;
        memoize.call((this, ttl), options)
    }

    /// Marks a value as out of date: the next get_or_load() loads it anew. Whether there was a value.
    #[pyo3(signature = (key, /))]
    fn invalidate(&self, py: Python<'_>, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        finish(py, self.cache.invalidate(self::key(key)?))
    }

    /// Deletes a key; whether there was one.
    #[pyo3(signature = (key, /))]
    fn delete(&self, py: Python<'_>, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        finish(py, self.cache.delete(self::key(key)?))
    }

    /// Whether a key exists.
    #[pyo3(signature = (key, /))]
    fn exists(&self, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.cache.exists(self::key(key)?).or_raise()
    }

    /// The values of keys as they stand at one instant, in the order of the keys; None for a missing one.
    #[pyo3(signature = (keys, /))]
    fn get_many<'py>(&self, py: Python<'py>, keys: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
        many::get(py, &self.cache, keys)
    }

    /// Sets all items of a mapping (or pairs) at one instant.
    #[pyo3(signature = (items, ttl=None))]
    fn set_many(
        &self,
        py: Python<'_>,
        items: &Bound<'_, PyAny>,
        ttl: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        many::set(py, &self.cache, items, ttl)
    }

    /// Deletes keys at one instant; how many there were.
    #[pyo3(signature = (keys, /))]
    fn delete_many(&self, py: Python<'_>, keys: &Bound<'_, PyAny>) -> PyResult<usize> {
        many::delete(py, &self.cache, keys)
    }

    /// Adds to the integer at a key, 0 where there is none; the sum.
    #[pyo3(signature = (key, by=1, /))]
    fn incr(&self, py: Python<'_>, key: &Bound<'_, PyAny>, by: i64) -> PyResult<i64> {
        finish(py, self.cache.increment(self::key(key)?, by))
    }

    /// Subtracts from the integer at a key, 0 where there is none; the difference.
    #[pyo3(signature = (key, by=1, /))]
    fn decr(&self, py: Python<'_>, key: &Bound<'_, PyAny>, by: i64) -> PyResult<i64> {
        let by = by.checked_neg().ok_or_else(|| PyValueError::new_err("by is out of range"))?;
        self.incr(py, key, by)
    }

    /// Lets a key expire after `ttl` (seconds or a timedelta); whether the key exists.
    #[pyo3(signature = (key, ttl, /))]
    fn expire(&self, py: Python<'_>, key: &Bound<'_, PyAny>, ttl: &Bound<'_, PyAny>) -> PyResult<bool> {
        if ttl.is_none() {
            return self.persist(py, key);
        }
        finish(py, self.cache.expire(self::key(key)?, expire(Some(ttl))?))
    }

    /// Lets a key never expire; whether the key exists.
    #[pyo3(signature = (key, /))]
    fn persist(&self, py: Python<'_>, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        finish(py, self.cache.expire(self::key(key)?, Expire::Never))
    }

    /// The seconds that a key has left, None where it never expires. KeyError without the key.
    #[pyo3(signature = (key, /))]
    fn ttl(&self, key: &Bound<'_, PyAny>) -> PyResult<Option<f64>> {
        match self.cache.ttl(self::key(key)?).or_raise()? {
            Ttl::Missing => Err(missing(key)),
            Ttl::Forever => Ok(None),
            Ttl::Left { ms } => Ok(Some(ms as f64 / 1000.0)),
        }
    }

    /// An iterator over the keys that a glob pattern matches.
    #[pyo3(signature = (r#match=None, count=0))]
    fn scan(this: Py<Self>, r#match: Option<&Bound<'_, PyAny>>, count: usize) -> PyResult<Scan> {
        let pattern = r#match.map(|pattern| key(pattern).map(<[u8]>::to_vec)).transpose()?;
        Ok(Scan::new(this, Show::Keys, pattern, count))
    }

    /// An iterator over all keys.
    fn keys(this: Py<Self>) -> Scan {
        Scan::new(this, Show::Keys, None, 0)
    }

    /// An iterator over all values that are strings.
    fn values(this: Py<Self>) -> Scan {
        Scan::new(this, Show::Values, None, 0)
    }

    /// An iterator over all keys with their values that are strings.
    fn items(this: Py<Self>) -> Scan {
        Scan::new(this, Show::Items, None, 0)
    }

    /// Deletes a key at once with reading it: its value, or `default`.
    #[pyo3(signature = (key, default=None, /))]
    fn pop<'py>(
        &self,
        py: Python<'py>,
        key: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        match finish(py, self.cache.execute(&[b"GETDEL", self::key(key)?]))? {
            Value::Null => Ok(default),
            value => reply::object(py, &value).map(Some),
        }
    }

    /// What a key holds as a list. (Of a key without one too: it is empty then, as for the others.)
    #[pyo3(signature = (key, /))]
    fn list<'py>(this: &Bound<'py, Self>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        container(this, key, class!(this.py(), "List")?)
    }

    /// What a key holds as a set.
    #[pyo3(signature = (key, /))]
    fn set_<'py>(this: &Bound<'py, Self>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        container(this, key, class!(this.py(), "Set")?)
    }

    /// What a key holds as a hash.
    #[pyo3(signature = (key, /))]
    fn hash<'py>(this: &Bound<'py, Self>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        container(this, key, class!(this.py(), "Hash")?)
    }

    /// What a key holds as a sorted set.
    #[pyo3(signature = (key, /))]
    fn sorted_set<'py>(this: &Bound<'py, Self>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        container(this, key, class!(this.py(), "SortedSet")?)
    }

    /// What a key holds as a stream.
    #[pyo3(signature = (key, /))]
    fn stream<'py>(this: &Bound<'py, Self>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        container(this, key, class!(this.py(), "Stream")?)
    }

    /// Carries out any command: its reply as Python objects, or CommandError. One that waits lets other threads run.
    #[pyo3(signature = (command, /, *arguments))]
    fn execute<'py>(
        &self,
        py: Python<'py>,
        command: &Bound<'py, PyAny>,
        arguments: &Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let objects: Vec<Bound<'py, PyAny>> = arguments.iter().collect();
        let mut args = vec![Argument::Borrowed(key(command)?)];
        for object in &objects {
            args.push(argument(object)?.into_owned_where_made());
        }
        let args: Vec<&[u8]> = args.iter().map(Argument::as_bytes).collect();
        let mut interrupt = None;
        let value = py.detach(|| {
            // A command that waits (BLPOP) listens to Ctrl-C.
            let mut keep_waiting = || match Python::try_attach(|py| py.check_signals()) {
                Some(outcome) => outcome.map_err(|error| interrupt = Some(error)).is_ok(),
                None => false,
            };
            let (value, durable) = self.cache.execute_while(&args, &mut keep_waiting)?;
            durable.wait()?;
            Ok::<_, Error>(value)
        });
        if let Some(error) = interrupt {
            return Err(error);
        }
        reply::object(py, &value.or_raise()?)
    }

    /// Several commands as one, each a sequence of its words; a CommandError in the place of a reply is not raised.
    #[pyo3(signature = (commands, /))]
    fn transaction<'py>(&self, py: Python<'py>, commands: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        crate::transaction::run(py, &self.cache, commands)
    }

    /// Numbers about the cache: keys, hits, misses, expired, evicted, used_bytes, max_bytes.
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        reply::numbers(py, &py.detach(|| self.cache.stats()).or_raise()?)
    }

    /// The fields of INFO, or of one section of it, as text.
    #[pyo3(signature = (section=None, /))]
    fn info<'py>(&self, py: Python<'py>, section: Option<&str>) -> PyResult<Bound<'py, PyDict>> {
        py.detach(|| self.cache.info(section)).or_raise()?.into_py_dict(py)
    }

    /// Another handle, on database `index` (0 to 15) of the same data.
    #[pyo3(signature = (index, /))]
    fn database(&self, index: u32) -> PyResult<Cache> {
        Ok(Cache { cache: self.cache.database(index).or_raise()? })
    }

    /// Publishes a message; how many subscribers it went to, in this program and on the wire.
    fn publish(&self, channel: &Bound<'_, PyAny>, message: &Bound<'_, PyAny>) -> PyResult<usize> {
        let channel = key(channel)?;
        argument(message)?.with(|message| self.cache.publish(channel, message)).or_raise()
    }

    /// Listens to channels, and to patterns of names: an iterator over pairs of a channel and what was published.
    #[pyo3(signature = (*channels, patterns=None))]
    fn subscribe(
        &self,
        channels: &Bound<'_, PyTuple>,
        patterns: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Subscription> {
        Subscription::new(&self.cache, channels, patterns)
    }

    /// Serves the cache to other programs: "host:port" (port 0 is any free one) or "unix:/path".
    #[pyo3(
        signature = (resp=Some("127.0.0.1:0".to_owned()), memcached=None, *, password=None),
        text_signature = "($self, resp='127.0.0.1:0', memcached=None, *, password=None)"
    )]
    fn serve(
        &self,
        py: Python<'_>,
        resp: Option<String>,
        memcached: Option<String>,
        password: Option<String>,
    ) -> PyResult<Server> {
        let serve = Serve { resp, memcached, password };
        Ok(Server { served: py.detach(|| self.cache.serve(&serve)).or_raise()? })
    }

    /// Writes a snapshot to the directory, and returns when it is complete.
    fn save(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.cache.save()).or_raise()
    }

    /// Returns when everything written so far is on the disk.
    fn flush(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.cache.flush()).or_raise()
    }

    /// Deletes every key.
    fn clear(&self, py: Python<'_>) -> PyResult<()> {
        let cleared = py.detach(|| self.cache.clear());
        finish(py, cleared.map(|durable| ((), durable)))
    }

    /// Closes the cache; closing again does nothing.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        if self.cache.is_closed() {
            return Ok(());
        }
        match py.detach(|| self.cache.close()) {
            // Another thread was faster.
            Err(error) if error.kind() == embedded::ErrorKind::Closed => Ok(()),
            outcome => outcome.or_raise(),
        }
    }

    /// Whether the cache was closed.
    #[getter]
    fn closed(&self) -> bool {
        self.cache.is_closed()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
        self.read(py, self::key(key)?)?.ok_or_else(|| missing(key))
    }

    fn __setitem__(&self, py: Python<'_>, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let key = self::key(key)?;
        argument(value)?.with(|value| self.write(py, key, value, &SetOptions::default())).map(drop)
    }

    fn __delitem__(&self, py: Python<'_>, key: &Bound<'_, PyAny>) -> PyResult<()> {
        if self.delete(py, key)? { Ok(()) } else { Err(missing(key)) }
    }

    fn __contains__(&self, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.exists(key)
    }

    fn __len__(&self) -> PyResult<usize> {
        Ok(self.cache.len().or_raise()? as usize)
    }

    /// An open cache is true, even an empty one: `if cache:` asks whether there is one.
    fn __bool__(&self) -> bool {
        !self.cache.is_closed()
    }

    fn __iter__(this: Py<Self>) -> Scan {
        Scan::new(this, Show::Keys, None, 0)
    }

    fn __enter__(this: Py<Self>) -> Py<Self> {
        this
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, PyAny>) -> PyResult<()> {
        self.close(py)
    }

    fn __repr__(&self) -> String {
        let state = if self.cache.is_closed() { "closed" } else { "open" };
        format!("<polycache.Cache db={} {state}>", self.cache.database_index())
    }
}

fn missing(key: &Bound<'_, PyAny>) -> PyErr {
    PyKeyError::new_err(key.clone().unbind())
}
