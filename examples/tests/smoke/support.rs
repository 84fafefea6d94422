//! `support` and `label-cost` as processes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::{checkpoint, root, stderr, write};

const SUPPORT: &str = env!("CARGO_BIN_EXE_support");
const LABEL_COST: &str = env!("CARGO_BIN_EXE_label-cost");

const TEMPLATES: &str = r#"
[slots.order]
pattern = '\b[A-Z]{2}-\d{4}\b'
ask = "Which order?"
[intents]
label_0 = "Order {order} is on its way."
label_1 = "We are sorry."
"#;

/// Ten questions of the three labels, and one for nobody.
fn questions() -> String {
    let row = |i: usize| format!("good price {i},label_{}\n", i % 3);
    let rows: String = (0..10).map(row).collect();
    format!("text,label\n<script>alert(1)</script>,person\n{rows}gift cards,article:gifts\n")
}

struct Files {
    dir: tempfile::TempDir,
    questions: PathBuf,
    templates: PathBuf,
    knowledge: PathBuf,
    prices: PathBuf,
}

impl Files {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let article = br#"{"id": "gifts", "title": "Gift cards", "text": "Good for three years."}"#;
        Self {
            questions: write(dir.path(), "questions.csv", questions().as_bytes()),
            templates: write(dir.path(), "templates.toml", TEMPLATES.as_bytes()),
            knowledge: write(dir.path(), "knowledge.jsonl", article),
            prices: write(dir.path(), "prices.toml", b"wrong = 12.0\nperson = 4.0\n"),
            dir,
        }
    }

    fn out(&self) -> PathBuf {
        self.dir.path().join("out")
    }

    fn evaluate(&self) -> Output {
        let path = |path: &Path| path.to_str().unwrap().to_owned();
        self.desk("evaluate")
            .args(["--prices", &path(&self.prices), "--calibration-file", &path(&self.questions)])
            .args(["--input", &path(&self.questions), "--output-dir", &path(&self.out())])
            .output()
            .unwrap()
    }

    fn desk(&self, command: &str) -> Command {
        let mut desk = Command::new(SUPPORT);
        desk.arg(command).arg("--model").arg(checkpoint()).arg("--embedder").arg(checkpoint());
        desk.arg("--templates").arg(&self.templates).arg("--knowledge").arg(&self.knowledge);
        desk
    }
}

#[test]
fn a_desk_is_evaluated_and_answers_every_line() {
    let files = Files::new();
    let output = files.evaluate();
    assert!(output.status.success(), "{}", stderr(&output));
    let report = fs::read_to_string(files.out().join("report.txt")).unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), report);
    assert!(report.starts_with("12 questions, 10 of them with an intent of the model"), "{report}");
    let page = fs::read_to_string(files.out().join("support.html")).unwrap();
    assert!(!page.contains("<script>") && page.contains("&lt;script&gt;alert(1)"));

    let asked = b"good price\n{\"id\": 3, \"text\": \"gift cards\"}\n{\"text\": 3}\n\n<script>\n";
    let asked = write(files.dir.path(), "asked.txt", asked);
    let answered = files
        .desk("answer")
        .arg("--routing")
        .arg(files.out().join("routing.json"))
        .stdin(Stdio::from(fs::File::open(asked).unwrap()))
        .output()
        .unwrap();
    assert_eq!(answered.status.code(), Some(2), "{}", stderr(&answered));
    assert!(stderr(&answered).contains("lines that are no questions: 1"));
    let lines = String::from_utf8(answered.stdout).unwrap();
    let lines: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 5);
    assert_eq!(
        (&lines[2]["line"], &lines[2]["error"]),
        (&3.into(), &"`text` is 3, expected words".into())
    );
    assert_eq!(
        (&lines[3]["route"], &lines[3]["why"]),
        (&"person".into(), &"the question is empty".into())
    );
    assert_eq!((&lines[1]["id"], &lines[4]["text"]), (&"3".into(), &"<script>".into()));
    assert!(lines[0]["intent"].as_str().is_some_and(|intent| intent.starts_with("label_")));
}

