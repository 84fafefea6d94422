//! Who gave which label to what.

use std::collections::HashMap;
use std::io::Read;

use crate::{Error, Result};

/// One label that one annotator gave to one item; all three by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vote {
    /// Place in [`Votes::items`].
    pub item: usize,
    /// Place in [`Votes::annotators`].
    pub annotator: usize,
    /// Place in [`Votes::labels`].
    pub label: usize,
}

/// Labels of a crowd. Not everybody labels everything; who labels an item twice has two votes on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Votes {
    items: Vec<String>,
    annotators: Vec<String>,
    labels: Vec<String>,
    votes: Vec<Vote>,
}

/// What most annotators said of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MajorityLabel {
    /// The label with most votes; of several, the first in the order of [`Votes::labels`].
    pub label: usize,
    /// Votes for it.
    pub votes: usize,
    /// Votes on the item.
    pub total: usize,
    /// Whether another label has as many votes: then the label is arbitrary.
    pub tied: bool,
}

impl Votes {
    /// Votes as (item, annotator, label). Items and annotators keep the order in which they first
    /// occur, labels are sorted by code point.
    ///
    /// # Errors
    /// [`Error::Empty`] without votes.
    ///
    /// ```
    /// use tunewise_data::labelling::Votes;
    ///
    /// # fn main() -> tunewise_data::Result<()> {
    /// let votes = [("t1", "ann", "good"), ("t1", "bo", "bad"), ("t1", "cy", "good"), ("t2", "bo", "bad")];
    /// let votes = Votes::new(votes)?;
    /// let majority = votes.majority();
    /// assert_eq!(votes.labels()[majority[0].label], "good");
    /// assert_eq!((majority[0].votes, majority[0].total, majority[0].tied), (2, 3, false));
    /// # Ok(())
    /// # }
    /// ```
    pub fn new<S: AsRef<str>>(votes: impl IntoIterator<Item = (S, S, S)>) -> Result<Self> {
        let (mut items, mut annotators) = (Names::default(), Names::default());
        let mut labels = Names::default();
        let mut votes: Vec<Vote> = votes
            .into_iter()
            .map(|(item, annotator, label)| Vote {
                item: items.number(item.as_ref()),
                annotator: annotators.number(annotator.as_ref()),
                label: labels.number(label.as_ref()),
            })
            .collect();
        if votes.is_empty() {
            return Err(Error::Empty { file: "votes".to_owned() });
        }
        let mut order: Vec<usize> = (0..labels.names.len()).collect();
        order.sort_by_key(|&label| labels.names.get(label));
        let sorted = order.iter().filter_map(|&label| labels.names.get(label).cloned()).collect();
        let mut place = vec![0; order.len()];
        for (new, &old) in order.iter().enumerate() {
            if let Some(place) = place.get_mut(old) {
                *place = new;
            }
        }
        for vote in &mut votes {
            vote.label = place.get(vote.label).copied().unwrap_or_default();
        }
        votes.sort_by_key(|vote| vote.item);
        Ok(Self { items: items.names, annotators: annotators.names, labels: sorted, votes })
    }

