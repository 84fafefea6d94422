//! WordPiece by the `tokenizers` crate, which stays private to this module.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::{Map, Value};
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::processors::template::TemplateProcessing;
use tokenizers::utils::truncation::{TruncationDirection, truncate_encodings};
use tokenizers::{AddedToken, Encoding, PostProcessor, TruncationParams, TruncationStrategy};

use crate::dataset::{Dataset, Example};
use crate::encoded::{EncodedTexts, Row};
use crate::{Error, Result};

/// Whether a vocabulary tells upper from lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Casing {
    /// Text stays as it is.
    Cased,
    /// Text is lower-cased and loses its accents.
    Uncased,
}

/// A BERT tokenizer. Padding and truncation that its file may prescribe are overridden: texts are
/// truncated where they are encoded, and padded where they become a batch.
#[derive(Debug, Clone)]
pub struct Tokenizer {
    inner: Arc<tokenizers::Tokenizer>,
    pad_id: u32,
    model_max_length: Option<usize>,
}

const CONFIG: &str = "tokenizer_config.json";

/// The special tokens of a pair: what every sequence must have room for, and one token more.
const SPECIAL_TOKENS: usize = 3;

/// How a long text is cut into windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    /// Tokens of a window, special tokens included.
    pub max_seq_length: usize,
    /// Tokens that a window shares with the one before.
    pub stride: usize,
    /// The most windows of a text; what is left of it is not read.
    pub max_windows: usize,
}

impl Windows {
    fn validate(self) -> Result<()> {
        check_length(self.max_seq_length)?;
        let fault = |name, got: usize, expected| {
            Err(Error::Argument { name, got: got.to_string(), expected })
        };
        if self.stride >= self.max_seq_length - SPECIAL_TOKENS {
            return fault("stride", self.stride, "below max_seq_length less 3");
        }
        if self.max_windows == 0 {
            return fault("max_windows", 0, "1 or more");
        }
        Ok(())
    }
}

impl Tokenizer {
    /// The tokenizer of a checkpoint folder: `tokenizer.json`, else `vocab.txt`, with
    /// `tokenizer_config.json` if it is there.
    ///
    /// # Errors
    /// [`Error::Io`] if neither is there or a file cannot be read, [`Error::Tokenizer`] and
    /// [`Error::Json`] if one cannot be understood.
    pub fn from_dir(dir: impl AsRef<Path>) -> Result<Self> {
        let dir = dir.as_ref();
        let config = Config::read(&dir.join(CONFIG))?;
        let file = dir.join("tokenizer.json");
        let mut tokenizer = if file.is_file() {
            Self::from_file(file)?
        } else {
            let path = dir.join("vocab.txt");
            let vocab = read(&path)?;
            Self::build(&vocab, &config, &path.display().to_string())?
        };
        tokenizer.model_max_length = config.model_max_length();
        Ok(tokenizer)
    }

