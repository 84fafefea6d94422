//! The rounds: train on what is labelled, measure, choose what to label next.

use std::collections::HashSet;

use tch::Device;
use tunewise_data::labelling::{
    Probabilities, PseudoLabelOptions, Uncertainty, most_uncertain, pseudo_labels,
};
use tunewise_data::{
    Dataset, EncodedTexts, Label, LabelSet, LabelUse, ProblemType, ReadOptions, Targets, Tokenizer,
    read_path, targets, transformers_permutation,
};

use super::config::{LabelCostConfig, Strategy};
use super::state::{LabelCostState, Point};
use crate::classifier::{check_vocabulary, fitting_length};
use crate::train::{Evaluation, MetricForBestModel, Source, TrainConfig, Trainer, predict};
use crate::{BertClassifier, Checkpoint, Error, Head, Precision, Result};

/// Measures how well each strategy does by the number of labels: for each seed a pool, a first batch of rows
/// at random, and then rounds of training a fresh head and the pretrained body on all labelled rows,
/// measuring on the test rows, and labelling more. All strategies of a seed have the same first batch.
/// After every model the state is written into `output_dir`; a run that was ended goes on from it to the
/// same numbers. `tell` hears each point, also those that the state had.
///
/// # Errors
/// Those of [`LabelCostConfig::validate`]; [`Error::Data`] for the files, [`Error::Setting`] for labels of
/// another kind than one of several a row, a pool that is too small, and a state of other settings; those
/// of [`Checkpoint::open`] and [`Trainer::fit`].
pub fn label_cost(
    config: &LabelCostConfig,
    tell: &mut dyn FnMut(&Point) -> bool,
) -> Result<LabelCostState> {
    config.validate()?;
    let study = Study::read(config)?;
    let mut state = LabelCostState::open(config)?;
    for point in &state.points {
        if !tell(point) {
            return Ok(state);
        }
    }
    for &seed in &config.seeds {
        let pool = study.pool(seed);
        for round in 0..config.labels.len() {
            let by_chance =
                study.missing(&state, (seed, round), |it| it.measure().is_none() || round == 0);
            if !by_chance.is_empty() {
                let points = study.by_chance(&pool, (seed, round), &by_chance)?;
                if !enter(&mut state, points, tell)? {
                    return Ok(state);
                }
            }
            for strategy in study.missing(&state, (seed, round), |it| it.measure().is_some()) {
                let point = study.by_choice(&state, &pool, (seed, round, strategy))?;
                if !enter(&mut state, vec![point], tell)? {
                    return Ok(state);
                }
            }
        }
    }
    Ok(state)
}

fn enter(
    state: &mut LabelCostState,
    points: Vec<Point>,
    tell: &mut dyn FnMut(&Point) -> bool,
) -> Result<bool> {
    state.points.extend(points.iter().cloned());
    state.write()?;
    Ok(points.iter().all(tell))
}

/// Everything that models are trained and measured on.
struct Study<'a> {
    config: &'a LabelCostConfig,
    tokenizer: Tokenizer,
    labels: LabelSet,
    train: (Dataset, EncodedTexts),
    test: (Targets, EncodedTexts),
}

impl<'a> Study<'a> {
    fn read(config: &'a LabelCostConfig) -> Result<Self> {
        let options = ReadOptions { labels: LabelUse::Required, ..ReadOptions::default() };
        let train = read_path(&config.train_file, &options)?;
        let problem = train.problem_type().unwrap_or(ProblemType::Regression);
        if problem != ProblemType::SingleLabelClassification {
            let expected = ProblemType::SingleLabelClassification.to_string();
            return Err(Error::Setting {
                name: "problem_type",
                got: problem.to_string(),
                expected,
            });
        }
        let options = ReadOptions { problem_type: Some(problem), ..options };
        let test = read_path(&config.test_file, &options)?;
        let least = config.labels.last().copied().unwrap_or(0);
        if train.len() < config.pool_rows.unwrap_or(least) {
            let (got, expected) =
                (train.len().to_string(), "as many rows as the pool has".to_owned());
            return Err(Error::Setting { name: "train_file", got, expected });
        }
        let checkpoint = Checkpoint::open(&config.model)?;
        let tokenizer = Tokenizer::from_dir(&config.model)?;
        let length = fitting_length(checkpoint.config(), &tokenizer, Some(config.max_seq_length))?;
        let encode = |dataset: &Dataset| -> Result<EncodedTexts> {
            let texts = tokenizer.encode_dataset(dataset, length)?;
            check_vocabulary(checkpoint.config(), texts.max_id())?;
            Ok(texts)
        };
        let labels = LabelSet::from_dataset(&train)?;
        let test = (targets(&test, problem, &labels)?, encode(&test)?);
        let texts = encode(&train)?;
        Ok(Self { config, labels, train: (train, texts), test, tokenizer })
    }

