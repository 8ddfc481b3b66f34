//! The place of the binary protocol, which comes with a later issue: until then, a refusal that its clients
//! understand.

/// First byte of a binary request; no text command begins with it.
pub const REQUEST_MAGIC: u8 = 0x80;

/// Bytes of a request's or response's header.
const HEADER_BYTES: usize = 24;

/// Status "Unknown command" of the binary protocol.
const UNKNOWN_COMMAND: [u8; 2] = [0x00, 0x81];

const MESSAGE: &[u8] = b"Unknown command";

/// Answers the request at the start of `input`, if its header is whole; the connection is to be closed then.
pub fn refuse(input: &[u8], out: &mut Vec<u8>) -> Result<(), NeedsBytes> {
    let Some(request) = input.first_chunk::<HEADER_BYTES>() else { return Err(NeedsBytes(HEADER_BYTES)) };
    let mut header = [0; HEADER_BYTES];
    header[0] = 0x81;
    // The request's opcode and opaque value come back.
    header[1] = request[1];
    header[6..8].copy_from_slice(&UNKNOWN_COMMAND);
    header[8..12].copy_from_slice(&(MESSAGE.len() as u32).to_be_bytes());
    header[12..16].copy_from_slice(&request[12..16]);
    out.extend_from_slice(&header);
    out.extend_from_slice(MESSAGE);
    Ok(())
}

/// So many bytes of input are needed.
#[derive(Debug, PartialEq, Eq)]
pub struct NeedsBytes(pub usize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_header_is_answered_with_unknown_command() {
        let mut request = [0; HEADER_BYTES];
        request[0] = REQUEST_MAGIC;
        request[1] = 0x0b;
        request[12..16].copy_from_slice(b"opaq");
        let mut out = Vec::new();
        assert_eq!(refuse(&request[..23], &mut out), Err(NeedsBytes(24)));
        assert_eq!(refuse(&request, &mut out), Ok(()));
        assert_eq!(out.len(), HEADER_BYTES + MESSAGE.len());
        assert_eq!((out[0], out[1], &out[6..8], &out[12..16]), (0x81, 0x0b, &[0, 0x81][..], &b"opaq"[..]));
    }
}
