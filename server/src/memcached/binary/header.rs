//! Requests and responses of the binary protocol.
//!
//! *Format:* all numbers big-endian.
//!
//! ```text
//! offset  size  request            response
//!      0     1  magic 0x80         magic 0x81
//!      1     1  opcode             opcode
//!      2     2  key length         key length
//!      4     1  extras length      extras length
//!      5     1  data type, 0       data type, 0
//!      6     2  vbucket, unused    status
//!      8     4  body length: extras, key and value
//!     12     4  opaque: sent back as it came
//!     16     8  CAS number
//!     24     -  extras, key, value
//! ```

/// First byte of a request; no line of text begins with it.
pub const REQUEST_MAGIC: u8 = 0x80;
const RESPONSE_MAGIC: u8 = 0x81;

/// Bytes of a request's or response's header.
pub const HEADER_BYTES: usize = 24;

/// What to do; the quiet form of an opcode is the same, with [`Request::quiet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    Get,
    GetKey,
    Set,
    Add,
    Replace,
    Delete,
    Increment,
    Decrement,
    Quit,
    Flush,
    Noop,
    Version,
    Append,
    Prepend,
    Stat,
    Verbosity,
    Touch,
    GetAndTouch,
    GetAndTouchKey,
    SaslList,
    SaslAuth,
    SaslStep,
}

impl Opcode {
    /// The opcode of a number, and whether it is the quiet form.
    #[inline]
    fn decode(number: u8) -> Option<(Opcode, bool)> {
        Some(match number {
            0x00 => (Opcode::Get, false),
            0x01 => (Opcode::Set, false),
            0x02 => (Opcode::Add, false),
            0x03 => (Opcode::Replace, false),
            0x04 => (Opcode::Delete, false),
            0x05 => (Opcode::Increment, false),
            0x06 => (Opcode::Decrement, false),
            0x07 => (Opcode::Quit, false),
            0x08 => (Opcode::Flush, false),
            0x09 => (Opcode::Get, true),
            0x0a => (Opcode::Noop, false),
            0x0b => (Opcode::Version, false),
            0x0c => (Opcode::GetKey, false),
            0x0d => (Opcode::GetKey, true),
            0x0e => (Opcode::Append, false),
            0x0f => (Opcode::Prepend, false),
            0x10 => (Opcode::Stat, false),
            0x11 => (Opcode::Set, true),
            0x12 => (Opcode::Add, true),
            0x13 => (Opcode::Replace, true),
            0x14 => (Opcode::Delete, true),
            0x15 => (Opcode::Increment, true),
            0x16 => (Opcode::Decrement, true),
            0x17 => (Opcode::Quit, true),
            0x18 => (Opcode::Flush, true),
            0x19 => (Opcode::Append, true),
            0x1a => (Opcode::Prepend, true),
            0x1b => (Opcode::Verbosity, false),
            0x1c => (Opcode::Touch, false),
            0x1d => (Opcode::GetAndTouch, false),
            0x1e => (Opcode::GetAndTouch, true),
            0x20 => (Opcode::SaslList, false),
            0x21 => (Opcode::SaslAuth, false),
            0x22 => (Opcode::SaslStep, false),
            0x23 => (Opcode::GetAndTouchKey, false),
            0x24 => (Opcode::GetAndTouchKey, true),
            _ => return None,
        })
    }

    /// Whether data may change.
    pub fn writes(self) -> bool {
        !matches!(
            self,
            Opcode::Get
                | Opcode::GetKey
                | Opcode::Quit
                | Opcode::Noop
                | Opcode::Version
                | Opcode::Stat
                | Opcode::Verbosity
                | Opcode::SaslList
                | Opcode::SaslAuth
                | Opcode::SaslStep
        )
    }

    /// Whether a request has the parts that its opcode needs, and no others.
    #[inline]
    pub fn fits(self, request: &Request<'_>) -> bool {
        let (extras, key, value) = (request.extras_len, request.key_len, request.value.len());
        match self {
            Opcode::Get | Opcode::GetKey | Opcode::Delete => extras == 0 && key > 0 && value == 0,
            Opcode::Set | Opcode::Add | Opcode::Replace => extras == 8 && key > 0,
            Opcode::Append | Opcode::Prepend => extras == 0 && key > 0,
            Opcode::Increment | Opcode::Decrement => extras == 20 && key > 0 && value == 0,
            Opcode::Touch | Opcode::GetAndTouch | Opcode::GetAndTouchKey => extras == 4 && key > 0,
            Opcode::Flush => (extras == 0 || extras == 4) && key == 0 && value == 0,
            Opcode::Quit | Opcode::Noop | Opcode::Version | Opcode::SaslList => request.body_len == 0,
            Opcode::Verbosity => extras == 4 && key == 0 && value == 0,
            Opcode::Stat => extras == 0,
            Opcode::SaslAuth | Opcode::SaslStep => extras == 0 && key > 0,
        }
    }
}

/// A request; its body comes with [`Request::take_body`].
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// As it came.
    pub number: u8,
    pub opcode: Option<Opcode>,
    /// Only bad news is sent.
    pub quiet: bool,
    pub key_len: usize,
    pub extras_len: usize,
    pub body_len: usize,
    pub opaque: [u8; 4],
    pub cas: u64,
    pub extras: &'a [u8],
    pub key: &'a [u8],
    pub value: &'a [u8],
}

