//! `monitor` as a process.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{PREDICT, checkpoint, refused, stderr, write};

const MONITOR: &str = env!("CARGO_BIN_EXE_monitor");

/// The probability of `label_0` of a text, by `predict`.
fn first_label(text: &str) -> f64 {
    let dir = tempfile::tempdir().unwrap();
    let texts = write(dir.path(), "texts.txt", text.as_bytes());
    let output = Command::new(PREDICT)
        .args(["--threads", "1", "--device", "cpu", "--model"])
        .arg(checkpoint())
        .arg("--input")
        .arg(texts)
        .output()
        .unwrap();
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    line["scores"]["label_0"].as_f64().unwrap()
}

/// Twenty texts an hour for 60 hours; of hours 30 to 42 twelve are the second text, else two.
fn stream((calm, bad): (&str, &str)) -> String {
    let line = |number: usize| {
        let (hour, place) = (number / 20, number % 20);
        let bad_ones = if (30..42).contains(&hour) { 12 } else { 2 };
        let text = if place < bad_ones { bad } else { calm };
        let time = hour * 3600 + place * 180;
        format!(
            "{{\"id\": {number}, \"time\": {time}, \"topic\": \"<script>fees\", \"text\": \"{text}\"}}\n"
        )
    };
    (0..20 * 60).map(line).collect()
}

fn monitor(input: &Path, out: &Path, config: &Path) -> Command {
    let mut command = Command::new(MONITOR);
    command.arg("--sentiment-model").arg(checkpoint()).args(["--negative-label", "label_0"]);
    command.arg("--input").arg(input).arg("--output-dir").arg(out).arg("--config").arg(config);
    command.args(["--threads", "1", "--device", "cpu", "--save-lines", "64"]);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

#[test]
fn a_watched_stream_survives_kills_and_hostile_words() {
    let dir = tempfile::tempdir().unwrap();
    let (calm, bad) = ("<script>good price</script>", "<script>bad service again</script>");
    let (of_calm, of_bad) = (first_label(calm), first_label(bad));
    // Which of the two the random model likes less does not matter.
    let texts = if of_calm < of_bad { (calm, bad) } else { (bad, calm) };
    let negative_at = (of_calm + of_bad) / 2.0;
    assert!((of_calm - of_bad).abs() > 1e-4, "{of_calm} {of_bad}");
    let config = format!("baseline = 0.1\nnegative_at = {negative_at}\n");
    let config = write(dir.path(), "monitor.toml", config.as_bytes());
    // A repeated text, broken JSON, no text, no time, and one that is too late.
    let good = stream(texts);
    let first = good.lines().next().unwrap();
    let lines = good.replacen(
        '\n',
        &format!("\n{first}\n{{oops\n{{\"time\": 0}}\n{{\"text\": \"x\"}}\n\n"),
        1,
    ) + &first.replace("\"id\": 0", "\"id\": \"late\"");
    let input = write(dir.path(), "stream.jsonl", lines.as_bytes());
    let (whole, killed, live) =
        (dir.path().join("whole"), dir.path().join("killed"), dir.path().join("live"));
    let output = monitor(&input, &whole, &config).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("1200 texts, 1 repeated, 1 late"), "{}", stderr(&output));
    let read = |out: &Path| {
        ["alerts.jsonl", "skipped.jsonl", "monitor.html"]
            .map(|name| fs::read_to_string(out.join(name)).unwrap())
    };
    let [alerts, skipped, html] = read(&whole);
    let kinds: Vec<serde_json::Value> =
        alerts.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&kinds[0]["kind"], &kinds[0]["topic"]), (&"opened".into(), &"<script>fees".into()));
    assert_eq!(kinds[0]["evidence"][0]["text"], texts.1);
    assert_eq!(kinds.last().unwrap()["kind"], "cleared");
    assert_eq!(skipped.lines().count(), 5, "{skipped}");
    assert!(html.contains("&lt;script&gt;fees") && !html.contains("<script"));

    for lines_saved in [64, 320, 704] {
        let mut child = monitor(&input, &killed, &config).spawn().unwrap();
        let saved = || {
            let state = fs::read(killed.join("state.json")).ok()?;
            serde_json::from_slice::<serde_json::Value>(&state).ok()?["lines"].as_u64()
        };
        while saved().is_none_or(|lines| lines < lines_saved) {
            assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
    }
    assert!(monitor(&input, &killed, &config).status().unwrap().success());
    assert_eq!(read(&killed), [alerts.clone(), skipped.clone(), html.clone()]);

    let mut command = monitor(Path::new("-"), &live, &config);
    let output = command.stdin(Stdio::from(fs::File::open(&input).unwrap())).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(read(&live)[..2], [alerts, skipped]);
}

#[test]
fn a_monitor_is_refused_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("watch");
    let input = write(dir.path(), "stream.jsonl", b"{\"time\": 0, \"text\": \"x\"}\n");
    let config = |text: &str| write(dir.path(), "monitor.toml", text.as_bytes());
    let refuse = |config: &Path, more: &[&str], expected: &str| {
        let output = monitor(&input, &out, config).args(more).output().unwrap();
        refused(&output, &out, expected);
    };
    refuse(&config("windows = 3"), &[], "unknown field `windows`");
    refuse(&config("window = 0"), &[], "`window` is 0");
    refuse(&config(""), &["--bursts", "nowhere.jsonl"], "nowhere.jsonl: ");
    let mut command = Command::new(MONITOR);
    command.arg("--sentiment-model").arg(checkpoint()).arg("--input").arg(&input);
    let output = command.arg("--output-dir").arg(&out).output().unwrap();
    refused(
        &output,
        &out,
        "`negative_label` is not given, expected one of the model's labels: label_0",
    );
    // Without a model of topics, and without a topic, a text does not count: nothing is lost.
    let output = monitor(&input, &out, &config("")).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(fs::read_to_string(out.join("skipped.jsonl")).unwrap().contains("no `topic`"));
}
