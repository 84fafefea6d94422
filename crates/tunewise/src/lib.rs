#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(feature = "bert")]
pub use tunewise_bert as bert;
#[cfg(feature = "cost")]
pub use tunewise_cost as cost;
#[cfg(feature = "data")]
pub use tunewise_data as data;
#[cfg(feature = "decide")]
pub use tunewise_decide as decide;
#[cfg(feature = "metrics")]
pub use tunewise_metrics as metrics;
#[cfg(feature = "plan")]
pub use tunewise_plan as plan;

/// What most programs need.
#[cfg(feature = "bert")]
pub mod prelude {
    pub use tunewise_bert::task::{FinetuneConfig, finetune};
    pub use tunewise_bert::train::{Control, Event, Observer, TrainConfig, Trainer};
    pub use tunewise_bert::{
        BertClassifier, Classifier, ClassifierOptions, Prediction, ShareOptions, SharedClassifier,
    };
    pub use tunewise_data::{Dataset, LabelSet, ReadOptions, Tokenizer, read_path};
    pub use tunewise_metrics::{ReportOptions, classification_report};
}
