//! SASL: who the client is. PLAIN is the one mechanism.

use super::header::{Opcode, Request, Status, respond};
use crate::memcached::users;
use crate::memcached::work::Work;
use crate::stats::Counter;

const MECHANISM: &[u8] = b"PLAIN";

/// SASL list mechanisms, auth, step.
#[cold]
pub fn handle(work: &mut Work<'_>, request: &Request<'_>, opcode: Opcode) {
    if !users::are_of_use(work.server, work.settings) {
        return respond(work.out, request).error(Status::UnknownCommand);
    }
    if opcode == Opcode::SaslList {
        return respond(work.out, request).body(0, &[], &[], MECHANISM);
    }
    work.stats.add(Counter::MemcachedAuthCommands, 1);
    // authorization identity NUL user NUL password
    let mut parts = request.value.splitn(3, |byte| *byte == 0);
    let (_, user, password) = (parts.next(), parts.next(), parts.next());
    let known = match (user, password) {
        (Some(user), Some(password)) if request.key == MECHANISM => {
            users::log_in(work, user, password, b"AUTH")
        }
        _ => false,
    };
    if known {
        respond(work.out, request).body(0, &[], &[], b"Authenticated");
    } else {
        work.stats.add(Counter::MemcachedAuthErrors, 1);
        work.client().forget_who();
        work.is_guarded = true;
        work.authenticated = false;
        respond(work.out, request).error(Status::AuthError);
    }
}