impl<'a> Request<'a> {
    /// Reads a header.
    #[inline]
    pub fn parse(head: &[u8; HEADER_BYTES]) -> Request<'a> {
        let [_, number, k0, k1, extras_len, _, _, _, b0, b1, b2, b3, o0, o1, o2, o3, cas @ ..] = *head;
        let decoded = Opcode::decode(number);
        Request {
            number,
            opcode: decoded.map(|(opcode, _)| opcode),
            quiet: decoded.is_some_and(|(_, quiet)| quiet),
            key_len: u16::from_be_bytes([k0, k1]).into(),
            extras_len: extras_len.into(),
            body_len: u32::from_be_bytes([b0, b1, b2, b3]) as usize,
            opaque: [o0, o1, o2, o3],
            cas: u64::from_be_bytes(cas),
            extras: &[],
            key: &[],
            value: &[],
        }
    }

    /// Finds the parts of the body in `bytes`, which begin with the header and hold extras and key at least.
    #[inline]
    pub fn take_body(&mut self, bytes: &'a [u8]) {
        let body = &bytes[HEADER_BYTES..];
        let (extras, rest) = body.split_at(self.extras_len);
        let (key, value) = rest.split_at(self.key_len);
        (self.extras, self.key, self.value) = (extras, key, value);
    }
}

/// How a request ended. The numbers are the protocol's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Status {
    Ok = 0,
    NotFound = 1,
    Exists = 2,
    TooLarge = 3,
    InvalidArguments = 4,
    NotStored = 5,
    NotNumeric = 6,
    AuthError = 0x20,
    UnknownCommand = 0x81,
    OutOfMemory = 0x82,
    InternalError = 0x84,
}

impl Status {
    /// What stands in the body, as in memcached.
    fn text(self) -> &'static [u8] {
        match self {
            Status::Ok => b"",
            Status::NotFound => b"Not found",
            Status::Exists => b"Data exists for key.",
            Status::TooLarge => b"Too large.",
            Status::InvalidArguments => b"Invalid arguments",
            Status::NotStored => b"Not stored.",
            Status::NotNumeric => b"Non-numeric server-side value for incr or decr",
            Status::AuthError => b"Auth failure.",
            Status::UnknownCommand => b"Unknown command",
            Status::OutOfMemory => b"Out of memory",
            Status::InternalError => b"Internal error",
        }
    }
}

/// The response to a request.
pub struct Response<'a> {
    out: &'a mut Vec<u8>,
    number: u8,
    opaque: [u8; 4],
    quiet: bool,
}

/// Begins the response to `request`.
#[inline]
pub fn respond<'a>(out: &'a mut Vec<u8>, request: &Request<'_>) -> Response<'a> {
    Response { out, number: request.number, opaque: request.opaque, quiet: request.quiet }
}

impl Response<'_> {
    /// A header for a body of these lengths.
    #[inline]
    pub fn head(&mut self, status: Status, key: usize, extras: usize, value: usize, cas: u64) {
        let mut head = [0; HEADER_BYTES];
        head[0] = RESPONSE_MAGIC;
        head[1] = self.number;
        head[2..4].copy_from_slice(&(key as u16).to_be_bytes());
        head[4] = extras as u8;
        head[6..8].copy_from_slice(&(status as u16).to_be_bytes());
        head[8..12].copy_from_slice(&((key + extras + value) as u32).to_be_bytes());
        head[12..16].copy_from_slice(&self.opaque);
        head[16..24].copy_from_slice(&cas.to_be_bytes());
        self.out.extend_from_slice(&head);
    }

    /// Good news without a body, which the quiet form leaves out.
    #[inline]
    pub fn success(self) {
        self.stored(0);
    }

    /// Good news with a CAS number, which the quiet form leaves out.
    #[inline]
    pub fn stored(self, cas: u64) {
        if !self.quiet {
            self.empty(cas);
        }
    }

    /// Good news without a body.
    #[inline]
    pub fn empty(mut self, cas: u64) {
        self.head(Status::Ok, 0, 0, 0, cas);
    }

    /// Good news with a body.
    pub fn body(mut self, cas: u64, extras: &[u8], key: &[u8], value: &[u8]) {
        self.head(Status::Ok, key.len(), extras.len(), value.len(), cas);
        for part in [extras, key, value] {
            self.out.extend_from_slice(part);
        }
    }

    /// A miss that names its key.
    pub fn missed(mut self, key: &[u8]) {
        self.head(Status::NotFound, key.len(), 0, 0, 0);
        self.out.extend_from_slice(key);
    }

    /// Bad news with memcached's words.
    pub fn error(self, status: Status) {
        self.failed(status, status.text());
    }

    /// Bad news.
    pub fn failed(mut self, status: Status, text: &[u8]) {
        self.head(status, 0, 0, text.len(), 0);
        self.out.extend_from_slice(text);
    }

    /// Where the parts of a body go behind [`Response::head`].
    #[inline]
    pub fn out(&mut self) -> &mut Vec<u8> {
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_taken_apart() {
        let mut bytes = vec![REQUEST_MAGIC, 0x11, 0, 3, 8, 0, 0, 0, 0, 0, 0, 13];
        bytes.extend_from_slice(b"opaq");
        bytes.extend_from_slice(&7u64.to_be_bytes());
        bytes.extend_from_slice(b"extras!!keyva");
        let mut request = Request::parse(bytes.first_chunk().unwrap());
        request.take_body(&bytes);
        assert_eq!((request.opcode, request.quiet), (Some(Opcode::Set), true));
        assert_eq!((request.extras, request.key, request.value), (&b"extras!!"[..], &b"key"[..], &b"va"[..]));
        assert_eq!((request.cas, request.opaque), (7, *b"opaq"));
    }

    #[test]
    fn quiet_forms_send_bad_news_only() {
        let mut request = Request::parse(&[0x80; HEADER_BYTES]);
        request.quiet = true;
        let mut out = Vec::new();
        respond(&mut out, &request).success();
        assert!(out.is_empty());
        respond(&mut out, &request).error(Status::Exists);
        assert_eq!(out.len(), HEADER_BYTES + 20);
    }
}
