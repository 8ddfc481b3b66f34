//! All libraries with what they registered.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use polycache_core::command::{Args, Ctx, Failure, Outcome};

use super::library::Library;
use super::load;
use crate::scripting::machine::Machine;
use crate::scripting::script::Flags;
use crate::server::Server;

/// What the engine's libraries registered, as of one count of their changes.
#[derive(Default)]
pub struct Functions(Mutex<Known>);

#[derive(Default, Clone)]
pub struct Known {
    changes: u64,
    pub libraries: BTreeMap<String, Arc<Library>>,
}

impl Known {
    /// The library that has the function.
    pub fn owner(&self, function: &str) -> Option<&Arc<Library>> {
        self.libraries.values().find(|library| library.place(function).is_some())
    }
}

impl Functions {
    /// Works with what is known, brought up to date first; others wait meanwhile, so that a change of libraries agrees
    /// with what it looked at.
    pub fn with<R>(
        &self,
        ctx: &mut Ctx<'_>,
        server: &Arc<Server>,
        machine: &mut Machine,
        args: Args<'_>,
        work: impl FnOnce(&mut Ctx<'_>, &mut Machine, &mut Known) -> R,
    ) -> R {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.changes != server.engine.libraries().changes() {
            known.refresh(ctx, server, machine, args);
        }
        work(ctx, machine, &mut known)
    }

    /// What a function said of itself, as far as it is known without loading.
    pub fn flags(&self, function: &str) -> Option<Flags> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let library = known.owner(function)?;
        library.place(function).map(|place| library.functions[place].flags)
    }

    /// Libraries, functions, bytes of code.
    pub fn figures(&self) -> (usize, usize, usize) {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let functions = known.libraries.values().map(|library| library.functions.len()).sum();
        let bytes = known.libraries.values().map(|library| library.code.len()).sum();
        (known.libraries.len(), functions, bytes)
    }
}

impl Known {
    fn refresh(&mut self, ctx: &mut Ctx<'_>, server: &Arc<Server>, machine: &mut Machine, args: Args<'_>) {
        let (sources, changes) = server.engine.libraries().sources();
        let mut old = std::mem::take(&mut self.libraries);
        for (name, code) in sources {
            if let Some(library) = old.remove(&name)
                && Arc::ptr_eq(&library.code, &code)
            {
                self.libraries.insert(name, library);
                continue;
            }
            match load::load(ctx, server, machine, &code, args) {
                Ok((library, callbacks)) => {
                    load::forget(machine, callbacks);
                    self.libraries.insert(name, Arc::new(library));
                }
                Err(failure) => tracing::error!("the library {name} cannot be loaded: {}", failure.0),
            }
        }
        self.changes = changes;
    }

    /// Checks that a library may be added in place of those that `replaced` says.
    pub fn admits(&self, library: &Library, replaces: bool) -> Result<(), Failure> {
        if !replaces && self.libraries.contains_key(&library.name) {
            return Err(Failure::new(format!("ERR Library '{}' already exists", library.name)));
        }
        for function in &library.functions {
            if self.owner(&function.name).is_some_and(|owner| owner.name != library.name) {
                return Err(Failure::new(format!("ERR Function {} already exists", function.name)));
            }
        }
        Ok(())
    }

    /// Makes `libraries` those that are known, and the engine's.
    pub fn become_those(
        &mut self,
        ctx: &Ctx<'_>,
        libraries: BTreeMap<String, Arc<Library>>,
        effects: &[&[&[u8]]],
    ) -> Outcome {
        let sources = libraries.iter().map(|(name, library)| (name.clone(), library.code.clone())).collect();
        ctx.op.change_libraries(|all| *all = sources, effects)?;
        self.libraries = libraries;
        self.changes = ctx.engine.libraries().changes();
        Ok(())
    }
}
