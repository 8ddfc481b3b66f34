//! A message, encoded once for all of its readers.
//!
//! Format: RESP3 sends `>` and RESP2 `*`; the rest of a message is the same in both. What invalidates cached keys is a
//! push of its own in RESP3 and a message on the channel `__redis__:invalidate` in RESP2.

use std::ops::Range;

use polycache_core::command::Protocol;

/// What RESP2 clients hear of invalidations on.
const INVALIDATIONS: &[u8] = b"__redis__:invalidate";

/// One message.
#[derive(Debug)]
pub struct Message {
    /// As RESP3 sends it.
    encoded: Box<[u8]>,
    body: Body,
}

/// Where the parts are in the encoded form.
#[derive(Debug)]
enum Body {
    Text {
        pattern: Option<Range<usize>>,
        channel: Range<usize>,
        payload: Range<usize>,
    },
    /// The same bytes in both dialects.
    Line,
    /// Where the list of keys begins; `None`: all keys.
    Invalidation(Option<usize>),
    /// Only RESP3 has it.
    BrokenRedirection,
}

impl Message {
    /// What the subscribers of a channel get; `kind` is `message` or `smessage`.
    pub fn new(kind: &str, channel: &[u8], payload: &[u8]) -> Message {
        let mut encoded = Vec::with_capacity(kind.len() + channel.len() + payload.len() + 48);
        encoded.extend_from_slice(b">3\r\n");
        bulk(&mut encoded, kind.as_bytes());
        let channel = bulk(&mut encoded, channel);
        let payload = bulk(&mut encoded, payload);
        Message { encoded: encoded.into(), body: Body::Text { pattern: None, channel, payload } }
    }

    /// What the subscribers of a pattern get.
    pub fn of_pattern(pattern: &[u8], channel: &[u8], payload: &[u8]) -> Message {
        let mut encoded = Vec::with_capacity(pattern.len() + channel.len() + payload.len() + 64);
        encoded.extend_from_slice(b">4\r\n");
        bulk(&mut encoded, b"pmessage");
        let pattern = bulk(&mut encoded, pattern);
        let channel = bulk(&mut encoded, channel);
        let payload = bulk(&mut encoded, payload);
        Message { encoded: encoded.into(), body: Body::Text { pattern: Some(pattern), channel, payload } }
    }

    /// That cached values of these keys are no longer true; without keys: those of all keys.
    pub fn invalidation(keys: Option<&[&[u8]]>) -> Message {
        let mut encoded = b">2\r\n".to_vec();
        bulk(&mut encoded, b"invalidate");
        let begins = encoded.len();
        match keys {
            None => encoded.extend_from_slice(b"_\r\n"),
            Some(keys) => {
                header(&mut encoded, b'*', keys.len());
                for key in keys {
                    bulk(&mut encoded, key);
                }
            }
        }
        Message { encoded: encoded.into(), body: Body::Invalidation(keys.map(|_| begins)) }
    }

    /// That the client is gone that invalidations are redirected to.
    pub fn broken_redirection(client: u64) -> Message {
        let mut encoded = b">2\r\n".to_vec();
        bulk(&mut encoded, b"tracking-redir-broken");
        header(&mut encoded, b':', client as usize);
        Message { encoded: encoded.into(), body: Body::BrokenRedirection }
    }

    /// What MONITOR sends: a line as it goes over the wire.
    pub fn line(encoded: Vec<u8>) -> Message {
        Message { encoded: encoded.into(), body: Body::Line }
    }

    /// Appends the message as `protocol` has it.
    pub fn encode(&self, protocol: Protocol, out: &mut Vec<u8>) {
        match (&self.body, protocol) {
            (_, Protocol::Resp3) | (Body::Line, _) => out.extend_from_slice(&self.encoded),
            (Body::BrokenRedirection, Protocol::Resp2) => {}
            (Body::Text { .. }, Protocol::Resp2) => {
                out.push(b'*');
                out.extend_from_slice(&self.encoded[1..]);
            }
            (Body::Invalidation(keys), Protocol::Resp2) => {
                out.extend_from_slice(b"*3\r\n$7\r\nmessage\r\n");
                bulk(out, INVALIDATIONS);
                match keys {
                    Some(begins) => out.extend_from_slice(&self.encoded[*begins..]),
                    None => out.extend_from_slice(b"$-1\r\n"),
                }
            }
        }
    }

    /// About how many bytes it is.
    pub fn size_bytes(&self) -> usize {
        self.encoded.len()
    }

    /// The pattern that it was subscribed to by, the channel and what was published; `None` for invalidations.
    pub fn parts(&self) -> Option<(Option<&[u8]>, &[u8], &[u8])> {
        let Body::Text { pattern, channel, payload } = &self.body else { return None };
        let part = |range: &Range<usize>| &self.encoded[range.clone()];
        Some((pattern.as_ref().map(part), part(channel), part(payload)))
    }
}

/// Appends a bulk string; where its bytes are.
fn bulk(out: &mut Vec<u8>, bytes: &[u8]) -> Range<usize> {
    header(out, b'$', bytes.len());
    let start = out.len();
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
    start..start + bytes.len()
}

fn header(out: &mut Vec<u8>, marker: u8, number: usize) {
    out.push(marker);
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(message: &Message, protocol: Protocol) -> String {
        let mut out = Vec::new();
        message.encode(protocol, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn both_dialects() {
        let message = Message::of_pattern(b"c*", b"ch", b"hello");
        let body = "4\r\n$8\r\npmessage\r\n$2\r\nc*\r\n$2\r\nch\r\n$5\r\nhello\r\n";
        assert_eq!(encoded(&message, Protocol::Resp3), format!(">{body}"));
        assert_eq!(encoded(&message, Protocol::Resp2), format!("*{body}"));
        assert_eq!(message.parts(), Some((Some(&b"c*"[..]), &b"ch"[..], &b"hello"[..])));
        let all = Message::invalidation(None);
        assert_eq!(encoded(&all, Protocol::Resp3), ">2\r\n$10\r\ninvalidate\r\n_\r\n");
        assert_eq!(
            encoded(&all, Protocol::Resp2),
            "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n$-1\r\n"
        );
        let one = Message::invalidation(Some(&[b"k"]));
        assert!(encoded(&one, Protocol::Resp2).ends_with(":invalidate\r\n*1\r\n$1\r\nk\r\n"));
    }
}
