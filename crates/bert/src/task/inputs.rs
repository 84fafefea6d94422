//! What a run trains and measures on, read and checked before anything is written.

use std::path::Path;

use tunewise_data::{
    Dataset, DatasetStatistics, EncodedTexts, LabelSet, LabelUse, ProblemType, ReadOptions,
    Targets, Tokenizer, leak, read_path, split, targets,
};

use super::config::FinetuneConfig;
use super::notice::Notice;
use crate::train::Source;
use crate::{BertConfig, Checkpoint, Head, Result};

/// A labelled data set, tokenized.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) dataset: Dataset,
    pub(super) targets: Targets,
    pub(super) texts: EncodedTexts,
}

impl Part {
    pub(super) fn source(&self, tokenizer: &Tokenizer, max_seq_length: usize) -> Source<'_> {
        let (texts, targets) = (&self.texts, &self.targets);
        Source { texts, targets, pad_id: tokenizer.pad_id(), max_seq_length }
    }
}

/// The files of a run, read.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) train: Dataset,
    pub(super) validation: Option<Dataset>,
    pub(super) test: Option<Dataset>,
}

impl Files {
    /// Reads all files, splits the training file if asked, and reports what is odd about them.
    pub(super) fn read(config: &FinetuneConfig, tell: &mut dyn FnMut(&Notice)) -> Result<Self> {
        let mut options = ReadOptions {
            text_column: config.text_column.clone(),
            text_pair_column: config.text_pair_column.clone(),
            label_column: config.label_column.clone(),
            labels: LabelUse::Required,
            problem_type: config.problem_type,
            label_separator: config.label_separator.clone(),
            ..ReadOptions::default()
        };
        let labels = match config.learns_without_labels() {
            true => LabelUse::IfPresent,
            false => LabelUse::Required,
        };
        let whole = read_path(&config.train_file, &ReadOptions { labels, ..options.clone() })?;
        // The training file decides what the labels are; the others must agree.
        options.problem_type = whole.problem_type();
        let read = |path: &Path| read_path(path, &options);
        let test = config.test_file.as_deref().map(read).transpose()?;
        let (train, validation) = match config.validation_split {
            Some(share) => {
                let rows = split::stratified(&whole, share, config.seed)?;
                (whole.select(&rows.train)?, Some(whole.select(&rows.held_out)?))
            }
            None => (whole, config.validation_file.as_deref().map(read).transpose()?),
        };
        let files = Self { train, validation, test };
        files.audit(tell);
        Ok(files)
    }

    fn audit(&self, tell: &mut dyn FnMut(&Notice)) {
        for dataset in
            [Some(&self.train), self.validation.as_ref(), self.test.as_ref()].into_iter().flatten()
        {
            let statistics = DatasetStatistics::of(dataset);
            let source = dataset.source().to_owned();
            let columns = dataset.columns();
            let columns = [Some(&columns.text), columns.text_pair.as_ref(), columns.label.as_ref()];
            let columns = columns.into_iter().flatten().cloned().collect();
            let (rows, classes) = (statistics.rows, statistics.classes);
            tell(&Notice::Read { source: source.clone(), rows, columns, classes });
            if statistics.duplicate_rows > 0 {
                let (rows, conflicting) = (statistics.duplicate_rows, statistics.conflicting_rows);
                tell(&Notice::Duplicates { source, rows, conflicting });
            }
        }
        for held_out in [&self.validation, &self.test].into_iter().flatten() {
            let found = leak(&self.train, held_out);
            if found.rows > 0 {
                tell(&Notice::Leak {
                    source: held_out.source().to_owned(),
                    rows: found.rows,
                    of: held_out.len(),
                    first_lines: found.first_lines,
                });
            }
        }
    }

    pub(super) fn problem(&self) -> ProblemType {
        self.train.problem_type().unwrap_or(ProblemType::SingleLabelClassification)
    }
}

/// The labels of a run and the head that gives them.
#[derive(Debug)]
pub(super) struct Labelling {
    pub(super) problem: ProblemType,
    pub(super) labels: LabelSet,
    pub(super) head: Head,
}

impl Labelling {
    /// Keeps the checkpoint's head if it solves the problem and knows every training label; else
    /// the labels are the sorted training labels and the head is new.
    pub(super) fn choose(files: &Files, checkpoint: &Checkpoint, seed: u64) -> Result<Self> {
        let problem = files.problem();
        if let Some(names) =
            checkpoint.labels().filter(|_| checkpoint.config().problem() == problem)
        {
            let labels = LabelSet::from_names(names.to_vec())?;
            if problem == ProblemType::Regression || targets(&files.train, problem, &labels).is_ok()
            {
                return Ok(Self { problem, labels, head: Head::Kept });
            }
        }
        let labels = match problem {
            ProblemType::Regression => LabelSet::from_names(vec!["LABEL_0".to_owned()])?,
            _ => LabelSet::from_dataset(&files.train)?,
        };
        let head = Head::Fresh { id2label: labels.names().to_vec(), problem_type: problem, seed };
        Ok(Self { problem, labels, head })
    }

    /// The labels are the teacher's, and so is the problem; a head of other labels starts fresh.
    pub(super) fn of_teacher(
        teacher: &BertConfig,
        checkpoint: &Checkpoint,
        seed: u64,
    ) -> Result<Self> {
        let (problem, id2label) = (teacher.problem(), teacher.id2label.clone());
        let labels = LabelSet::from_names(id2label.clone())?;
        let same = checkpoint.labels() == Some(&*id2label);
        let head = match same && checkpoint.config().problem() == problem {
            true => Head::Kept,
            false => Head::Fresh { id2label, problem_type: problem, seed },
        };
        Ok(Self { problem, labels, head })
    }

    /// The rows' targets; where rows need none and have none, there are none.
    pub(super) fn targets(&self, dataset: &Dataset, optional: bool) -> Result<Targets> {
        if optional && dataset.examples().iter().all(|example| example.label.is_none()) {
            return Ok(Targets::None);
        }
        Ok(targets(dataset, self.problem, &self.labels)?)
    }
}

/// Tokenizes a data set and reports its lengths.
pub(super) fn encode(
    dataset: &Dataset,
    tokenizer: &Tokenizer,
    max_seq_length: usize,
    tell: &mut dyn FnMut(&Notice),
) -> Result<EncodedTexts> {
    let texts = tokenizer.encode_dataset(dataset, max_seq_length)?;
    let (source, lengths) = (dataset.source().to_owned(), texts.statistics());
    tell(&Notice::Tokenized { source, lengths, max_seq_length });
    Ok(texts)
}
