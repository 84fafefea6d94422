//! WordPiece by the `tokenizers` crate, which stays private to this module.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::{Map, Value};
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::processors::template::TemplateProcessing;
use tokenizers::utils::truncation::truncate_encodings;
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
        const SPECIAL_TOKENS: usize = 3;
        if max_seq_length <= SPECIAL_TOKENS {
            let got = max_seq_length.to_string();
            return Err(Error::Argument { name: "max_seq_length", got, expected: "4 or more" });
        }
        let encode = |example: &Example| {
            encode(&self.inner, example, max_seq_length)
                .map_err(|error| fault(&format!("{}:{}", dataset.source(), example.line), error))
        };
        let rows: Vec<Row> = dataset.examples().par_iter().map(encode).collect::<Result<_>>()?;
        Ok(rows.into_iter().collect())
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
        let io = |source| Error::Io { path: path.to_owned(), source };
        let partial = path.with_extension("json.tmp");
        std::fs::write(&partial, json).map_err(io)?;
        std::fs::File::open(&partial).and_then(|file| file.sync_all()).map_err(io)?;
        std::fs::rename(&partial, path).map_err(io)
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
    Ok(Row {
        input_ids: encoding.get_ids().to_vec(),
        token_type_ids: encoding.get_type_ids().iter().map(|&id| id as u8).collect(),
        truncated,
    })
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