    /// The rows of a seed's pool; its first rows are the first batch, the first `n` the `n` at random.
    fn pool(&self, seed: u64) -> Vec<usize> {
        let mut rows = transformers_permutation(self.train.0.len(), seed);
        rows.truncate(self.config.pool_rows.unwrap_or(rows.len()));
        rows
    }

    /// The strategies among those that `concerns` takes whose point is not known.
    fn missing(
        &self,
        state: &LabelCostState,
        (seed, round): (u64, usize),
        concerns: impl Fn(Strategy) -> bool,
    ) -> Vec<Strategy> {
        let count = self.count(round);
        let strategies = self.config.strategies.iter().copied().filter(|it| concerns(*it));
        strategies.filter(|it| state.find(*it, seed, count).is_none()).collect()
    }

    fn count(&self, round: usize) -> usize {
        self.config.labels.get(round).copied().unwrap_or(0)
    }

    /// The points of the strategies that have the pool's first rows at this round, of one model.
    fn by_chance(
        &self,
        pool: &[usize],
        (seed, round): (u64, usize),
        strategies: &[Strategy],
    ) -> Result<Vec<Point>> {
        let (rows, rest) = pool.split_at(self.count(round).min(pool.len()));
        let given = self.train.0.select(rows)?;
        let model = self.trained(rows, &given, seed)?;
        let plain = self.measured(&model, (Strategy::Random, seed), rows)?;
        let point = |strategy: &Strategy| match strategy.measure() {
            Some(measure) => {
                let next = self.next(&model, rest, (measure, round))?;
                Ok(Point { strategy: *strategy, next, ..plain.clone() })
            }
            None if *strategy == Strategy::Pseudo => {
                let (added, examples, guesses_right) = self.guessed(&model, rest, rows.len())?;
                let mut point = Point { strategy: *strategy, ..plain.clone() };
                if !added.is_empty() {
                    let examples = [given.examples(), &examples].concat();
                    let both = Dataset::new(given.source(), examples, given.problem_type());
                    let model = self.trained(&[rows, &added].concat(), &both, seed)?;
                    point = self.measured(&model, (*strategy, seed), rows)?;
                }
                Ok(Point { guesses: added.len(), guesses_right, ..point })
            }
            None => Ok(plain.clone()),
        };
        strategies.iter().map(point).collect()
    }

    /// The point of a strategy that has chosen rows in the round before.
    fn by_choice(
        &self,
        state: &LabelCostState,
        pool: &[usize],
        (seed, round, strategy): (u64, usize, Strategy),
    ) -> Result<Point> {
        let missing = Error::Internal { what: "a round before chose rows" };
        let before = round.checked_sub(1).map(|before| self.count(before));
        let before = before.and_then(|count| state.find(strategy, seed, count));
        let (before, measure) = before.zip(strategy.measure()).ok_or(missing)?;
        let rows = [before.rows.as_slice(), &before.next].concat();
        let model = self.trained(&rows, &self.train.0.select(&rows)?, seed)?;
        let taken: HashSet<usize> = rows.iter().copied().collect();
        let rest: Vec<usize> = pool.iter().copied().filter(|row| !taken.contains(row)).collect();
        let next = self.next(&model, &rest, (measure, round))?;
        Ok(Point { next, ..self.measured(&model, (strategy, seed), &rows)? })
    }

