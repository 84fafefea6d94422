//! `recommend` as a process.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{checkpoint, refused, stderr, write};

const RECOMMEND: &str = env!("CARGO_BIN_EXE_recommend");

const ITEMS: &str = r#"{"item": "a", "title": "good price", "terms": ["price"], "published": "2026-03-01", "clicks": 3}
{"item": "b", "title": "late & <script>again", "terms": ["time"], "published": "2026-03-09", "clicks": 9}
{"item": "c", "title": "fast delivery", "terms": ["time"], "published": "2026-03-05", "clicks": 1}
"#;
const SESSIONS: &str = r#"{"reader": "r1", "time": "2026-04-02T00:00:00Z", "history": ["a", "gone"], "shown": ["b", "c", "lost"], "clicked": ["c"]}
{"reader": "r2", "time": "2026-04-01T00:00:00Z", "history": [], "shown": ["a", "b"], "clicked": ["b"]}
"#;

#[test]
fn a_click_model_ranks_explains_and_is_measured() {
    let dir = tempfile::tempdir().unwrap();
    let items = write(dir.path(), "items.jsonl", ITEMS.as_bytes());
    let recommend = |sessions: &str, out: &Path, more: &[&str]| {
        let sessions = write(dir.path(), "sessions.jsonl", sessions.as_bytes());
        let mut command = Command::new(RECOMMEND);
        command.arg("--model").arg(checkpoint()).arg("--items").arg(&items);
        command.arg("--sessions").arg(sessions).arg("--output-dir").arg(out);
        command.args(["--threads", "1", "--device", "cpu"]).args(more).output().unwrap()
    };
    let label = ["--clicked-label", "label_1"];
    let out = dir.path().join("lists");
    let weights = ["--weights", "click=1,popularity=0.5,recency=0.1"];
    let output = recommend(SESSIONS, &out, &[label, weights].concat());
    let said = stderr(&output);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("line 1, reader r1: not in the catalogue, so not ranked: lost"),
        "{said}"
    );
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.starts_with("order") && table.contains("popularity"), "{table}");
    let read = |name: &str| fs::read_to_string(out.join(name)).unwrap();
    assert_eq!(read("metrics.txt"), table);
    let lines = read("recommendations.jsonl");
    let lists: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lists.len(), &lists[1]["reader"]), (2, &"r2".into()));
    let [first, second] = &lists[0]["items"].as_array().unwrap()[..] else { panic!("{lines}") };
    assert_eq!((&first["item"], &first["title"]), (&"b".into(), &"late & <script>again".into()));
    let sum: f64 =
        first["effects"].as_object().unwrap().values().filter_map(serde_json::Value::as_f64).sum();
    let mean = (first["score"].as_f64().unwrap() + second["score"].as_f64().unwrap()) / 2.0;
    assert!((first["score"].as_f64().unwrap() - mean - sum).abs() < 1e-9);
    assert!(read("recommendations.txt").contains("nothing known: the model is not asked"));
    let metrics: serde_json::Value = serde_json::from_str(&read("metrics.json")).unwrap();
    assert!(metrics["rows"][0]["ndcg"]["low"].is_number());
    assert!(read("ndcg.svg").starts_with("<svg"));

    let other = dir.path().join("refused");
    for (sessions, more, expected) in [
        (
            SESSIONS,
            &[][..],
            "`clicked_label` is not given, expected one of the model's labels: label_0",
        ),
        (SESSIONS, &["--weights", "popularity=1"], "`click` first"),
        (
            SESSIONS,
            &["--weights", "click=1,price=1", "--clicked-label", "label_1"],
            "items.jsonl:2: `signals.price`",
        ),
        ("{oops\n", &label, "sessions.jsonl:1: no JSON object"),
        ("", &label, "sessions.jsonl: no sessions"),
        (
            &SESSIONS.replacen(", \"clicked\": [\"c\"]", "", 1),
            &label,
            "`clicked` is in 1 of 2 sessions",
        ),
    ] {
        refused(&recommend(sessions, &other, more), &other, expected);
    }
    let unknown =
        SESSIONS.replace(", \"clicked\": [\"c\"]", "").replace(", \"clicked\": [\"b\"]", "");
    let output = recommend(&unknown, &other, &label);
    assert!(output.status.success() && output.stdout.is_empty(), "{}", stderr(&output));
    assert!(!other.join("metrics.json").exists() && other.join("recommendations.txt").exists());
}
