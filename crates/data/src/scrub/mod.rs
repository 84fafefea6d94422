//! Personal data in texts: found with offsets, replaced by pseudonyms that are the same for the same data.
//!
//! ```
//! use tunewise_data::scrub::{Kind, Scrubber};
//!
//! # fn main() -> tunewise_data::Result<()> {
//! let scrubber = Scrubber::new(b"a secret of 16 bytes or more", &Kind::ALL)?;
//! let scrubbed = scrubber.scrub("请联系 Ann.Lee@example.com 或 13800138000，谢谢");
//! assert_eq!(scrubbed.found.len(), 2);
//! assert_eq!((scrubbed.found[0].kind, scrubbed.found[0].chars.clone()), (Kind::Email, 4..23));
//! assert!(scrubbed.text.starts_with("请联系 <EMAIL_") && !scrubbed.text.contains("1380"));
//! // Another spelling of the same address has the same pseudonym.
//! let again = scrubber.scrub("ann.lee@example.com");
//! assert_eq!(again.text, scrubbed.found[0].pseudonym);
//! # Ok(())
//! # }
//! ```
//!
//! What is found: e-mail addresses; phone numbers (Chinese mobiles and landlines, North America, Britain,
//! any with `+` and a country code); payment cards (length and range of the network, Luhn's check); Chinese
//! resident numbers (province, date, ISO 7064 MOD 11-2); social security numbers of the United States;
//! national insurance numbers of Britain; IBANs (country, length, modulo 97); IPv4 and IPv6 addresses. Full-width
//! forms count as what they stand for. Names and street addresses are not looked for, nor what is spelt
//! out in words ("ann at example dot com").
//!
//! Measured on the shipped `tests/fixtures/personal_data.jsonl` (written for this project, half of it
//! look-alikes), exact spans: see `docs/labels.md`; `tests/scrubbing.rs` computes the figures.

mod checks;
mod patterns;
mod pseudonym;

use std::ops::Range;

use crate::{Error, Result};
use patterns::find_in;

/// Kinds of personal data.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An e-mail address.
    Email,
    /// An international bank account number.
    Iban,
    /// A Chinese resident identity number.
    ChineseId,
    /// A payment card number.
    Card,
    /// A social security number of the United States.
    UsSsn,
    /// A national insurance number of Britain.
    UkNino,
    /// An IPv6 address.
    Ipv6,
    /// An IPv4 address.
    Ipv4,
    /// A phone number.
    Phone,
}

impl Kind {
    /// All of them; where two claim the same characters, the one that stands first here has them.
    pub const ALL: [Self; 9] = [
        Self::Email,
        Self::Iban,
        Self::ChineseId,
        Self::Card,
        Self::UsSsn,
        Self::UkNino,
        Self::Ipv6,
        Self::Ipv4,
        Self::Phone,
    ];

    /// How pseudonyms of it begin.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "EMAIL",
            Self::Iban => "IBAN",
            Self::ChineseId => "CHINESE_ID",
            Self::Card => "CARD",
            Self::UsSsn => "US_SSN",
            Self::UkNino => "UK_NINO",
            Self::Ipv6 => "IPV6",
            Self::Ipv4 => "IPV4",
            Self::Phone => "PHONE",
        }
    }
}

/// Personal data in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// Where, in bytes of the original text.
    pub bytes: Range<usize>,
    /// Where, in characters of the original text.
    pub chars: Range<usize>,
    /// What stands there instead.
    pub pseudonym: String,
}

/// A text without the personal data found in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scrubbed {
    /// The text with pseudonyms.
    pub text: String,
    /// What was found, by place, none over another.
    pub found: Vec<Finding>,
}

/// Finds personal data and replaces it.
#[derive(Debug, Clone)]
pub struct Scrubber {
    key: Vec<u8>,
    kinds: Vec<Kind>,
}

/// Shortest key: 128 bits.
const MIN_KEY_BYTES: usize = 16;

impl Scrubber {
    /// With the key of the pseudonyms and the kinds to look for. A pseudonym is the first 48 bits of
    /// HMAC-SHA-256 under the key: who lacks it cannot tell which number a pseudonym stands for, even by
    /// trying all numbers; who has it can. Keep it apart from the texts, and away from them once no more
    /// are to come.
    ///
    /// # Errors
    /// [`Error::Argument`] for a key of fewer than 16 bytes, or no kinds.
    pub fn new(key: &[u8], kinds: &[Kind]) -> Result<Self> {
        if key.len() < MIN_KEY_BYTES {
            let got = format!("of {} bytes", key.len());
            return Err(Error::Argument { name: "key", got, expected: "16 bytes or more" });
        }
        if kinds.is_empty() {
            let got = "empty".to_owned();
            return Err(Error::Argument { name: "kinds", got, expected: "at least one" });
        }
        let kinds = Kind::ALL.into_iter().filter(|kind| kinds.contains(kind)).collect();
        Ok(Self { key: key.to_owned(), kinds })
    }

    /// The personal data of a text, by place, none over another.
    #[must_use]
    pub fn find(&self, text: &str) -> Vec<Finding> {
        let found = find_in(text, &self.kinds);
        let (mut chars, mut byte) = (0, 0);
        let mut chars_to = |to: usize| {
            chars += text.get(byte..to).map_or(0, |part| part.chars().count());
            byte = to;
            chars
        };
        let finding = |(kind, bytes, plain): (Kind, Range<usize>, String)| Finding {
            kind,
            chars: chars_to(bytes.start)..chars_to(bytes.end),
            bytes,
            pseudonym: pseudonym::of(&self.key, kind, &plain),
        };
        found.into_iter().map(finding).collect()
    }

    /// The text with every finding replaced by its pseudonym, such as `<EMAIL_1f0c3a9b72de>`.
    #[must_use]
    pub fn scrub(&self, text: &str) -> Scrubbed {
        let found = self.find(text);
        let (mut out, mut next) = (String::with_capacity(text.len()), 0);
        for finding in &found {
            out.push_str(text.get(next..finding.bytes.start).unwrap_or_default());
            out.push_str(&finding.pseudonym);
            next = finding.bytes.end;
        }
        out.push_str(text.get(next..).unwrap_or_default());
        Scrubbed { text: out, found }
    }
}
