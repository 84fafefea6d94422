//! Words that may stand for each other, from the user.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::ops::Range;
use std::path::PathBuf;

use super::words::{Piece, pieces};
use crate::{Error, Result};

/// Groups of words or phrases that may stand for each other.
#[derive(Debug, Clone, Default)]
pub struct Synonyms {
    groups: Vec<Vec<String>>,
    /// Group and place in it of each member, in lower case.
    members: HashMap<String, (usize, usize)>,
    /// Pieces of the longest member.
    longest: usize,
}

/// Where a member stands: pieces `start..end`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Occurrence {
    pub(crate) start: usize,
    pub(crate) end: usize,
    group: usize,
    place: usize,
}

impl Synonyms {
    /// Reads a group a line, its members between commas (`,` or `，`); lines that start with `#` and blank
    /// ones are left out. `source` names the file in messages. Case is ignored.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Value`] naming the line, for a group of one, or for a member that stands
    /// in two groups.
    ///
    /// ```
    /// use tunewise_data::augment::Synonyms;
    ///
    /// # fn main() -> tunewise_data::Result<()> {
    /// let synonyms = Synonyms::from_reader("# words\nbuy, purchase\n快递，物流\n".as_bytes(), "words.txt")?;
    /// assert_eq!(synonyms.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_reader(reader: impl Read, source: &str) -> Result<Self> {
        let mut synonyms = Self::default();
        for (number, line) in (1..).zip(BufReader::new(reader).lines()) {
            let io = |error| Error::Io { path: PathBuf::from(source), source: error };
            let line = line.map_err(io)?;
            let line = line.trim_start_matches('\u{feff}').trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            synonyms.add(line).map_err(|got| Error::Value {
                file: source.to_owned(),
                line: number,
                column: "synonyms".to_owned(),
                got,
                expected: "two or more words between commas, each in one group".to_owned(),
            })?;
        }
        Ok(synonyms)
    }

    /// Number of groups.
    #[must_use]
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    fn add(&mut self, line: &str) -> Result<(), String> {
        let members = line.split([',', '，']).map(str::trim).filter(|member| !member.is_empty());
        let members: Vec<String> = members.map(str::to_owned).collect();
        if members.len() < 2 {
            return Err(format!("`{line}`"));
        }
        let group = self.groups.len();
        for (place, member) in members.iter().enumerate() {
            if self.members.insert(member.to_lowercase(), (group, place)).is_some() {
                return Err(format!("`{member}` again"));
            }
            self.longest = self.longest.max(pieces(member).len());
        }
        self.groups.push(members);
        Ok(())
    }

    /// Where members stand, the longest at each place, none over another.
    pub(crate) fn occurrences(&self, pieces: &[Piece<'_>]) -> Vec<Occurrence> {
        let mut found = Vec::new();
        let mut start = 0;
        while start < pieces.len() {
            let at = |range: Range<usize>| {
                let text: String = pieces.get(range)?.iter().map(|piece| piece.text).collect();
                self.members.get(&text.to_lowercase())
            };
            let ends = (start + 1..=(start + self.longest).min(pieces.len())).rev();
            let longest = ends.filter_map(|end| at(start..end).map(|&member| (end, member))).next();
            if let Some((end, (group, place))) = longest {
                found.push(Occurrence { start, end, group, place });
            }
            start = longest.map_or(start + 1, |(end, _)| end);
        }
        found
    }

    /// What may stand there instead.
    pub(crate) fn others(&self, occurrence: &Occurrence) -> Vec<&str> {
        let group = self.groups.get(occurrence.group).map_or(&[][..], Vec::as_slice);
        let others = group.iter().enumerate().filter(|(place, _)| *place != occurrence.place);
        others.map(|(_, member)| member.as_str()).collect()
    }
}
