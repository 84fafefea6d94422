//! More rows from labelled rows: words swapped, left out or replaced by synonyms, all by seed, and kept only
//! where a check finds the label preserved.
//!
//! ```
//! use tunewise_data::augment::{AnyLabel, AugmentOptions, Augmenter, Synonyms};
//! use tunewise_data::{Dataset, Example, Label};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let synonyms = Synonyms::from_reader("good, great, fine\nbroke, failed\n".as_bytes(), "words.txt")?;
//! let augmenter = Augmenter::new(AugmentOptions::default(), synonyms)?;
//! let row = Example {
//!     text: "A good pan, never broke".into(), text_pair: None, label: Some(Label::Class("1".into())), line: 1,
//! };
//! let more = augmenter.augment(&Dataset::new("memory", vec![row], None), &AnyLabel)?;
//! assert!(more.dataset.examples().iter().all(|it| it.label == Some(Label::Class("1".into()))));
//! # Ok(())
//! # }
//! ```

mod label_check;
mod synonyms;
mod words;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use crate::{Dataset, Error, Example, Result};
pub use label_check::{AnyLabel, LabelCheck, SameLabel, SameLabelError};
pub use synonyms::Synonyms;
use words::{Piece, pieces};

/// Words that turn a sentence round: without one it means something else.
const NEGATIONS: [&str; 22] = [
    "no", "not", "never", "none", "nothing", "nobody", "neither", "nor", "without", "hardly",
    "barely", "but", "don't", "doesn't", "didn't", "isn't", "wasn't", "can't", "won't", "不", "没",
    "无",
];

/// How rows are varied; shares are of the words of a text, and at least one word changes.
///
/// | field | default | range | meaning |
/// | --- | --- | --- | --- |
/// | `copies` | 3 | 1 or more | variants tried of each row; each has one kind of change, in turn |
/// | `swaps` | 0.1 | [0, 1] | pairs of words that change places; 0: none |
/// | `deletions` | 0.1 | [0, 1) | words left out; 0: none |
/// | `replacements` | 0.2 | [0, 1] | words replaced by synonyms; 0: none |
/// | `protected` | negations, English and Chinese | | words that stay where they are, in lower case |
/// | `seed` | 42 | | the same seed gives the same variants |
#[derive(Debug, Clone, PartialEq)]
pub struct AugmentOptions {
    /// Variants tried of each row.
    pub copies: usize,
    /// Share of words swapped.
    pub swaps: f64,
    /// Share of words left out.
    pub deletions: f64,
    /// Share of words replaced.
    pub replacements: f64,
    /// Words that stay where they are, in lower case.
    pub protected: Vec<String>,
    /// Seeds the draws.
    pub seed: u64,
}

impl Default for AugmentOptions {
    fn default() -> Self {
        let protected = NEGATIONS.map(str::to_owned).to_vec();
        Self { copies: 3, swaps: 0.1, deletions: 0.1, replacements: 0.2, protected, seed: 42 }
    }
}

/// Variants of a data set's rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Augmented {
    /// The variants that passed; each has its row's pair, label and line.
    pub dataset: Dataset,
    /// The row of each.
    pub rows: Vec<usize>,
    /// Variants that the check turned down.
    pub rejected: usize,
}

/// Makes variants of texts.
#[derive(Debug, Clone)]
pub struct Augmenter {
    options: AugmentOptions,
    synonyms: Synonyms,
}

#[derive(Clone, Copy)]
enum Change {
    Swap,
    Delete,
    Replace,
}

impl Augmenter {
    /// With the user's synonyms, which may be none.
    ///
    /// # Errors
    /// [`Error::Argument`] for an option out of range.
    ///
    /// # Reference
    /// Wei and Zou (2019), EDA: easy data augmentation techniques for boosting performance on text
    /// classification tasks (without its random insertion).
    pub fn new(options: AugmentOptions, synonyms: Synonyms) -> Result<Self> {
        let shares = [
            ("swaps", options.swaps, 1.0),
            ("deletions", options.deletions, 1.0 - f64::EPSILON),
            ("replacements", options.replacements, 1.0),
        ];
        for (name, share, most) in shares {
            if !(0.0..=most).contains(&share) {
                let got = share.to_string();
                return Err(Error::Argument { name, got, expected: "a share from 0 to 1" });
            }
        }
        if options.copies == 0 {
            let got = "0".to_owned();
            return Err(Error::Argument { name: "copies", got, expected: "1 or more" });
        }
        Ok(Self { options, synonyms })
    }

