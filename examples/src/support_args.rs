//! The command lines of `support`.

use std::fs::{File, read_to_string};
use std::io::{BufReader, Write, stdin};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use tunewise_bert::task::split_file;
use tunewise_bert::{Classifier, SentenceEmbedder};
use tunewise_data::{Label, LabelUse, ProblemType, read_path};
use tunewise_decide::support::{
    Aim, Desk, EvaluationOptions, Knowledge, Prices, Routing, Scored, SupportPage, Templates,
    TextEmbedder, Truth,
};
use tunewise_examples_pure::{BAD_INPUT, CliResult, say};

use crate::{ClassifierArgs, ColumnArgs, locate_model};

/// What a desk answers with.
#[derive(Debug, Args)]
pub(crate) struct DeskArgs {
    #[command(flatten)]
    classifier: ClassifierArgs,
    /// Answers by intent: a TOML file with [intents] and [slots] [default: the intent alone]
    #[arg(long, value_name = "FILE")]
    templates: Option<PathBuf>,
    /// Articles, JSON Lines with id, title, text [default: no answers by article]
    #[arg(long, value_name = "FILE")]
    knowledge: Option<PathBuf>,
    /// Folder or hub's id of a checkpoint whose embeddings order what the search finds
    #[arg(long, value_name = "DIR_OR_ID", requires = "knowledge")]
    embedder: Option<PathBuf>,
}

/// What a desk's parts are read into; a desk borrows from it.
struct Parts {
    classifier: Classifier,
    embedder: Option<SentenceEmbedder>,
    templates: Option<Templates>,
}

impl DeskArgs {
    fn parts(&self) -> CliResult<Parts> {
        let classifier = self.classifier.load()?;
        let problem = classifier.config().problem();
        if problem != ProblemType::SingleLabelClassification {
            return Err(format!(
                "{}: a model of {problem}, expected one label a text",
                self.classifier.model.display()
            )
            .into());
        }
        let embedder = self.embedder.as_ref().map(|path| -> CliResult<_> {
            Ok(SentenceEmbedder::from_pretrained(locate_model(path, None)?)?)
        });
        let templates = self.templates.as_ref().map(|path| -> CliResult<_> {
            Ok(Templates::from_toml(&read(path)?, &path.display().to_string())?)
        });
        Ok(Parts { classifier, embedder: embedder.transpose()?, templates: templates.transpose()? })
    }

    fn knowledge<'p>(&self, parts: &'p Parts) -> CliResult<Option<Knowledge<'p>>> {
        let Some(path) = &self.knowledge else { return Ok(None) };
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| format!("{name}: {error}"))?;
        let knowledge = Knowledge::new(Knowledge::read(BufReader::new(file), &name)?)?;
        Ok(Some(match &parts.embedder {
            Some(embedder) => knowledge.reranked(embedder as &dyn TextEmbedder)?,
            None => knowledge,
        }))
    }
}

/// Chooses thresholds on calibration questions and reports on others what they do and cost
///
/// Labels are intents of the model; `person` and `article:ID` stand for questions that fit none. Into the
/// output folder go routing.json (for `support answer`), report.txt, report.json, decisions.jsonl,
/// support.html, risk_coverage.svg and cost_coverage.svg.
#[derive(Debug, Args)]
pub struct EvaluateArgs {
    #[command(flatten)]
    desk: DeskArgs,
    /// Prices: a TOML file with wrong, person, answered, currency
    #[arg(long, value_name = "FILE")]
    prices: PathBuf,
    /// Labelled questions that temperature and thresholds are chosen on; the model must not have seen them
    #[arg(long, value_name = "FILE")]
    calibration_file: PathBuf,
    /// Labelled questions that are reported on
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    #[command(flatten)]
    columns: ColumnArgs,
    /// Choose the thresholds for this share of right answers instead of the least cost
    #[arg(long, value_name = "SHARE")]
    min_precision: Option<f64>,
    /// Where the results go [default: nowhere]
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
    /// Heading of the page
    #[arg(long, value_name = "TEXT", default_value = "Support desk")]
    title: String,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

impl EvaluateArgs {
    /// Writes the report to `out`, the rest to the output folder.
    ///
    /// # Errors
    /// A message naming the file, line or flag at fault.
    pub fn run(&self, out: &mut impl Write) -> CliResult {
        let prices = Prices::from_toml(&read(&self.prices)?, &self.prices.display().to_string())?;
        let parts = self.desk.parts()?;
        let knowledge = self.desk.knowledge(&parts)?;
        let desk = Desk {
            model: &parts.classifier,
            templates: parts.templates.as_ref(),
            knowledge: knowledge.as_ref(),
        };
        let aim = self.min_precision.map_or(Aim::LeastCost, Aim::Precision);
        let (calibration, input) =
            (self.labelled(&self.calibration_file, &desk)?, self.labelled(&self.input, &desk)?);
        let named = |path: &Path| {
            let name = path.display().to_string();
            move |error: tunewise_decide::Error| format!("{name}: {error}")
        };
        let routing =
            desk.calibrate(&calibration, &prices, aim).map_err(named(&self.calibration_file))?;
        let evaluation = desk
            .evaluate(&routing, &input, &EvaluationOptions::default())
            .map_err(named(&self.input))?;
        if let Some(folder) = &self.output_dir {
            SupportPage { title: &self.title, evaluation: &evaluation }.write(folder)?;
        }
        if self.json {
            writeln!(out, "{}", serde_json::to_string_pretty(&evaluation)?)?;
        } else {
            write!(out, "{evaluation}")?;
        }
        out.flush()?;
        Ok(ExitCode::SUCCESS)
    }

