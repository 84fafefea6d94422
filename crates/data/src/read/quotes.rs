//! Whether the bytes of a CSV file so far end inside quotes.

/// Where in a row the bytes end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    /// At the start of a cell.
    #[default]
    Start,
    /// In a cell without quotes, or after its quotes.
    Plain,
    /// Between quotes.
    Quoted,
    /// After a quote between quotes: the closing one, or half of an escaped one.
    Quote,
}

/// Follows RFC 4180's quotes over the bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quotes {
    place: Place,
    line: u64,
    opened: u64,
    /// Bytes of a byte order mark that may still come.
    mark: &'static [u8],
}

impl Default for Quotes {
    fn default() -> Self {
        Self { place: Place::Start, line: 1, opened: 0, mark: b"\xef\xbb\xbf" }
    }
}

impl Quotes {
    /// The state after more bytes.
    pub(super) fn after(mut self, bytes: &[u8]) -> Self {
        for &byte in bytes {
            match self.mark.split_first() {
                Some((&next, rest)) if next == byte => self.mark = rest,
                _ => {
                    self.mark = &[];
                    self.step(byte);
                }
            }
        }
        self
    }

    fn step(&mut self, byte: u8) {
        self.place = match (self.place, byte) {
            (Place::Start, b'"') => {
                self.opened = self.line;
                Place::Quoted
            }
            (Place::Quoted, b'"') => Place::Quote,
            (Place::Quoted, _) | (Place::Quote, b'"') => Place::Quoted,
            (_, b',' | b'\n' | b'\r') => Place::Start,
            _ => Place::Plain,
        };
        self.line += u64::from(byte == b'\n');
    }

    /// The line on which the quotes opened that are not closed.
    pub(super) fn open_since(self) -> Option<u64> {
        (self.place == Place::Quoted).then_some(self.opened)
    }
}

#[cfg(test)]
mod tests {
    use super::Quotes;

    #[test]
    fn quotes_are_open_where_rfc_4180_has_them_open() {
        for (text, open) in [
            ("a,b\n1,2\n", None),
            ("a,\"b\n", Some(1)),
            ("a,b\n\"x\ny\",\"z", Some(3)),
            ("\"a\"\"", Some(1)),
            ("\"a\"\"b\"", None),
            ("5\" screen,b\n", None),
            ("\u{feff}\"a\n", Some(1)),
            ("a\r\n\"b", Some(2)),
        ] {
            assert_eq!(Quotes::default().after(text.as_bytes()).open_since(), open, "{text}");
            let halves = text.as_bytes().split_at(text.len() / 2);
            let in_parts = Quotes::default().after(halves.0).after(halves.1);
            assert_eq!(in_parts.open_since(), open, "{text}");
        }
    }
}