    /// The variants of a text, at most `copies`: none repeats the text or another variant. `row` chooses
    /// the draws, so that a row's variants do not depend on its neighbours.
    #[must_use]
    pub fn variants(&self, row: u64, text: &str) -> Vec<String> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.options.seed);
        rng.set_stream(row);
        let pieces = pieces(text);
        let changes = self.changes(&pieces);
        let mut variants: Vec<String> = Vec::new();
        for change in changes.iter().cycle().take(self.options.copies) {
            let variant = match change {
                Change::Swap => self.swapped(&pieces, &mut rng),
                Change::Delete => self.shortened(&pieces, &mut rng),
                Change::Replace => self.replaced(&pieces, &mut rng),
            };
            if variant != text && !variants.contains(&variant) {
                variants.push(variant);
            }
        }
        variants
    }

    /// Variants of every row whose label, as far as `check` can tell, is still the row's. Second texts
    /// stay as they are.
    ///
    /// # Errors
    /// The check's own.
    pub fn augment<C: LabelCheck>(
        &self,
        dataset: &Dataset,
        check: &C,
    ) -> Result<Augmented, C::Error> {
        let of_row = |(row, example): (usize, &Example)| {
            let variants = self.variants(row as u64, &example.text);
            variants.into_iter().map(move |text| (row, text)).collect::<Vec<_>>()
        };
        let examples = dataset.examples();
        let made: Vec<(usize, String)> = examples.iter().enumerate().flat_map(of_row).collect();
        let original = |(row, _): &(usize, String)| {
            examples.get(*row).map_or("", |example| example.text.as_str())
        };
        let originals: Vec<&str> = made.iter().map(original).collect();
        let variants: Vec<&str> = made.iter().map(|(_, text)| text.as_str()).collect();
        let keeps = check.keeps(&originals, &variants)?;
        let (mut rows, mut kept) = (Vec::new(), Vec::new());
        let tried = made.len();
        for ((row, text), keeps) in made.into_iter().zip(keeps) {
            if let (true, Some(example)) = (keeps, examples.get(row)) {
                rows.push(row);
                kept.push(Example { text, ..example.clone() });
            }
        }
        let rejected = tried - rows.len();
        let dataset = Dataset::new(dataset.source(), kept, dataset.problem_type())
            .with_columns(dataset.columns().clone());
        Ok(Augmented { dataset, rows, rejected })
    }

    /// The kinds of change that are asked for and that the text allows.
    fn changes(&self, pieces: &[Piece<'_>]) -> Vec<Change> {
        let words = self.movable(pieces).len();
        let able = [
            (Change::Swap, self.options.swaps, words >= 2),
            (Change::Delete, self.options.deletions, words >= 2),
            (
                Change::Replace,
                self.options.replacements,
                !self.synonyms.occurrences(pieces).is_empty(),
            ),
        ];
        able.into_iter().filter(|it| it.1 > 0.0 && it.2).map(|it| it.0).collect()
    }

    /// The places of the words that may move.
    fn movable(&self, pieces: &[Piece<'_>]) -> Vec<usize> {
        let protected = |text: &str| self.options.protected.contains(&text.to_lowercase());
        let words = pieces.iter().enumerate();
        words.filter(|(_, it)| it.word && !protected(it.text)).map(|(place, _)| place).collect()
    }

    fn swapped(&self, pieces: &[Piece<'_>], rng: &mut ChaCha8Rng) -> String {
        let mut texts: Vec<&str> = pieces.iter().map(|piece| piece.text).collect();
        let words = self.movable(pieces);
        for _ in 0..times(self.options.swaps, words.len()) {
            let drawn = draw(&words, 2, rng);
            if let [first, second] = drawn[..] {
                texts.swap(first, second);
            }
        }
        texts.concat()
    }

    fn shortened(&self, pieces: &[Piece<'_>], rng: &mut ChaCha8Rng) -> String {
        let words = self.movable(pieces);
        let count = times(self.options.deletions, words.len()).min(words.len() - 1);
        let gone = draw(&words, count, rng);
        // With the blank before it, so that none is doubled; at the start with the one behind.
        let blank = |place: usize| pieces.get(place).is_some_and(|piece| piece.text == " ");
        let mut left_out = gone.clone();
        for place in gone {
            let beside = if place > 0 { place - 1 } else { place + 1 };
            left_out.extend(blank(beside).then_some(beside));
        }
        let kept = pieces.iter().enumerate().filter(|(place, _)| !left_out.contains(place));
        let text: String = kept.map(|(_, piece)| piece.text).collect();
        let began_with_word = pieces.first().is_some_and(|piece| piece.word);
        if began_with_word { text.trim_start().to_owned() } else { text }
    }

    fn replaced(&self, pieces: &[Piece<'_>], rng: &mut ChaCha8Rng) -> String {
        let found = self.synonyms.occurrences(pieces);
        let words = pieces.iter().filter(|piece| piece.word).count();
        let places: Vec<usize> = (0..found.len()).collect();
        let chosen = draw(&places, times(self.options.replacements, words), rng);
        let (mut out, mut next) = (String::new(), 0);
        for (place, occurrence) in found.iter().enumerate() {
            if chosen.contains(&place) && occurrence.start >= next {
                pieces[next..occurrence.start].iter().for_each(|piece| out.push_str(piece.text));
                let first = pieces.get(occurrence.start).map_or("", |piece| piece.text);
                let others = self.synonyms.others(occurrence);
                let other = below(rng, others.len());
                out.push_str(&words::like(first, others.get(other).copied().unwrap_or(first)));
                next = occurrence.end;
            }
        }
        pieces[next..].iter().for_each(|piece| out.push_str(piece.text));
        out
    }
}

/// A share of the words, at least one.
fn times(share: f64, words: usize) -> usize {
    ((share * words as f64).round() as usize).max(1)
}

/// A number below `end`, uniform to within `end` / 2^64; 0 for an `end` of 0.
fn below(rng: &mut ChaCha8Rng, end: usize) -> usize {
    ((u128::from(rng.next_u64()) * end as u128) >> 64) as usize
}

/// Some of the items, in any order, all if there are no more than `count`.
fn draw(items: &[usize], count: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
    let mut left = items.to_vec();
    let count = count.min(left.len());
    (0..count).map(|_| left.swap_remove(below(rng, left.len()))).collect()
}
