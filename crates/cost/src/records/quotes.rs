//! Quotes of a CSV file, which the reader takes as closed where the file ends.

/// Where in a field a byte stands.
#[derive(Clone, Copy, PartialEq)]
enum State {
    /// Before its first byte.
    Start,
    /// In one without quotes, where a quote is a byte like others.
    Plain,
    /// Between quotes that opened on this line.
    Quoted(u64),
    /// After a quote within quotes: it closed them, or is the first of two that stand for one.
    Closed(u64),
}

/// The line of the quote that is open where the file ends.
pub(super) fn unclosed(bytes: &[u8]) -> Option<u64> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let (mut state, mut line) = (State::Start, 1);
    for &byte in bytes {
        state = match (state, byte) {
            (State::Quoted(opened), b'"') => State::Closed(opened),
            (State::Quoted(opened), _) | (State::Closed(opened), b'"') => State::Quoted(opened),
            (State::Start, b'"') => State::Quoted(line),
            (_, b',' | b'\n' | b'\r') => State::Start,
            _ => State::Plain,
        };
        line += u64::from(byte == b'\n');
    }
    if let State::Quoted(opened) = state { Some(opened) } else { None }
}

#[cfg(test)]
mod tests {
    use super::unclosed;

    #[test]
    fn only_a_quote_that_opens_a_field_must_close() {
        assert_eq!(unclosed(b"a,b\n\"1\",2\n"), None);
        assert_eq!(unclosed(b"a,b\n\"x \"\"y\"\", z\n\",2"), None);
        assert_eq!(unclosed(b"a,b\n5\" disk,2\n"), None);
        assert_eq!(unclosed(b"a,b\n1,\"2\n3,4\n"), Some(2));
        assert_eq!(unclosed(b"a,b\r\n1,2\r\n\"3\"\",4\r\n"), Some(3));
        assert_eq!(unclosed("\u{feff}\"a".as_bytes()), Some(1));
        assert_eq!(unclosed(b"\""), Some(1));
        assert_eq!(unclosed(b""), None);
    }
}
