//! Questions to a support desk: the answer of their intent where the model is sure, an article where a
//! search is, a person where both are unsure; and what that costs.
//!
//! ```
//! use tunewise_decide::support::{Aim, Desk, IntentModel, Prices, Question, Route, Truth};
//!
//! struct Table(Vec<String>); // a real one is a fine-tuned classifier
//! impl IntentModel for Table {
//!     fn intents(&self) -> &[String] { &self.0 }
//!     fn logits(&self, questions: &[&str]) -> tunewise_decide::Result<Vec<f64>> {
//!         Ok(questions.iter().flat_map(|it| if it.contains("refund") { [3.0, 0.0] } else { [0.1, 0.0] }).collect())
//!     }
//! }
//!
//! # fn main() -> tunewise_decide::Result<()> {
//! let model = Table(vec!["refund".into(), "delivery".into()]);
//! let desk = Desk { model: &model, templates: None, knowledge: None };
//! let prices = Prices { wrong: 12.0, person: 4.0, answered: 0.0, currency: String::new() };
//! let texts = ["a refund, please", "refund?", "when will it come", "hello"];
//! let truths = ["refund", "refund", "delivery", "person"].map(Truth::of_label);
//! let labelled: Vec<_> = desk.score(&texts)?.into_iter().zip(truths).collect();
//! let routing = desk.calibrate(&labelled, &prices, Aim::LeastCost)?;
//! let question = Question { id: None, text: "hello there".into() };
//! let decision = desk.decide(&routing, question, &desk.score(&["hello there"])?[0]);
//! assert_eq!(decision.route, Route::Person);
//! # Ok(())
//! # }
//! ```
//!
//! | module | what |
//! | --- | --- |
//! | `model` | [`IntentModel`] and [`TextEmbedder`], the seams for models |
//! | `question` | [`Question`]s as lines of JSON; [`Truth`], what would be right |
//! | `template` | [`Templates`]: answers with slots |
//! | `knowledge` | [`Knowledge`]: articles by BM25, put in order anew by embeddings |
//! | `prices` | [`Prices`] |
//! | `routing` | [`Routing`]: temperature and thresholds, chosen on labelled questions |
//! | `desk` | [`Desk`]: the way of a question |
//! | `answering` | [`Desk::answer`]: lines in, lines out |
//! | `evaluation` | [`Evaluation`]: accuracy, coverage, costs, confusions |
//! | `page` | [`SupportPage`]: the same as pictures and HTML |

mod answering;
mod desk;
mod evaluation;
mod knowledge;
mod model;
mod page;
mod prices;
mod question;
mod report;
mod routing;
mod template;
mod words;

pub use answering::LineCount;
pub use desk::{Decision, Desk, Route};
pub use evaluation::{Between, Confusion, Coverage, Evaluation, EvaluationOptions, RouteCount};
pub use knowledge::{Article, Hit, Knowledge};
pub use model::{IntentModel, TextEmbedder};
pub use page::SupportPage;
pub use prices::Prices;
pub use question::{Question, Truth};
pub use routing::{Aim, Routing, Scored, Setting};
pub use template::{Filled, Templates};
