//! Flags that say what items are ranked by.

use std::path::PathBuf;

use clap::Args;
use tunewise_decide::rank::{Blend, Diversity, Session};

use crate::{CliResult, say};

/// What items are ranked by.
#[derive(Debug, Clone, Args)]
pub struct BlendArgs {
    /// Names and weights of the signals, the model's click first
    #[arg(long, value_name = "NAME=WEIGHT,...", value_delimiter = ',', default_value = "click=1", value_parser = weight)]
    pub weights: Vec<(String, f64)>,
    /// Fit the weights instead, to the clicks of this file of the same form as the input
    #[arg(long, value_name = "FILE")]
    pub fit: Option<PathBuf>,
    /// What holds fitted weights back
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    pub ridge: f64,
    /// Weight of the score against likeness to the items above, 0 to 1
    #[arg(long, value_name = "X", default_value_t = 0.8)]
    pub relevance: f64,
    /// Items for each reader
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub count: usize,
}

fn weight(word: &str) -> Result<(String, f64), String> {
    let (name, number) = word.split_once('=').ok_or("expected NAME=WEIGHT")?;
    let weight = number.parse().map_err(|_| format!("`{number}` is no number"))?;
    Ok((name.to_owned(), weight))
}

impl BlendArgs {
    /// The names of the signals, `click` first if they are right.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.weights.iter().map(|it| it.0.as_str()).collect()
    }

    /// How much likeness counts.
    #[must_use]
    pub fn diversity(&self) -> Diversity {
        Diversity { relevance: self.relevance }
    }

    /// The weights given, or those fitted to earlier sessions, which are said.
    ///
    /// # Errors
    /// A message naming the flag at fault, or why there is no fit.
    pub fn blend(&self, earlier: Option<&[Session]>) -> CliResult<Blend> {
        let weights: Vec<(&str, f64)> =
            self.weights.iter().map(|it| (it.0.as_str(), it.1)).collect();
        let given = Blend::fixed(&weights)?;
        let Some(earlier) = earlier else { return Ok(given) };
        let fit = Blend::fit(earlier, &self.names(), self.ridge)?;
        let weights = fit.blend.names().iter().zip(fit.blend.weights());
        let weights: Vec<String> = weights.map(|(name, it)| format!("{name}={it:.4}")).collect();
        say(format!(
            "weights fitted to {} rows, {} clicked: {}",
            fit.rows,
            fit.clicks,
            weights.join(",")
        ));
        Ok(fit.blend)
    }
}
