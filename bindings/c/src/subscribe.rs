//! Messages of channels.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use polycache_server::embedded::{Error, ErrorKind, Subscription};

use crate::handle::{cache_t, open};
use crate::many::strings;
use crate::status::{cache_status, call, null};
use crate::value::bytes;

/// Receives a message of a channel. The bytes are valid during the call only. Return 0 to go on, anything else to hear
/// nothing more.
pub type cache_message_fn = Option<
    unsafe extern "C" fn(
        context: *mut c_void,
        channel: *const c_void,
        channel_len: usize,
        message: *const c_void,
        message_len: usize,
    ) -> c_int,
>;

/// A subscription, with a thread of its own that calls back.
pub struct cache_subscription {
    subscription: Arc<Subscription>,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What the program gave for its callback; it promised that any thread may use it.
struct Context(*mut c_void);

// SAFETY: cache_subscribe() demands it.
unsafe impl Send for Context {}

/// Publishes a message to the subscribers of a channel, in this program and on the wire. Unless NULL, `*receivers` is how
/// many there were.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_publish(
    cache: *mut cache_t,
    channel: *const c_void,
    channel_len: usize,
    message: *const c_void,
    message_len: usize,
    receivers: *mut usize,
) -> cache_status {
    call(|| {
        // SAFETY: a handle of this library or NULL; byte strings by the caller's word.
        let (cache, channel, message) = unsafe {
            (open(cache)?, bytes("channel", channel, channel_len)?, bytes("message", message, message_len)?)
        };
        let count = cache.publish(channel, message)?;
        if !receivers.is_null() {
            // SAFETY: not NULL, and writable by the caller's word.
            unsafe { receivers.write(count) };
        }
        Ok(cache_status::CACHE_OK)
    })
}

/// Listens to `channel_count` channels and `pattern_count` patterns of names, one of which must be given: `callback` gets
/// every message that is published from then on, by this program or on the wire, in order. It is called on a thread of
/// the subscription, one message at a time, and may call the cache. It hears nothing more once the cache is closed.
/// On success `*subscription` is the subscription, to be ended by cache_unsubscribe().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_subscribe(
    cache: *mut cache_t,
    channel_count: usize,
    channels: *const *const c_void,
    channel_lens: *const usize,
    pattern_count: usize,
    patterns: *const *const c_void,
    pattern_lens: *const usize,
    callback: cache_message_fn,
    context: *mut c_void,
    subscription: *mut *mut cache_subscription,
) -> cache_status {
    call(|| {
        let callback = callback.ok_or_else(|| null("callback"))?;
        if subscription.is_null() {
            return Err(null("the place for the subscription"));
        }
        // SAFETY: not NULL, and writable by the caller's word.
        unsafe { subscription.write(ptr::null_mut()) };
        // SAFETY: a handle of this library or NULL; arrays of as many byte strings by the caller's word.
        let (cache, channels, patterns) = unsafe {
            (
                open(cache)?,
                strings("channels", channel_count, channels, channel_lens)?,
                strings("patterns", pattern_count, patterns, pattern_lens)?,
            )
        };
        let heard = Arc::new(cache.subscribe(&channels, &patterns, None)?);
        let stopped = Arc::new(AtomicBool::new(false));
        let (listening, stop, context) = (heard.clone(), stopped.clone(), Context(context));
        let listen = move || {
            let Context(context) = { context };
            while let Ok(Some(message)) = listening.next(None) {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                let Some((_, channel, payload)) = message.parts() else { continue };
                // SAFETY: the callback keeps to its type's contract, on any thread, by the caller's word.
                let answer = unsafe {
                    callback(
                        context,
                        channel.as_ptr().cast(),
                        channel.len(),
                        payload.as_ptr().cast(),
                        payload.len(),
                    )
                };
                if answer != 0 {
                    listening.close();
                    break;
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name("polycache-listen".into())
            .spawn(listen)
            .map_err(|error| Error::new(ErrorKind::Io, format!("no thread for a subscription: {error}")))?;
        let made = Box::new(cache_subscription { subscription: heard, stopped, thread: Some(thread) });
        // SAFETY: not NULL, and writable by the caller's word.
        unsafe { subscription.write(Box::into_raw(made)) };
        Ok(cache_status::CACHE_OK)
    })
}

/// Ends a subscription and frees it. When it returns, the callback is not running and will not be called any more; from
/// within the callback it only takes care of the latter. Call it once for every subscription, also after the cache was
/// closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_unsubscribe(subscription: *mut cache_subscription) -> cache_status {
    call(|| {
        if subscription.is_null() {
            return Err(null("subscription"));
        }
        // SAFETY: from cache_subscribe(), and ended once, by the caller's word.
        let mut ended = unsafe { Box::from_raw(subscription) };
        ended.stopped.store(true, Ordering::SeqCst);
        ended.subscription.close();
        if let Some(thread) = ended.thread.take()
            && thread.thread().id() != std::thread::current().id()
        {
            // It cannot panic but in the program's callback, and then the program is gone.
            let _ = thread.join();
        }
        Ok(cache_status::CACHE_OK)
    })
}
