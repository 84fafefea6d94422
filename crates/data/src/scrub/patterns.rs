//! Where personal data may stand.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::Kind;
use super::checks;

/// A shape, and the check that what has the shape must pass.
struct Pattern {
    kind: Kind,
    regex: Regex,
    check: fn(&str) -> bool,
}

type Shape = (Kind, &'static str, fn(&str) -> bool);

const SHAPES: [Shape; 14] = [
    (
        Kind::Email,
        r"[A-Za-z0-9][A-Za-z0-9._%+'-]*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,24}",
        any,
    ),
    (Kind::Iban, r"[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?", is_iban),
    (Kind::ChineseId, r"[1-9][0-9]{16}[0-9Xx]", checks::is_chinese_id),
    (Kind::Card, r"[0-9](?:[ -]?[0-9]){13,18}", checks::is_card),
    (Kind::UsSsn, r"[0-9]{3}-[0-9]{2}-[0-9]{4}", checks::is_us_ssn),
    (Kind::UsSsn, r"[0-9]{3} [0-9]{2} [0-9]{4}", checks::is_us_ssn),
    (
        Kind::UkNino,
        r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]",
        checks::is_uk_nino,
    ),
    (
        Kind::Ipv6,
        r"[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:(?:\.[0-9]{1,3}){3})?",
        checks::is_ipv6,
    ),
    (
        Kind::Ipv4,
        r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])",
        any,
    ),
    // With a country code.
    (
        Kind::Phone,
        r"(?:\+|00)[1-9][0-9]{0,2}(?:[ .-]?\(?[0-9]{1,5}\)?){2,6}",
        checks::is_international,
    ),
    // Chinese mobiles.
    (Kind::Phone, r"(?:86[ -]?)?1[3-9][0-9](?:[ -]?[0-9]{4}){2}", any),
    // Chinese landlines, and British numbers of like shape.
    (
        Kind::Phone,
        r"(?:\(0[1-9][0-9]{1,2}\) ?|0[1-9][0-9]{1,2}[ -])[2-9][0-9]{2,3}[ -]?[0-9]{4}",
        any,
    ),
    // Other British numbers.
    (Kind::Phone, r"0[1-9][0-9]{3}[ -][0-9]{3}[ -]?[0-9]{3}", any),
    // North America, and Chinese service lines (400, 800).
    (
        Kind::Phone,
        r"(?:1[-. ])?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[-. ])[2-9][0-9]{2}[-. ][0-9]{4}",
        any,
    ),
];

static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    let pattern = |(kind, shape, check): (Kind, &str, fn(&str) -> bool)| {
        Regex::new(shape).ok().map(|regex| Pattern { kind, regex, check })
    };
    SHAPES.into_iter().filter_map(pattern).collect()
});

fn any(_: &str) -> bool {
    true
}

fn is_iban(text: &str) -> bool {
    text.parse::<iban::Iban>().is_ok()
}

/// Data of the kinds, by place: its bytes in the text, and itself with full-width forms narrowed. Of two
/// that overlap the kind that comes first in `kinds` stays, of one kind the first shape, then the first place.
pub(super) fn find_in(text: &str, kinds: &[Kind]) -> Vec<(Kind, Range<usize>, String)> {
    let plain = Plain::new(text);
    let mut found: Vec<(Kind, Range<usize>)> = Vec::new();
    let patterns = kinds.iter().flat_map(|kind| PATTERNS.iter().filter(move |it| it.kind == *kind));
    for pattern in patterns {
        let mut start = 0;
        while let Some(at) = pattern.regex.find_at(&plain.text, start) {
            let overlaps = |(_, other): &(Kind, Range<usize>)| {
                at.start() < other.end && other.start < at.end()
            };
            let accepted = pattern.accepts(&plain.text, at.range());
            match accepted.filter(|_| !found.iter().any(overlaps)) {
                Some(range) => {
                    start = range.end;
                    found.push((pattern.kind, range));
                }
                // The next try begins behind the first character: what is refused here may hide another.
                None => start = at.start() + 1,
            }
        }
    }
    found.sort_by_key(|(_, range)| range.start);
    let original = |(kind, range): (Kind, Range<usize>)| {
        let data = plain.text.get(range.clone()).unwrap_or_default().to_owned();
        (kind, plain.origin(range.start)..plain.origin(range.end), data)
    };
    found.into_iter().map(original).collect()
}