    /// Reads CSV with the columns `item`, `annotator` and `label`, others left alone; `source` names it
    /// in messages. A row with an empty label is a missing vote.
    ///
    /// # Errors
    /// [`Error::MissingColumn`], [`Error::Csv`] naming the line, [`Error::Value`] for a label without
    /// item or annotator, [`Error::Empty`] without votes.
    pub fn from_csv(reader: impl Read, source: &str) -> Result<Self> {
        let csv_fault = |error| Error::Csv { file: source.to_owned(), source: error };
        let mut reader = csv::Reader::from_reader(reader);
        let header = reader.headers().map_err(csv_fault)?.clone();
        let column = |role: &'static str| {
            let place = header.iter().position(|name| name.trim_start_matches('\u{feff}') == role);
            place.ok_or_else(|| Error::MissingColumn {
                file: source.to_owned(),
                role,
                expected: role.to_owned(),
                found: header.iter().map(str::to_owned).collect(),
            })
        };
        let columns = [column("item")?, column("annotator")?, column("label")?];
        let mut votes = Vec::new();
        for record in reader.records() {
            let record = record.map_err(csv_fault)?;
            let [item, annotator, label] =
                columns.map(|column| record.get(column).unwrap_or_default().trim());
            if label.is_empty() {
                continue;
            }
            for (column, value) in [("item", item), ("annotator", annotator)] {
                if value.is_empty() {
                    return Err(Error::Value {
                        file: source.to_owned(),
                        line: record.position().map_or(0, csv::Position::line),
                        column: column.to_owned(),
                        got: "an empty cell".to_owned(),
                        expected: format!("the {column} of the label `{label}`"),
                    });
                }
            }
            votes.push((item.to_owned(), annotator.to_owned(), label.to_owned()));
        }
        if votes.is_empty() {
            return Err(Error::Empty { file: source.to_owned() });
        }
        Self::new(votes)
    }

    /// The items, in the order in which they first occur.
    #[must_use]
    pub fn items(&self) -> &[String] {
        &self.items
    }

    /// The annotators, in the order in which they first occur.
    #[must_use]
    pub fn annotators(&self) -> &[String] {
        &self.annotators
    }

    /// The labels, sorted.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// All votes, those of an item together.
    #[must_use]
    pub fn votes(&self) -> &[Vote] {
        &self.votes
    }

    /// Each item's label by majority.
    #[must_use]
    pub fn majority(&self) -> Vec<MajorityLabel> {
        let winner = |votes: &[Vote]| {
            let mut counts = vec![0; self.labels.len()];
            votes.iter().filter_map(|vote| counts.get_mut(vote.label).map(|n| *n += 1)).count();
            let most = counts.iter().copied().max().unwrap_or_default();
            let label = counts.iter().position(|&n| n == most).unwrap_or_default();
            let tied = counts.iter().filter(|&&n| n == most).count() > 1;
            MajorityLabel { label, votes: most, total: votes.len(), tied }
        };
        self.by_item().map(winner).collect()
    }

    /// The votes on each item, in the order of the items.
    pub(crate) fn by_item(&self) -> impl Iterator<Item = &[Vote]> {
        self.votes.chunk_by(|a, b| a.item == b.item)
    }
}

/// Names numbered in the order in which they first occur.
#[derive(Default)]
struct Names {
    names: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Names {
    fn number(&mut self, name: &str) -> usize {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = self.names.len();
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tie_goes_to_the_first_label_and_says_so() {
        let votes = Votes::new([("x", "a", "yes"), ("x", "b", "no"), ("y", "a", "yes")]).unwrap();
        assert_eq!(votes.labels(), ["no", "yes"]);
        let tied = MajorityLabel { label: 0, votes: 1, total: 2, tied: true };
        assert_eq!(votes.majority()[0], tied);
        assert!(!votes.majority()[1].tied);
    }

    #[test]
    fn files_are_read_and_faults_named() {
        let read = |text: &str| Votes::from_csv(text.as_bytes(), "votes.csv");
        let votes = read("item,annotator,label\n1,a,x\n1,b,\n2,a,y\n").unwrap();
        assert_eq!((votes.items().len(), votes.votes().len()), (2, 2));
        let message = |text: &str| read(text).unwrap_err().to_string();
        assert!(message("item,who,label\n").contains("annotator"));
        let fault = message("item,annotator,label\n1,a,x\n,b,y\n");
        assert!(fault.starts_with("votes.csv:3: column `item`: an empty cell"), "{fault}");
        assert!(message("item,annotator,label\n1,a\n").contains("line: 2"));
        assert_eq!(message("item,annotator,label\n1,a,\n"), "votes.csv: no rows");
    }
}