    fn labelled(&self, path: &Path, desk: &Desk<'_>) -> CliResult<Vec<(Scored, Truth)>> {
        let problem = Some(ProblemType::SingleLabelClassification);
        let dataset = read_path(path, &self.columns.read_options(LabelUse::Required, problem))?;
        let texts: Vec<&str> = dataset.examples().iter().map(|row| row.text.as_str()).collect();
        let truths = dataset.examples().iter().map(|row| match &row.label {
            Some(Label::Class(name)) => Truth::of_label(name),
            _ => Truth::Person,
        });
        Ok(desk.score(&texts)?.into_iter().zip(truths).collect())
    }
}

/// Answers questions, or hands them to a person: an object a line, in the order of the input
#[derive(Debug, Args)]
pub struct AnswerArgs {
    #[command(flatten)]
    desk: DeskArgs,
    /// The thresholds: routing.json of `support evaluate`
    #[arg(long, value_name = "FILE")]
    routing: PathBuf,
    /// Questions, one a line: the words, or an object with text and, if wanted, id; - for standard input
    #[arg(long, value_name = "FILE", default_value = "-")]
    input: PathBuf,
}

impl AnswerArgs {
    /// Writes the decisions to `out`.
    ///
    /// # Errors
    /// A message naming the file or flag at fault. A line that is no question is not an error: it has an
    /// object with the reason, and the exit code is then 2.
    pub fn run(&self, out: &mut impl Write) -> CliResult {
        let name = self.routing.display().to_string();
        let routing = Routing::from_json(&read(&self.routing)?, &name)?;
        let parts = self.desk.parts()?;
        let knowledge = self.desk.knowledge(&parts)?;
        let desk = Desk {
            model: &parts.classifier,
            templates: parts.templates.as_ref(),
            knowledge: knowledge.as_ref(),
        };
        desk.check(&routing, &name)?;
        let source = self.input.display().to_string();
        let count = if source == "-" {
            desk.answer(&routing, (stdin().lock(), "standard input", 1), out)?
        } else {
            let file = File::open(&self.input).map_err(|error| format!("{source}: {error}"))?;
            let batch = self.desk.classifier.batch_size;
            desk.answer(&routing, (BufReader::new(file), &source, batch), out)?
        };
        if count.refused == 0 {
            return Ok(ExitCode::SUCCESS);
        }
        say(format!("lines that are no questions: {}; the output says why", count.refused));
        Ok(ExitCode::from(BAD_INPUT))
    }
}

/// Splits a labelled file by class into train.csv, calibration.csv and test.csv
#[derive(Debug, Args)]
pub struct SplitArgs {
    /// Labelled rows: .csv, .tsv or .jsonl
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    #[command(flatten)]
    columns: ColumnArgs,
    /// Share of every class that is held out for the test
    #[arg(long, value_name = "SHARE", default_value_t = 0.2)]
    test: f64,
    /// Share of what is left that is held out for calibration
    #[arg(long, value_name = "SHARE", default_value_t = 0.1)]
    calibration: f64,
    /// Seeds the choice
    #[arg(long, value_name = "N", default_value_t = 42)]
    seed: u64,
    /// Where the files go
    #[arg(long, value_name = "DIR")]
    output_dir: PathBuf,
}

impl SplitArgs {
    /// Writes the files.
    ///
    /// # Errors
    /// A message naming the file, line or flag at fault.
    pub fn run(&self) -> CliResult {
        let options = self.columns.read_options(LabelUse::Required, None);
        let dataset = read_path(&self.input, &options)?;
        let shares = (self.test, self.calibration);
        let [train, calibration, test] = split_file(&dataset, shares, self.seed, &self.output_dir)?;
        say(format!("{train} rows to train on, {calibration} for calibration, {test} to test"));
        Ok(ExitCode::SUCCESS)
    }
}

fn read(path: &Path) -> CliResult<String> {
    read_to_string(path).map_err(|error| format!("{}: {error}", path.display()).into())
}
