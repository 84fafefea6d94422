//! Articles, and the one that a question asks for.

use std::collections::HashSet;
use std::fmt;
use std::io::BufRead;
use std::path::PathBuf;

use bm25::{Embedder, EmbedderBuilder, Scorer, Tokenizer};
use serde::{Deserialize, Serialize};

use super::model::TextEmbedder;
use super::words::terms;
use crate::error::{Fault, argument};
use crate::{Error, Result};

/// Articles that BM25 puts forward for the embeddings to choose from.
const CANDIDATES: usize = 10;

/// An article of the knowledge file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Article {
    /// What it is known by.
    pub id: String,
    /// Its heading.
    pub title: String,
    /// What it says: what a question is answered with.
    pub text: String,
    /// Intents that it answers as well as their template does.
    #[serde(default)]
    pub intents: Vec<String>,
}

/// The article that fits a question best, and how well.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// The article's place in [`Knowledge::articles`].
    pub article: usize,
    /// Its BM25 score, or with embeddings the cosine of its vector and the question's.
    pub score: f64,
}

/// Articles to be searched: BM25 over title and text, the ten best put in order anew by embeddings where
/// there are some.
///
/// ```
/// use tunewise_decide::support::Knowledge;
///
/// # fn main() -> tunewise_decide::Result<()> {
/// let lines = r#"{"id": "hours", "title": "Opening hours", "text": "We answer from 8 to 18 o'clock."}
/// {"id": "gifts", "title": "Gift cards", "text": "A gift card is good for three years."}"#;
/// let knowledge = Knowledge::new(Knowledge::read(lines.as_bytes(), "knowledge.jsonl")?)?;
/// let hits = knowledge.search(&["How long is my gift card good for?"])?;
/// assert_eq!(knowledge.articles()[hits[0].unwrap().article].id, "gifts");
/// # Ok(())
/// # }
/// ```
pub struct Knowledge<'a> {
    articles: Vec<Article>,
    words: Embedder<u64, Terms>,
    scorer: Scorer<usize, u64>,
    vectors: Option<(&'a dyn TextEmbedder, Vec<f32>)>,
}

struct Terms;

impl Tokenizer for Terms {
    fn tokenize(&self, text: &str) -> Vec<String> {
        terms(text)
    }
}

impl<'a> Knowledge<'a> {
    /// Reads an object a line with `id`, `title`, `text` and, if there, a list `intents`; `source` names the
    /// input in messages.
    ///
    /// # Errors
    /// [`Error::Line`] naming the line and what is wrong; [`Error::Io`].
    pub fn read(input: impl BufRead, source: &str) -> Result<Vec<Article>> {
        let (mut articles, mut ids) = (Vec::new(), HashSet::new());
        for (number, line) in (1..).zip(input.lines()) {
            let line =
                line.map_err(|error| Error::Io { path: PathBuf::from(source), source: error })?;
            if line.trim().is_empty() {
                continue;
            }
            let at = |fault| Error::Line { file: source.to_owned(), line: number, source: fault };
            let article: Article =
                serde_json::from_str(&line).map_err(|error| at(Fault::Json(error.to_string())))?;
            let fault = |key: &str, got: &str, expected| {
                at(Fault::Value { key: key.to_owned(), got: format!("{got:?}"), expected })
            };
            if article.text.trim().is_empty() {
                return Err(fault("text", &article.text, "an article's words"));
            }
            if !ids.insert(article.id.clone()) {
                return Err(fault("id", &article.id, "an id of its own for each article"));
            }
            articles.push(article);
        }
        Ok(articles)
    }

    /// An index of articles.
    ///
    /// # Errors
    /// [`Error::Argument`] without articles.
    pub fn new(articles: Vec<Article>) -> Result<Self> {
        if articles.is_empty() {
            return Err(argument("articles", "none", "at least one article"));
        }
        let texts: Vec<String> = articles.iter().map(Article::whole).collect();
        let corpus: Vec<&str> = texts.iter().map(String::as_str).collect();
        let words: Embedder<u64, Terms> =
            EmbedderBuilder::<u64, Terms>::with_tokenizer_and_fit_to_corpus(Terms, &corpus).build();
        let mut scorer = Scorer::new();
        for (place, text) in corpus.iter().enumerate() {
            scorer.upsert(&place, words.embed(text));
        }
        Ok(Self { articles, words, scorer, vectors: None })
    }

    /// Puts what BM25 finds in order anew by how near `embedder` sees question and article.
    ///
    /// # Errors
    /// The embedder's; [`Error::Argument`] for vectors of another size than it says.
    pub fn reranked(mut self, embedder: &'a dyn TextEmbedder) -> Result<Self> {
        let texts: Vec<String> = self.articles.iter().map(Article::whole).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        self.vectors = Some((embedder, vectors(embedder, &texts)?));
        Ok(self)
    }

    /// The articles, in the order of the file.
    #[must_use]
    pub fn articles(&self) -> &[Article] {
        &self.articles
    }

    /// Whether embeddings decide.
    #[must_use]
    pub fn is_reranked(&self) -> bool {
        self.vectors.is_some()
    }

    /// The article that fits each question best; `None` for one that shares no word with any.
    ///
    /// # Errors
    /// Those of [`Knowledge::reranked`].
    pub fn search(&self, questions: &[&str]) -> Result<Vec<Option<Hit>>> {
        let found = questions.iter().map(|question| self.by_words(question));
        let Some((embedder, articles)) = &self.vectors else {
            return Ok(found.map(|hits| hits.first().copied()).collect());
        };
        let asked = vectors(*embedder, questions)?;
        let size = embedder.size().max(1);
        let vector =
            |of: &'_ [f32], row: usize| of.chunks_exact(size).nth(row).map(<[f32]>::to_vec);
        let best = |(row, hits): (usize, Vec<Hit>)| {
            let question = vector(&asked, row)?;
            let seen = hits.into_iter().filter_map(|hit| {
                let score = cosine(&question, &vector(articles, hit.article)?);
                Some(Hit { score, ..hit })
            });
            seen.reduce(|best, hit| if hit.score > best.score { hit } else { best })
        };
        Ok(found.enumerate().map(best).collect())
    }

    /// The ten articles of the highest BM25 score, the first of equals first.
    fn by_words(&self, question: &str) -> Vec<Hit> {
        let found = self.scorer.matches(&self.words.embed(question)).into_iter();
        let hit = |found: bm25::ScoredDocument<usize>| Hit {
            article: found.id,
            score: f64::from(found.score),
        };
        let mut hits: Vec<Hit> = found.map(hit).filter(|hit| hit.score > 0.0).collect();
        hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.article.cmp(&b.article)));
        hits.truncate(CANDIDATES);
        hits
    }
}

impl Article {
    fn whole(&self) -> String {
        format!("{}. {}", self.title, self.text)
    }
}

impl fmt::Debug for Knowledge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (articles, reranked) = (self.articles.len(), self.is_reranked());
        f.debug_struct("Knowledge")
            .field("articles", &articles)
            .field("reranked", &reranked)
            .finish_non_exhaustive()
    }
}

fn vectors(embedder: &dyn TextEmbedder, texts: &[&str]) -> Result<Vec<f32>> {
    let vectors = embedder.embed(texts)?;
    let expected = texts.len() * embedder.size();
    if vectors.len() == expected {
        return Ok(vectors);
    }
    Err(argument("embeddings", vectors.len(), &format!("{expected} numbers")))
}

/// Of vectors of length 1 their product.
fn cosine(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}