    /// What to label before the next round, if there is one.
    fn next(
        &self,
        model: &BertClassifier,
        rest: &[usize],
        (measure, round): (Uncertainty, usize),
    ) -> Result<Vec<usize>> {
        let more = self.count(round + 1).saturating_sub(self.count(round));
        if more == 0 {
            return Ok(Vec::new());
        }
        let values = self.probabilities(model, rest)?;
        let probabilities = Probabilities::new(&values, self.labels.names().len())?;
        let places = most_uncertain(&probabilities, measure, more).into_iter();
        Ok(places.filter_map(|place| rest.get(place).copied()).collect())
    }

    fn measured(
        &self,
        model: &BertClassifier,
        (strategy, seed): (Strategy, u64),
        rows: &[usize],
    ) -> Result<Point> {
        let (targets, texts) = &self.test;
        let source = self.source(texts, targets);
        let predictions = predict(model, &source, self.batch(), Precision::Fp32)?;
        let evaluation = Evaluation::new(&predictions, targets, self.labels.names())?;
        Ok(Point {
            strategy,
            seed,
            labels: rows.len(),
            guesses: 0,
            guesses_right: 0,
            macro_f1: evaluation.metric(MetricForBestModel::MacroF1)?,
            accuracy: evaluation.metric(MetricForBestModel::Accuracy)?,
            rows: rows.to_vec(),
            next: Vec::new(),
        })
    }

    /// Rows whose label the model is sure of, with that label, and how many of them are right.
    fn guessed(
        &self,
        model: &BertClassifier,
        rest: &[usize],
        labels: usize,
    ) -> Result<(Vec<usize>, Vec<tunewise_data::Example>, usize)> {
        let names = self.labels.names();
        let share = self.config.pseudo_share * labels as f64 / names.len() as f64;
        let options = PseudoLabelOptions {
            threshold: self.config.pseudo_threshold,
            max_per_class: Some((share.round() as usize).max(1)),
        };
        let values = self.probabilities(model, rest)?;
        let found = pseudo_labels(&Probabilities::new(&values, names.len())?, &options)?;
        let (mut rows, mut examples, mut right) = (Vec::new(), Vec::new(), 0);
        for guess in found {
            let row = rest.get(guess.row).copied();
            let example = row.and_then(|row| self.train.0.examples().get(row));
            if let (Some(row), Some(example), Some(name)) = (row, example, names.get(guess.label)) {
                let label = Some(Label::Class(name.clone()));
                right += usize::from(example.label == label);
                rows.push(row);
                examples.push(tunewise_data::Example { label, ..example.clone() });
            }
        }
        Ok((rows, examples, right))
    }

    /// A model trained on these rows, whose labels are those of `given`.
    fn trained(&self, rows: &[usize], given: &Dataset, seed: u64) -> Result<BertClassifier> {
        let problem = ProblemType::SingleLabelClassification;
        let id2label = self.labels.names().to_vec();
        let head = Head::Fresh { id2label, problem_type: problem, seed };
        let (mut model, _) =
            BertClassifier::load_pretrained(&self.config.model, &head, Device::Cpu)?;
        let (texts, targets) = (self.train.1.select(rows)?, targets(given, problem, &self.labels)?);
        let train = TrainConfig { seed, ..self.config.train.clone() };
        Trainer::new(&mut model, train)?.fit(&self.source(&texts, &targets), None)?;
        Ok(model)
    }

    fn probabilities(&self, model: &BertClassifier, rows: &[usize]) -> Result<Vec<f64>> {
        let texts = self.train.1.select(rows)?;
        let source = self.source(&texts, &Targets::None);
        let predictions = predict(model, &source, self.batch(), Precision::Fp32)?;
        Ok(predictions.scores().flatten().collect())
    }

    fn source<'s>(&self, texts: &'s EncodedTexts, targets: &'s Targets) -> Source<'s> {
        let max_seq_length = self.config.max_seq_length;
        Source { texts, targets, pad_id: self.tokenizer.pad_id(), max_seq_length }
    }

    fn batch(&self) -> usize {
        self.config.train.per_device_eval_batch_size
    }
}
