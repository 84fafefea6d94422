//! A process of a group that is not the first: it trains along and writes nothing.

use std::rc::Rc;
use std::time::Instant;

use tunewise_torch::ProcessGroup;

use super::config::FinetuneConfig;
use super::distil::Teacher;
use super::finetune::{Finetuned, measured};
use super::kept;
use super::prepare::Prepared;
use super::run_clock::{RunClock, Spent};
use super::run_record::RunRecord;
use super::saved_run::Resumed;
use crate::train::{Observer, Trainer};
use crate::{BertClassifier, Result};

/// How training begins, alone or in a group, from the checkpoint if there is one to go on from, whose
/// weights the model has already.
pub(super) fn trainer<'a>(
    config: &FinetuneConfig,
    (model, teacher): (&'a mut BertClassifier, Option<&'a Teacher>),
    resumed: Option<&Resumed>,
    group: Option<Rc<ProcessGroup>>,
) -> Result<Trainer<'a>> {
    let mut trainer = Trainer::new(model, config.train_config())?;
    if let Some(teacher) = teacher {
        trainer = trainer.taught_by(&teacher.model);
    }
    if let Some(group) = group {
        trainer = trainer.in_group(group)?;
    }
    match resumed {
        Some(resumed) => resumed.restore(trainer),
        None => Ok(trainer),
    }
}

/// Trains along to the end.
pub(super) fn follow(
    config: &FinetuneConfig,
    run: &mut Prepared,
    (begin, resumed, group): (Instant, Option<&Resumed>, Option<Rc<ProcessGroup>>),
    observers: Vec<&mut dyn Observer>,
) -> Result<Finetuned> {
    let mut clock = RunClock::new(begin, Spent::default(), run.tokenizing_seconds);
    let train = run.train.source(&run.tokenizer, run.max_seq_length);
    let valid = run.validation.as_ref();
    let valid = valid.map(|part| part.source(&run.tokenizer, run.max_seq_length));
    if let Some(resumed) = resumed {
        kept::load(&resumed.path, &mut run.model)?;
    }
    let mut trainer = trainer(config, (&mut run.model, run.teacher.as_ref()), resumed, group)?;
    trainer = trainer.observe(&mut clock.stopwatch);
    for observer in observers {
        trainer = trainer.observe(observer);
    }
    let outcome = trainer.fit(&train, valid.as_ref())?;
    drop(trainer);
    let record = RunRecord::new(config, &run.model, measured(run, &outcome, clock.spent()));
    Ok(Finetuned::new(config, run, outcome, (None, record)))
}