    /// The tokenizer of a `tokenizer.json`.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Tokenizer`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let place = path.display().to_string();
        let inner = read(path)?.parse().map_err(|error| fault(&place, error))?;
        Self::new(inner, &place)
    }

    /// The tokenizer of a `vocab.txt`, one token a line, with BERT's special tokens.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Tokenizer`].
    pub fn from_vocab(path: impl AsRef<Path>, casing: Casing) -> Result<Self> {
        let path = path.as_ref();
        Self::build(&read(path)?, &Config::with_casing(casing), &path.display().to_string())
    }

    /// The same of a vocabulary in memory.
    ///
    /// # Errors
    /// [`Error::Tokenizer`] if a special token is missing.
    pub fn from_vocab_text(vocab: &str, casing: Casing) -> Result<Self> {
        Self::build(vocab, &Config::with_casing(casing), "vocabulary")
    }

    fn new(mut inner: tokenizers::Tokenizer, place: &str) -> Result<Self> {
        let pad =
            inner.get_padding().map_or("[PAD]".to_owned(), |padding| padding.pad_token.clone());
        let pad_id =
            inner.token_to_id(&pad).ok_or_else(|| fault(place, format!("no token {pad}")))?;
        inner.with_padding(None);
        inner.with_truncation(None).map_err(|error| fault(place, error))?;
        Ok(Self { inner: Arc::new(inner), pad_id, model_max_length: None })
    }

    fn build(vocab: &str, config: &Config, place: &str) -> Result<Self> {
        let ids = vocab.lines().enumerate().map(|(id, token)| (token.to_owned(), id as u32));
        let word_piece = WordPiece::builder()
            .vocab(ids.collect::<ahash::AHashMap<_, _>>())
            .unk_token(config.token("unk_token", "[UNK]"))
            .build()
            .map_err(|error| fault(place, error))?;
        let mut inner = tokenizers::Tokenizer::new(word_piece);
        let specials = [
            ("pad_token", "[PAD]"),
            ("unk_token", "[UNK]"),
            ("cls_token", "[CLS]"),
            ("sep_token", "[SEP]"),
            ("mask_token", "[MASK]"),
        ]
        .map(|(key, default)| config.token(key, default));
        let id = |token: &String| {
            inner.token_to_id(token).ok_or_else(|| fault(place, format!("no token {token}")))
        };
        let [_, _, cls, sep, _] = &specials;
        let template = TemplateProcessing::builder()
            .try_single(format!("{cls} $A {sep}"))
            .and_then(|builder| builder.try_pair(format!("{cls} $A {sep} $B:1 {sep}:1")))
            .map_err(|error| fault(place, error))?
            .special_tokens(vec![(cls.clone(), id(cls)?), (sep.clone(), id(sep)?)])
            .build()
            .map_err(|error| fault(place, error))?;
        let normalizer = BertNormalizer::new(
            true,
            config.flag("tokenize_chinese_chars").unwrap_or(true),
            config.flag("strip_accents"),
            config.flag("do_lower_case").unwrap_or(true),
        );
        inner.with_normalizer(Some(normalizer)).map_err(|error| fault(place, error))?;
        inner.with_pre_tokenizer(Some(BertPreTokenizer));
        inner.with_post_processor(Some(template));
        let known = specials.iter().filter(|token| inner.token_to_id(token).is_some());
        let added: Vec<_> = known.map(|token| AddedToken::from(token.clone(), true)).collect();
        inner.add_special_tokens(added).map_err(|error| fault(place, error))?;
        Self::new(inner, place)
    }

    /// One more than the largest id: what a model's `vocab_size` must be at least.
    #[must_use]
    pub fn vocab_size(&self) -> usize {
        let ids = self.inner.get_vocab(true).into_values();
        ids.max().map_or(0, |largest| largest as usize + 1)
    }

    /// The padding token.
    #[must_use]
    pub fn pad_id(&self) -> u32 {
        self.pad_id
    }

    /// The longest sequence that `tokenizer_config.json` allows, if it says.
    #[must_use]
    pub fn model_max_length(&self) -> Option<usize> {
        self.model_max_length
    }

    /// Tokenizes every row once, in parallel; pairs are truncated `longest_first`.
    ///
    /// # Errors
    /// [`Error::Argument`] if `max_seq_length` has no room for text beside the special tokens,
    /// [`Error::Tokenizer`] naming the line that cannot be tokenized.
    pub fn encode_dataset(&self, dataset: &Dataset, max_seq_length: usize) -> Result<EncodedTexts> {
        check_length(max_seq_length)?;
        let encode = |example: &Example| encode(&self.inner, example, max_seq_length);
        let rows = encode_rows(dataset, encode)?;
        Ok(rows.into_iter().collect())
    }

    /// Tokenizes every row into as many rows as its text needs: windows of `max_seq_length` tokens
    /// that overlap by `stride` tokens, as Transformers' `return_overflowing_tokens` cuts them. Each
    /// row's number of windows comes with the rows. A pair is one window, truncated as by
    /// [`Tokenizer::encode_dataset`].
    ///
    /// # Errors
    /// [`Error::Argument`] if the windows leave no room for new text, or `max_windows` is 0;
    /// [`Error::Tokenizer`] naming the line that cannot be tokenized.
    ///
    /// ```
    /// use tunewise_data::{Casing, Dataset, Example, Tokenizer, Windows};
    ///
    /// # fn main() -> tunewise_data::Result<()> {
    /// let vocab = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\nc\nd\n";
    /// let tokenizer = Tokenizer::from_vocab_text(vocab, Casing::Uncased)?;
    /// let text = Example { text: "a b c d".into(), text_pair: None, label: None, line: 1 };
    /// let dataset = Dataset::new("memory", vec![text], None);
    /// let windows = Windows { max_seq_length: 5, stride: 1, max_windows: 8 };
    /// let (rows, counts) = tokenizer.encode_windows(&dataset, windows)?;
    /// assert_eq!(counts, [2]);
    /// assert_eq!(rows.row(1), Some((&[2, 7, 8, 3][..], &[0; 4][..]))); // [CLS] c d [SEP]
    /// # Ok(())
    /// # }
    /// ```
    pub fn encode_windows(
        &self,
        dataset: &Dataset,
        windows: Windows,
    ) -> Result<(EncodedTexts, Vec<usize>)> {
        windows.validate()?;
        let encode = |example: &Example| encode_windows(&self.inner, example, windows);
        let rows = encode_rows(dataset, encode)?;
        let counts = rows.iter().map(Vec::len).collect();
        Ok((rows.into_iter().flatten().collect(), counts))
    }

    /// Writes a `tokenizer.json` without padding and truncation, whole or not at all.
    ///
    /// # Errors
    /// [`Error::Tokenizer`], [`Error::Io`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let json = self
            .inner
            .to_string(true)
            .map_err(|error| fault(&path.display().to_string(), error))?;
        tunewise_files::replace(path, json.as_bytes())
            .map_err(|source| Error::Io { path: path.to_owned(), source })
    }
}

