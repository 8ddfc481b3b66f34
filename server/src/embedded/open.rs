//! Opening an engine, sharing it within the process by path or name, and completing its files when the process ends
//! without closing it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::error::{Error, ErrorKind, Result};
use super::options::Options;
use super::shared::Shared;
use crate::config::Settings;
use crate::server::Server;

/// Data from which on closing asks the allocator to give memory back to the operating system.
const TRIM_BYTES: u64 = 16 << 20;

/// What an engine is found by when it is opened again.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    Path(PathBuf),
    Name(String),
}

type Registry = Mutex<HashMap<Key, Weak<Shared>>>;

/// The engines that are open under a path or name. A child of a fork starts with an empty registry (its parent's may
/// have been locked at that moment, and its engines are the parent's), so this is a pointer that the child clears.
static REGISTRY: AtomicPtr<Registry> = AtomicPtr::new(ptr::null_mut());

/// Called in a forked child: only what is allowed there.
pub(super) fn forget_in_child() {
    REGISTRY.store(ptr::null_mut(), Ordering::SeqCst);
}

fn registry() -> &'static Registry {
    let present = REGISTRY.load(Ordering::SeqCst);
    if !present.is_null() {
        // SAFETY: what the registry pointer holds is never freed.
        return unsafe { &*present };
    }
    let made = Box::into_raw(Box::<Registry>::default());
    match REGISTRY.compare_exchange(ptr::null_mut(), made, Ordering::SeqCst, Ordering::SeqCst) {
        // SAFETY: just made, and published: never freed from now on.
        Ok(_) => unsafe { &*made },
        Err(present) => {
            // SAFETY: just made, and not published.
            drop(unsafe { Box::from_raw(made) });
            // SAFETY: as above.
            unsafe { &*present }
        }
    }
}

/// Opens what `options` say, or takes a further handle on it where it is open already.
pub(super) fn open(options: &Options) -> Result<Arc<Shared>> {
    options.check()?;
    let Some(key) = key(options)? else { return start(options) };
    // Held during the whole start: a second opener of the same directory waits and shares.
    let mut open = registry().lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(shared) = open.get(&key).and_then(Weak::upgrade)
        && shared.add_handle().is_ok()
    {
        if !options.agrees_with(&shared.options) {
            let refused =
                Error::new(ErrorKind::Config, "it is open in this process already, with other options");
            drop(open);
            return release(shared, Memory::Free).and(Err(refused));
        }
        return Ok(shared);
    }
    let shared = start(options)?;
    open.insert(key, Arc::downgrade(&shared));
    Ok(shared)
}

/// What becomes of the memory of an engine that is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Memory {
    Free,
    /// Somebody may still look at it.
    Keep,
}

/// Gives a handle back; the last one ends the engine.
pub(super) fn release(shared: Arc<Shared>, memory: Memory) -> Result<()> {
    let key = key(&shared.options).ok().flatten();
    // Held until the directory is free again, so that whoever opens it next waits for that.
    let open = key.as_ref().map(|_| registry().lock().unwrap_or_else(PoisonError::into_inner));
    if shared.handles.fetch_sub(1, Ordering::SeqCst) > 1 {
        return Ok(());
    }
    let outcome = shared.shut_down();
    if let (Some(mut open), Some(key)) = (open, key) {
        open.remove(&key);
    }
    if memory == Memory::Free {
        free(shared);
    }
    outcome
}

/// Lets the memory go, once those who wait for the disk are through.
fn free(mut shared: Arc<Shared>) {
    /// They wait for the log, which is complete; if one does not return all the same, its return frees the memory.
    const PATIENCE: Duration = Duration::from_secs(10);
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        match Arc::try_unwrap(shared) {
            Ok(shared) => {
                let large = shared.engine.memory().used() >= TRIM_BYTES;
                drop(shared);
                return if large {
                    give_back_memory()
                };
            }
            Err(still_shared) => shared = still_shared,
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// Asks the allocator for what it keeps for later: the process may go on for long without another cache.
fn give_back_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: may be called at any time; it only looks at the allocator's own free memory.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Completes the files of engines that are still open when the process ends.
extern "C" fn at_exit() {
    let finish = || {
        // Without waiting: the thread that ends the process may be in the middle of opening.
        let Ok(open) = registry().try_lock() else { return };
        for shared in open.values().filter_map(Weak::upgrade) {
            if let Err(error) = shared.shut_down() {
                tracing::warn!("closing a cache at exit: {error}");
            }
        }
    };
    // Nobody is left to whom a panic could be told.
    let _ = std::panic::catch_unwind(finish);
}

fn key(options: &Options) -> Result<Option<Key>> {
    if let Some(path) = &options.path {
        std::fs::create_dir_all(path).map_err(|error| io(path, &error))?;
        return Ok(Some(Key::Path(path.canonicalize().map_err(|error| io(path, &error))?)));
    }
    Ok(options.name.clone().map(Key::Name))
}

fn start(options: &Options) -> Result<Arc<Shared>> {
    static AT_EXIT: Once = Once::new();
    if options.path.is_some() {
        AT_EXIT.call_once(|| {
            // SAFETY: the handler lives as long as the library, and is called once.
            let _full = unsafe { libc::atexit(at_exit) };
        });
    }
    let engine = super::files::open(options)?;
    let server = Server::new(engine.clone(), Settings::default());
    Ok(Shared::new(engine, server, options.clone()))
}

fn io(path: &std::path::Path, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("{}: {error}", path.display()))
}
