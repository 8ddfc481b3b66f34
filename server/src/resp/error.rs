//! Protocol errors of requests, in Redis' words. Each is sent as an error reply and the connection closes.

/// What is wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtocolError {
    InvalidMultibulkLength,
    UnauthenticatedMultibulkLength,
    TooBigMultibulkCount,
    ExpectedDollar { got: u8 },
    InvalidBulkLength,
    UnauthenticatedBulkLength,
    TooBigBulkCount,
    InvalidLineEnd,
    TooBigInline,
    UnbalancedQuotes,
}

impl ProtocolError {
    /// The error reply without `-` and line end. Bytes, because it may repeat one of the client's.
    pub fn text(self) -> Vec<u8> {
        let reason: &[u8] = match self {
            ProtocolError::InvalidMultibulkLength => b"invalid multibulk length",
            ProtocolError::UnauthenticatedMultibulkLength => b"unauthenticated multibulk length",
            ProtocolError::TooBigMultibulkCount => b"too big mbulk count string",
            ProtocolError::ExpectedDollar { .. } => b"expected '$', got '?'",
            ProtocolError::InvalidBulkLength => b"invalid bulk length",
            ProtocolError::UnauthenticatedBulkLength => b"unauthenticated bulk length",
            ProtocolError::TooBigBulkCount => b"too big bulk count string",
            ProtocolError::InvalidLineEnd => b"invalid CRLF in request",
            ProtocolError::TooBigInline => b"too big inline request",
            ProtocolError::UnbalancedQuotes => b"unbalanced quotes in request",
        };
        let mut text = [b"ERR Protocol error: ", reason].concat();
        if let ProtocolError::ExpectedDollar { got } = self {
            let place = text.len() - 2;
            // A line end inside an error reply would break the client's reading of it.
            text[place] = if matches!(got, b'\r' | b'\n') { b' ' } else { got };
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_the_byte() {
        let text = ProtocolError::ExpectedDollar { got: b'x' }.text();
        assert_eq!(text, b"ERR Protocol error: expected '$', got 'x'");
        let text = ProtocolError::ExpectedDollar { got: b'\n' }.text();
        assert_eq!(text, b"ERR Protocol error: expected '$', got ' '");
    }
}