/// Applies `encode` to every row: in parallel, but for a few rows on the caller's own thread.
fn encode_rows<T: Send>(
    dataset: &Dataset,
    encode: impl Fn(&Example) -> tokenizers::Result<T> + Sync,
) -> Result<Vec<T>> {
    const FEW: usize = 8;
    let encode = |example: &Example| {
        encode(example)
            .map_err(|error| fault(&format!("{}:{}", dataset.source(), example.line), error))
    };
    let examples = dataset.examples();
    if examples.len() <= FEW {
        return examples.iter().map(encode).collect();
    }
    examples.par_iter().map(encode).collect()
}

fn check_length(max_seq_length: usize) -> Result<()> {
    if max_seq_length > SPECIAL_TOKENS {
        return Ok(());
    }
    let got = max_seq_length.to_string();
    Err(Error::Argument { name: "max_seq_length", got, expected: "4 or more" })
}

/// The windows of a text; a pair is one.
fn encode_windows(
    tokenizer: &tokenizers::Tokenizer,
    example: &Example,
    windows: Windows,
) -> tokenizers::Result<Vec<Row>> {
    let Windows { max_seq_length, stride, max_windows } = windows;
    if example.text_pair.is_some() {
        return Ok(vec![encode(tokenizer, example, max_seq_length)?]);
    }
    let text = tokenizer.encode_fast(example.text.as_str(), false)?;
    let special = tokenizer.get_post_processor().map_or(0, |p| p.added_tokens(false));
    let room = max_seq_length.saturating_sub(special).max(1);
    let stride = stride.min(room - 1);
    // The text's end is cut before the windows are, so that a huge text costs no more than they do.
    let whole = text.len();
    let read = room + (max_windows - 1) * (room - stride);
    let mut text = text;
    text.truncate(read.min(whole), 0, TruncationDirection::Right);
    let _ = text.take_overflowing();
    text.truncate(room, stride, TruncationDirection::Right);
    let rest = text.take_overflowing();
    let row = |window: Encoding| {
        let encoding = tokenizer.post_process(window, None, true)?;
        Ok(row(&encoding, whole > read))
    };
    std::iter::once(text).chain(rest).map(row).collect()
}

fn row(encoding: &Encoding, truncated: bool) -> Row {
    Row {
        input_ids: encoding.get_ids().to_vec(),
        token_type_ids: encoding.get_type_ids().iter().map(|&id| id as u8).collect(),
        truncated,
    }
}

/// Truncation is applied here and not by the tokenizer, whose own stops reading a text at the limit:
/// `longest_first` then no longer knows which text of a pair is the longer.
fn encode(
    tokenizer: &tokenizers::Tokenizer,
    example: &Example,
    max_seq_length: usize,
) -> tokenizers::Result<Row> {
    let text = tokenizer.encode_fast(example.text.as_str(), false)?;
    let pair = example.text_pair.as_deref();
    let pair = pair.map(|pair| tokenizer.encode_fast(pair, false)).transpose()?;
    let special = tokenizer.get_post_processor().map_or(0, |p| p.added_tokens(pair.is_some()));
    let length = |text: &Encoding, pair: &Option<Encoding>| {
        text.len() + pair.as_ref().map_or(0, Encoding::len)
    };
    let whole = length(&text, &pair);
    let truncation = TruncationParams {
        max_length: max_seq_length.saturating_sub(special),
        strategy: TruncationStrategy::LongestFirst,
        ..TruncationParams::default()
    };
    let (text, pair) = truncate_encodings(text, pair, &truncation)?;
    let truncated = length(&text, &pair) < whole;
    let encoding = tokenizer.post_process(text, pair, true)?;
    Ok(row(&encoding, truncated))
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|source| Error::Io { path: path.to_owned(), source })
}

fn fault(place: &str, message: impl ToString) -> Error {
    Error::Tokenizer { place: place.to_owned(), message: message.to_string() }
}

/// `tokenizer_config.json`, as far as it matters here.
struct Config(Map<String, Value>);

impl Config {
    /// The file's keys; none where there is no file.
    fn read(path: &Path) -> Result<Self> {
        match std::fs::read(path) {
            Ok(bytes) => {
                let file = path.display().to_string();
                let fault = |source| Error::Json { file, line: 1, source };
                serde_json::from_slice(&bytes).map(Self).map_err(fault)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self(Map::new())),
            Err(source) => Err(Error::Io { path: PathBuf::from(path), source }),
        }
    }

    fn with_casing(casing: Casing) -> Self {
        let lower = Value::Bool(casing == Casing::Uncased);
        Self(Map::from_iter([("do_lower_case".to_owned(), lower)]))
    }

    fn flag(&self, key: &str) -> Option<bool> {
        self.0.get(key).and_then(Value::as_bool)
    }

    /// A special token, given as a string or as an object with its content.
    fn token(&self, key: &str, default: &str) -> String {
        let value = self.0.get(key);
        let content = value.and_then(|value| value.get("content")).or(value);
        content.and_then(Value::as_str).unwrap_or(default).to_owned()
    }

    /// Transformers writes 1e30 where it does not know.
    fn model_max_length(&self) -> Option<usize> {
        let length = self.0.get("model_max_length").and_then(Value::as_u64)?;
        usize::try_from(length).ok().filter(|&length| length > 0 && length < 1 << 31)
    }
}
