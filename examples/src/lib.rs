//! What the command lines share: flags that a TOML file can give too, and how a run ends.

mod classifier_args;
mod columns;
mod finetune_args;
mod hub;
mod interrupt;
mod label_cost_args;
mod plan_args;
mod ranks;
mod search_args;
mod support_args;

pub use classifier_args::{ClassifierArgs, load_classifier};
pub use columns::ColumnArgs;
pub use finetune_args::FinetuneArgs;
pub use hub::{hub_for, locate_model, shows_download};
pub use interrupt::stop_on_interrupt;
pub use label_cost_args::LabelCostArgs;
pub use plan_args::PlanArgs;
pub use ranks::group;
pub use search_args::SearchArgs;
pub use support_args::{AnswerArgs, EvaluateArgs, SplitArgs};
pub use tunewise_examples_pure::{BAD_INPUT, CliResult, INTERRUPTED, run, say};
