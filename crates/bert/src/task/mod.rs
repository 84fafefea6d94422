//! Whole jobs: from files to an output folder.

mod compare;
mod config;
mod device_choice;
mod distil;
mod finetune;
mod fingerprint;
mod follow;
mod herald;
mod inputs;
mod kept;
mod manifest;
mod meeting;
mod notice;
mod origin;
mod outputs;
mod peft;
mod prediction_line;
mod prepare;
mod retention;
mod run_clock;
mod run_record;
mod saved_run;
mod saver;
mod split_files;

pub use compare::{Candidate, CompareOptions, Comparison, Cost, Interval, Measure, compare};
pub use config::FinetuneConfig;
pub use device_choice::DeviceChoice;
pub use finetune::{Finetuned, Report, finetune, finetune_in_group};
pub(crate) use fingerprint::difference;
pub use notice::Notice;
pub use outputs::{Labelled, evaluate_dataset};
pub use peft::PeftMethod;
pub use prediction_line::prediction_line;
pub use run_record::RunRecord;
pub use split_files::split_file;
