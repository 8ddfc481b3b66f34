//! The settings of a running server.
//!
//! *Concurrency:* readers take an `Arc` of one consistent set; a worker keeps a [`Cached`] one, which costs a relaxed
//! load while nothing changes. CONFIG SET calls are serialised; each makes a new set and publishes it only after every
//! hook has accepted it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use super::table::{self, FILE_ONLY, IMMUTABLE, PROTECTED, Setting, Settings};

/// Why a change is refused by what it would be applied to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The setting that is to blame.
    pub setting: &'static str,
    pub reason: String,
}

/// Applies a change from the first settings to the second. When a later hook refuses, it is called again with the two
/// exchanged; its refusal is then only logged.
pub type Hook = Box<dyn Fn(&Settings, &Settings) -> Result<(), Refusal> + Send + Sync>;

/// The current settings and who is told of changes.
pub struct Live {
    current: RwLock<Arc<Settings>>,
    generation: AtomicU64,
    /// The configuration file, for CONFIG REWRITE.
    file: OnceLock<PathBuf>,
    /// Held by whoever changes the settings.
    hooks: Mutex<Vec<Hook>>,
}

impl Live {
    /// The settings that a server starts with.
    pub fn new(settings: Settings) -> Live {
        Live {
            current: RwLock::new(Arc::new(settings)),
            generation: AtomicU64::new(0),
            file: OnceLock::new(),
            hooks: Mutex::new(Vec::new()),
        }
    }

    /// Puts other settings in force without asking the hooks: for who sets up a server that does not serve yet.
    pub fn replace(&self, settings: Settings) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
        // ORDERING: pairs with the Acquire load in `Live::generation`.
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// Names the configuration file that the settings came from; only the first call counts.
    pub fn set_file(&self, file: &Path) {
        // The path must keep its meaning should the process change its directory.
        let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let _ = self.file.set(file);
    }

    /// Changes with every change of the settings: one load tells a thread that its copy is still good.
    pub fn generation(&self) -> u64 {
        // ORDERING: pairs with the Release increment in `Live::set`; who sees the new number finds the new settings.
        self.generation.load(Ordering::Acquire)
    }

    /// The settings now.
    pub fn load(&self) -> Arc<Settings> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The configuration file that the server was started with.
    pub fn file(&self) -> Option<&Path> {
        self.file.get().map(PathBuf::as_path)
    }

    /// Registers what applies changes; hooks run in the order in which they were added.
    pub fn on_change(&self, hook: Hook) {
        self.hooks.lock().unwrap_or_else(PoisonError::into_inner).push(hook);
    }

    /// Carries out CONFIG SET: all pairs or none. `protected` allows protected settings. The error is the reply's text.
    pub fn set(&self, pairs: &[(&[u8], &[u8])], protected: bool) -> Result<(), String> {
        let hooks = self.hooks.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<(&Setting, &[u8], &[u8])> = Vec::with_capacity(pairs.len());
        for (name, value) in pairs {
            let setting = std::str::from_utf8(name).ok().and_then(table::lookup);
            let Some(setting) = setting.filter(|setting| !setting.is(FILE_ONLY)) else {
                let name = String::from_utf8_lossy(name);
                // As C prints it.
                let name = name.split('\0').next().unwrap_or_default();
                return Err(format!("ERR Unknown option or number of arguments for CONFIG SET - '{name}'"));
            };
            if setting.is(PROTECTED) && !protected {
                return Err(failed(name, "can't set protected config"));
            }
            if setting.is(IMMUTABLE) {
                return Err(failed(name, "can't set immutable config"));
            }
            if found.iter().any(|(other, ..)| other.name == setting.name) {
                return Err(failed(name, "duplicate parameter"));
            }
            found.push((setting, name, value));
        }
        let old = self.load();
        let mut new = (*old).clone();
        for (setting, name, value) in &found {
            let text = std::str::from_utf8(value).map_err(|_| failed(name, "argument is not valid UTF-8"))?;
            let value =
                setting.parse(&[text], Some(&old.value(setting))).map_err(|reason| failed(name, &reason))?;
            new.assign(setting, value);
        }
        for (index, hook) in hooks.iter().enumerate() {
            let Err(refusal) = hook(&old, &new) else { continue };
            for hook in hooks[..index].iter().rev() {
                if let Err(refusal) = hook(&new, &old) {
                    tracing::warn!("{} could not be set back: {}", refusal.setting, refusal.reason);
                }
            }
            let name =
                found.iter().find(|(setting, ..)| setting.name == refusal.setting).map(|(_, name, _)| *name);
            return Err(failed(name.unwrap_or(refusal.setting.as_bytes()), &refusal.reason));
        }
        self.replace(new);
        Ok(())
    }
}

