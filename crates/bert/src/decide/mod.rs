//! Fine-tuned classifiers as the models that `tunewise-decide` asks for.

mod clicks;
mod desk;
mod news;

use tunewise_data::ProblemType;

pub use clicks::ClickHead;
pub use news::NewsHeads;

use crate::predictor::{Predictor, one_label};
use crate::{Error, Result};

/// The place of a label among the logits of a model that gives one label of several; without a name, of the
/// first of `usual` that the model has.
fn place(
    model: &impl Predictor,
    (setting, name): (&'static str, Option<&str>),
    usual: &[&str],
) -> Result<usize> {
    let config = model.config();
    match config.problem() {
        ProblemType::SingleLabelClassification => {}
        ProblemType::MultiLabelClassification => return Err(one_label("several labels a text")),
        ProblemType::Regression => return Err(one_label("numbers (regression)")),
    }
    let labels = &config.id2label;
    let place = |name: &str| labels.iter().position(|label| label == name);
    let found = match name {
        Some(name) => place(name),
        None => usual.iter().find_map(|name| place(name)),
    };
    found.ok_or_else(|| {
        let got = name.map_or_else(|| "not given".to_owned(), |name| format!("`{name}`"));
        let expected = format!("one of the model's labels: {}", labels.join(", "));
        Error::Setting { name: setting, got, expected }
    })
}

/// The probability of the label at `place` in each row.
fn column(rows: Vec<Vec<f64>>, place: usize) -> Result<Vec<f64>> {
    let what = Error::Internal { what: "a row has a probability for each label" };
    let values = rows.iter().map(|row| row.get(place).copied()).collect::<Option<Vec<f64>>>();
    values.ok_or(what)
}
