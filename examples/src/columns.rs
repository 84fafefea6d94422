//! Flags that name a file's columns.

use clap::Args;
use tunewise_data::{LabelUse, ProblemType, ReadOptions};

/// Which column is which.
#[derive(Debug, Clone, Args)]
pub struct ColumnArgs {
    /// Column of the text [default: text, sentence, review or headline]
    #[arg(long, value_name = "NAME")]
    pub text_column: Option<String>,
    /// Column of the second text of a pair [default: text_pair, sentence2 or item, if there]
    #[arg(long, value_name = "NAME")]
    pub text_pair_column: Option<String>,
    /// Column of the label [default: label, category or sentiment]
    #[arg(long, value_name = "NAME")]
    pub label_column: Option<String>,
    /// Splits a cell into the labels of a multi-label row
    #[arg(long, value_name = "TEXT")]
    pub label_separator: Option<String>,
}

impl ColumnArgs {
    /// How a file is to be read for labels of that kind.
    #[must_use]
    pub fn read_options(&self, labels: LabelUse, problem_type: Option<ProblemType>) -> ReadOptions {
        ReadOptions {
            text_column: self.text_column.clone(),
            text_pair_column: self.text_pair_column.clone(),
            label_column: self.label_column.clone(),
            label_separator: self.label_separator.clone(),
            labels,
            problem_type,
            ..ReadOptions::default()
        }
    }
}