impl Pattern {
    /// The part of a match that is data: all of it, or what is left when its last group, or a colon that
    /// belongs to the sentence, goes.
    fn accepts(&self, text: &str, range: Range<usize>) -> Option<Range<usize>> {
        let mut end = range.end;
        loop {
            let data = text.get(range.start..end)?;
            if self.bounded(text, range.start..end) && (self.check)(data) {
                return Some(range.start..end);
            }
            let shorter = match self.kind {
                Kind::Iban | Kind::Card => data.rfind([' ', '-']),
                Kind::Phone if !(self.check)(data) => data.rfind([' ', '-', '.', '(']),
                Kind::Ipv6 if data.ends_with(':') => Some(data.len() - 1),
                _ => None,
            };
            end = range.start + shorter?;
        }
    }

    /// Whether nothing beside it makes it part of something longer.
    fn bounded(&self, text: &str, range: Range<usize>) -> bool {
        let before = text.get(..range.start).unwrap_or_default();
        let after = text.get(range.end..).unwrap_or_default();
        let joined = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
        if joined(before.chars().next_back()) || joined(after.chars().next()) {
            return false;
        }
        let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        let (mut left, mut right) = (before.chars().rev(), after.chars());
        match self.kind {
            Kind::Email => !matches!(left.next(), Some('.' | '%' | '+' | '-')),
            Kind::Ipv6 => !matches!(left.next(), Some(':' | '.')) && !after.starts_with(':'),
            Kind::Ipv4 => {
                let part = |c| matches!(c, Some('.' | '-'));
                let goes_on = (part(left.next()) && digit(left.next()))
                    || (part(right.next()) && digit(right.next()));
                !goes_on && !is_version(before)
            }
            _ => {
                let part = |c| matches!(c, Some('.' | '-' | '/' | ':' | '+' | '='));
                let goes_on = (part(left.next()) && digit(left.next()))
                    || (part(right.next()) && digit(right.next()));
                !goes_on
            }
        }
    }
}

/// Whether four numbers after these words are a version.
fn is_version(before: &str) -> bool {
    let start = before.len().saturating_sub(16);
    let start = (start..=before.len()).find(|&at| before.is_char_boundary(at)).unwrap_or_default();
    let words = before.get(start..).unwrap_or_default().to_lowercase();
    let words = words.trim_end_matches([' ', ':', '.', '：', '号']);
    let word = words.rsplit(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    ["version", "ver", "release", "firmware", "build", "section"].contains(&word)
        || ["版本", "固件", "驱动"].iter().any(|end| word.ends_with(end))
}

/// A text with full-width forms (U+FF01 to U+FF5E) as the characters they stand for.
struct Plain {
    text: String,
    /// Bytes by which the original is ahead from each place on: places where that changes, ascending.
    ahead: Vec<(usize, usize)>,
}

impl Plain {
    fn new(original: &str) -> Self {
        let (mut text, mut ahead) = (String::with_capacity(original.len()), Vec::new());
        for (place, c) in original.char_indices() {
            let narrow = match c {
                '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
                _ => c,
            };
            text.push(narrow);
            if narrow != c {
                ahead.push((text.len(), place + c.len_utf8() - text.len()));
            }
        }
        Self { text, ahead }
    }

    /// Where a place lies in the original.
    fn origin(&self, place: usize) -> usize {
        let changes = self.ahead.partition_point(|(from, _)| *from <= place);
        let ahead = changes.checked_sub(1).and_then(|last| self.ahead.get(last));
        place + ahead.map_or(0, |(_, ahead)| *ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_compiles() {
        assert_eq!(PATTERNS.len(), SHAPES.len());
    }

    #[test]
    fn full_width_forms_lead_back_to_their_bytes() {
        let text = "电话１３８００１３８０００。";
        let found = find_in(text, &Kind::ALL);
        let (_, range, data) = &found[0];
        assert_eq!(
            (&text[range.clone()], data.as_str()),
            ("１３８００１３８０００", "13800138000")
        );
    }
}
