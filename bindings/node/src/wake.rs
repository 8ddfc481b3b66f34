//! Calling JavaScript from other threads.

use std::sync::Arc;
use std::task::Wake;

use napi::Status;
use napi::bindgen_prelude::Function;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};

use crate::error::{Result, failed};

/// A function of JavaScript that any thread may have called. It keeps the event loop running until it is dropped.
pub struct Call(ThreadsafeFunction<(), (), (), Status, false>);

impl Call {
    /// Has it called on JavaScript's thread; without waiting, and for nothing where that is gone.
    pub fn call(&self) {
        self.0.call((), ThreadsafeFunctionCallMode::NonBlocking);
    }
}

impl Wake for Call {
    fn wake(self: Arc<Self>) {
        self.call();
    }
}

/// Makes `function` one that any thread may have called.
pub fn wake_by(function: &Function<'_, (), ()>) -> Result<Call> {
    let built = function.build_threadsafe_function().max_queue_size::<0>().build();
    built.map(Call).map_err(|_| failed("a function for other threads"))
}
