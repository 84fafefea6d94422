//! A model of MiniLM's size and rows as long as SST-2's, both generated.

use tunewise_bert::train::Source;
use tunewise_bert::{BertConfig, Result};
use tunewise_data::{Casing, Dataset, EncodedTexts, Example, Targets, Tokenizer};

/// MiniLM-L6-H384: 22.7 million parameters.
#[must_use]
pub fn mini_lm() -> BertConfig {
    BertConfig {
        hidden_size: 384,
        num_hidden_layers: 6,
        intermediate_size: 1536,
        ..BertConfig::default()
    }
}

/// The special tokens come first in a vocabulary.
const SPECIAL: usize = 5;

/// Texts with two classes; their words are spread over a vocabulary of BERT's size.
#[derive(Debug)]
pub struct Rows {
    /// The texts.
    pub dataset: Dataset,
    /// Their tokenizer.
    pub tokenizer: Tokenizer,
    /// Their token ids.
    pub texts: EncodedTexts,
    /// Their classes.
    pub targets: Targets,
}

impl Rows {
    /// `rows` texts of 5 to 41 tokens, 23 in the mean as in SST-2.
    ///
    /// # Errors
    /// None that these texts give reason to expect.
    pub fn generate(rows: usize) -> Result<Self> {
        let words = mini_lm().vocab_size - SPECIAL;
        let mut vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n".to_owned();
        (0..words).for_each(|word| vocabulary.push_str(&format!("w{word}\n")));
        let tokenizer = Tokenizer::from_vocab_text(&vocabulary, Casing::Uncased)?;
        let text = |row: usize| {
            let length = 3 + row * 37 % 19 + row * 11 / 3 % 19;
            let word = |place: usize| format!("w{}", (row * 7919 + place * 104_729) % words);
            (0..length).map(word).collect::<Vec<_>>().join(" ")
        };
        let example =
            |row| Example { text: text(row), text_pair: None, label: None, line: row as u64 + 1 };
        let dataset = Dataset::new("generated", (0..rows).map(example).collect(), None);
        let texts = tokenizer.encode_dataset(&dataset, 128)?;
        let targets = Targets::Classes((0..rows).map(|row| (row % 2) as i64).collect());
        Ok(Self { dataset, tokenizer, texts, targets })
    }

    /// The rows as a trainer takes them.
    #[must_use]
    pub fn source(&self) -> Source<'_> {
        Source {
            texts: &self.texts,
            targets: &self.targets,
            pad_id: self.tokenizer.pad_id(),
            max_seq_length: 128,
        }
    }
}