#[test]
fn bad_files_of_a_desk_are_refused_by_name() {
    for (name, contents, expected) in [
        (
            "templates.toml",
            "[intents]\nloan = \"x\"",
            "templates.toml: answers for `loan`, which the model does not know",
        ),
        (
            "templates.toml",
            "[intents]\nlabel_0 = \"{order}\"",
            "`intents.label_0` is `{order}`, expected one of the slots",
        ),
        ("knowledge.jsonl", "{\"id\": 1", "knowledge.jsonl:1: no JSON object"),
        (
            "prices.toml",
            "wrong = 0.0\nperson = 1.0",
            "`prices.wrong` is 0, expected a number above 0",
        ),
        (
            "questions.csv",
            "text,label\nx,loan\n",
            "questions.csv: `label` is loan, expected `person`",
        ),
        (
            "questions.csv",
            "text,label\nx,article:no\n",
            "questions.csv: `label` is article:no, expected the id of an article",
        ),
    ] {
        let files = Files::new();
        write(files.dir.path(), name, contents.as_bytes());
        super::refused(&files.evaluate(), &files.out(), expected);
    }
}

#[test]
fn a_file_is_split_by_class_without_a_row_lost() {
    let dir = tempfile::tempdir().unwrap();
    let input = root().join("examples/data/support/train.csv");
    let output = Command::new(SUPPORT)
        .args(["split", "--input", input.to_str().unwrap(), "--output-dir"])
        .arg(dir.path().join("parts"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let rows = |path: PathBuf| -> Vec<csv::StringRecord> {
        csv::Reader::from_path(path).unwrap().into_records().map(Result::unwrap).collect()
    };
    let parts = ["train", "calibration", "test"]
        .map(|name| rows(dir.path().join(format!("parts/{name}.csv"))));
    assert_eq!(parts.each_ref().map(Vec::len), [112, 16, 32]);
    let (mut together, mut all) = (parts.concat(), rows(input));
    together.sort_by(|a, b| a.iter().cmp(b.iter()));
    all.sort_by(|a, b| a.iter().cmp(b.iter()));
    assert_eq!(together, all);
}

#[test]
fn label_cost_goes_on_where_it_was_ended() {
    let dir = tempfile::tempdir().unwrap();
    let row = |i: usize| format!("{} {i},{}\n", ["good price", "bad service"][i % 2], i % 2);
    let rows =
        |rows: std::ops::Range<usize>| format!("text,label\n{}", rows.map(row).collect::<String>());
    let train = write(dir.path(), "train.csv", rows(0..30).as_bytes());
    let test = write(dir.path(), "test.csv", rows(30..50).as_bytes());
    let run = |out: &str, labels: &str| {
        Command::new(LABEL_COST)
            .arg("--model")
            .arg(checkpoint())
            .arg("--train-file")
            .arg(&train)
            .arg("--test-file")
            .arg(&test)
            .arg("--output-dir")
            .arg(dir.path().join(out))
            .args(["--seeds", "1,2", "--labels", labels, "--num-train-epochs", "1"])
            .args(["--pseudo-threshold", "0.4", "--max-seq-length", "16", "--threads", "1"])
            .output()
            .unwrap()
    };
    let whole = run("whole", "4,8,12");
    assert!(whole.status.success(), "{}", stderr(&whole));
    let said = String::from_utf8_lossy(&whole.stdout).into_owned();
    assert!(said.contains("margin: saves") && said.contains("pseudo: saves"), "{said}");
    let read = |out: &str| -> serde_json::Value {
        serde_json::from_slice(&fs::read(dir.path().join(out).join("label_cost.json")).unwrap())
            .unwrap()
    };
    let state = read("whole");
    let points = state["points"].as_array().unwrap();
    assert_eq!(points.len(), 2 * 3 * 3);
    for point in points {
        let list = |key: &str| point[key].as_array().unwrap().clone();
        let mut chosen = [list("rows"), list("next")].concat();
        chosen.sort_by_key(|row| row.as_u64());
        let count = chosen.len();
        chosen.dedup();
        assert_eq!(
            (chosen.len(), list("rows").len()),
            (count, point["labels"].as_u64().unwrap() as usize)
        );
    }
    // A state that lacks its last points, as after a kill.
    let mut cut = state.clone();
    cut["points"].as_array_mut().unwrap().truncate(7);
    fs::create_dir(dir.path().join("cut")).unwrap();
    fs::write(dir.path().join("cut/label_cost.json"), cut.to_string()).unwrap();
    assert!(run("cut", "4,8,12").status.success());
    assert_eq!(read("cut"), state);
    assert!(dir.path().join("cut/label_cost.svg").is_file());
    let other = run("cut", "4,8");
    assert_eq!(other.status.code(), Some(2));
    assert!(stderr(&other).contains("another `labels`"), "{}", stderr(&other));
}