/// A reader's copy of the settings, renewed when they change.
pub struct Cached {
    settings: Arc<Settings>,
    generation: u64,
}

impl Cached {
    pub fn new(live: &Live) -> Cached {
        // The number is read first: settings that are newer than it cost one renewal too many, never one too few.
        let generation = live.generation();
        Cached { settings: live.load(), generation }
    }

    /// Whether the settings have changed since [`Cached::get`].
    #[inline]
    pub fn is_stale(&self, live: &Live) -> bool {
        self.generation != live.generation()
    }

    /// The settings now, or as they were a moment ago.
    pub fn get(&mut self, live: &Live) -> &Arc<Settings> {
        if self.generation != live.generation() {
            *self = Cached::new(live);
        }
        &self.settings
    }
}

fn failed(name: &[u8], reason: &str) -> String {
    let name = String::from_utf8_lossy(name);
    format!("ERR CONFIG SET failed (possibly related to argument '{name}') - {reason}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live() -> Live {
        Live::new(Settings::default())
    }

    fn set(live: &Live, pairs: &[(&str, &str)]) -> Result<(), String> {
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
        live.set(&pairs, false)
    }

    #[test]
    fn sets_all_or_nothing() {
        let live = live();
        assert_eq!(set(&live, &[("maxmemory", "100mb"), ("TIMEOUT", "5")]), Ok(()));
        assert_eq!((live.load().maxmemory, live.load().timeout), (100 << 20, 5));
        let error = set(&live, &[("maxmemory", "1"), ("timeout", "x")]).unwrap_err();
        assert_eq!(
            error,
            "ERR CONFIG SET failed (possibly related to argument 'timeout') - argument couldn't be parsed into an integer"
        );
        assert_eq!(live.load().maxmemory, 100 << 20);
    }

    #[test]
    fn refuses_in_the_words_of_valkey() {
        let live = live();
        let error = |pairs: &[(&str, &str)]| set(&live, pairs).unwrap_err();
        assert_eq!(
            error(&[("bogus", "1")]),
            "ERR Unknown option or number of arguments for CONFIG SET - 'bogus'"
        );
        assert!(
            error(&[("maxmemory", "1"), ("MAXMEMORY", "2")]).ends_with("'MAXMEMORY') - duplicate parameter")
        );
        assert!(
            error(&[("slowlog-max-len", "1"), ("commandlog-slow-execution-max-len", "2")])
                .contains("duplicate parameter")
        );
        assert!(error(&[("port", "1")]).contains("can't set immutable config"));
        assert!(error(&[("dir", "/")]).contains("can't set protected config"));
        assert!(error(&[("rename-command", "a b")]).contains("Unknown option"));
        assert!(error(&[("min-replicas-to-write", "1")]).contains("not supported yet"));
    }

    #[test]
    fn a_refusing_hook_undoes_the_others() {
        let live = live();
        let applied = Arc::new(AtomicU64::new(0));
        let seen = applied.clone();
        live.on_change(Box::new(move |_, new| {
            seen.store(new.maxmemory, Ordering::SeqCst);
            Ok(())
        }));
        live.on_change(Box::new(|_, new| match new.maxmemory {
            13 => Err(Refusal { setting: "maxmemory", reason: "unlucky".to_owned() }),
            _ => Ok(()),
        }));
        let mut cached = Cached::new(&live);
        set(&live, &[("maxmemory", "5")]).unwrap();
        assert_eq!((applied.load(Ordering::SeqCst), cached.get(&live).maxmemory), (5, 5));
        assert!(set(&live, &[("maxmemory", "13")]).unwrap_err().ends_with("'maxmemory') - unlucky"));
        assert_eq!((applied.load(Ordering::SeqCst), cached.get(&live).maxmemory), (5, 5));
    }
}
