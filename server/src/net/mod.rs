//! Sockets: listeners, worker threads, and the loop that every connection runs, whatever protocol it speaks.

pub mod codec;
