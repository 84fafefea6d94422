//! The generator of the shipped news: labelled texts for two heads, and a stream of others with bursts of
//! bad news. The stream has subjects, predicates, endings and places of its own.

mod wording;

use std::collections::HashSet;

use crate::recommendation::{GeneratedFile, Rng};
use wording::{Bank, NAMES, STREAM, TRAINING};

/// Shares of negative and neutral texts; the rest is positive.
const USUAL: (f64, f64) = (0.12, 0.58);

/// A time in which one topic has more texts, and more negative ones, than usual.
struct Burst {
    topic: usize,
    /// Hours since the stream's beginning.
    from: usize,
    to: usize,
    shares: (f64, f64),
    /// Texts an hour.
    rate: f64,
}

/// Hours of the stream.
const HOURS: usize = 288;
/// Texts an hour on a topic, at usual times.
const RATE: f64 = 2.6;

/// Two bursts of bad news, and a day on which much but nothing bad is written.
const BURSTS: [Burst; 3] = [
    Burst { topic: 1, from: 150, to: 174, shares: (0.6, 0.3), rate: 5.0 },
    Burst { topic: 0, from: 230, to: 254, shares: (0.6, 0.3), rate: 5.0 },
    Burst { topic: 3, from: 190, to: 214, shares: USUAL, rate: 6.0 },
];

/// The files of a seed.
pub(crate) fn generate(seed: u64) -> Vec<GeneratedFile> {
    let mut rng = Rng::new(seed);
    let mut seen = HashSet::new();
    let mut files = Vec::new();
    for (name, rows) in [("train.csv", 1200), ("validation.csv", 240)] {
        let mut contents = "text,topic,sentiment\n".to_owned();
        for row in 0..rows {
            let (topic, sentiment) = (row % 4, row / 4 % 3);
            let text = new_text(&TRAINING, (topic, sentiment), &mut seen, &mut rng);
            contents += &format!("\"{text}\",{},{}\n", TOPICS[topic], SENTIMENTS[sentiment]);
        }
        files.push(GeneratedFile { name, contents });
    }
    files.push(GeneratedFile { name: "stream.jsonl", contents: stream(&mut seen, &mut rng) });
    let bursts = BURSTS.iter().filter(|burst| burst.shares != USUAL).map(|burst| {
        let (topic, share) = (TOPICS[burst.topic], burst.shares.0);
        let (from, to) = (time(60 * burst.from), time(60 * burst.to));
        format!("{{\"topic\": \"{topic}\", \"from\": \"{from}\", \"to\": \"{to}\", \"share\": {share}}}\n")
    });
    files.push(GeneratedFile { name: "bursts.jsonl", contents: bursts.collect() });
    files
}

const TOPICS: [&str; 4] = NAMES;
const SENTIMENTS: [&str; 3] = ["negative", "neutral", "positive"];

/// Lines in the order in which they come: up to eight minutes after they were written, a few hours later,
/// and now and then one again.
fn stream(seen: &mut HashSet<String>, rng: &mut Rng) -> String {
    let mut texts: Vec<(usize, usize, usize)> = Vec::new(); // minute, topic, sentiment
    for hour in 0..HOURS {
        for topic in 0..TOPICS.len() {
            let burst =
                BURSTS.iter().find(|it| it.topic == topic && (it.from..it.to).contains(&hour));
            let (rate, shares) = burst.map_or((RATE, USUAL), |burst| (burst.rate, burst.shares));
            for _ in 0..poisson(rate, rng) {
                let sentiment = match rng.below(1000) as f64 / 1000.0 {
                    x if x < shares.0 => 0,
                    x if x < shares.0 + shares.1 => 1,
                    _ => 2,
                };
                texts.push((60 * hour + rng.below(60), topic, sentiment));
            }
        }
    }
    texts.sort_unstable();
    let mut lines = Vec::new();
    for (number, (minute, topic, sentiment)) in (1..).zip(texts) {
        let text = new_text(&STREAM, (topic, sentiment), seen, rng);
        let line = format!(
            "{{\"id\": \"n{number:04}\", \"time\": \"{}\", \"topic\": \"{}\", \"sentiment\": \"{}\", \"text\": \"{text}\"}}\n",
            time(minute),
            TOPICS[topic],
            SENTIMENTS[sentiment]
        );
        let delay = if number % 700 == 0 { 300 } else { rng.below(9) };
        if number % 400 == 0 {
            lines.push((minute + delay + 30, number, line.clone()));
        }
        lines.push((minute + delay, number, line));
    }
    lines.sort();
    lines.into_iter().map(|(_, _, line)| line).collect()
}

/// A minute since the stream's beginning, 2026-05-04.
fn time(minute: usize) -> String {
    let day = crate::recommendation::date((64 + minute / 1440) as i64);
    format!("{day}T{:02}:{:02}:00Z", minute / 60 % 24, minute % 60)
}

/// Knuth's method, for rates of a few.
fn poisson(rate: f64, rng: &mut Rng) -> usize {
    let (limit, mut product, mut count) = ((-rate).exp(), 1.0, 0);
    loop {
        product *= rng.below(1_000_000) as f64 / 1e6;
        if product <= limit {
            return count;
        }
        count += 1;
    }
}

/// A text that there was not yet; a stream may run out of them and then repeats its words.
fn new_text(
    bank: &Bank,
    (topic, sentiment): (usize, usize),
    seen: &mut HashSet<String>,
    rng: &mut Rng,
) -> String {
    for _ in 0..50 {
        let text = bank.text(topic, sentiment, rng);
        if seen.insert(text.clone()) {
            return text;
        }
    }
    bank.text(topic, sentiment, rng)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_shares_no_words_bank_with_the_training_texts() {
        for (mine, theirs) in TRAINING.phrases().zip(STREAM.phrases()) {
            for phrase in mine {
                assert!(phrase.is_empty() || !theirs.contains(phrase), "{phrase}");
            }
        }
    }

    #[test]
    fn bursts_are_where_they_are_said_to_be() {
        let files = generate(7);
        let stream = &files[2].contents;
        let share = |topic: &str, day: &str| {
            let of_day = stream.lines().filter(|line| {
                line.contains(&format!("\"topic\": \"{topic}\"")) && line.contains(day)
            });
            let all: Vec<&str> = of_day.collect();
            let negative = all.iter().filter(|line| line.contains("\"negative\"")).count();
            (all.len(), negative as f64 / all.len() as f64)
        };
        // Hours 150 to 174 are 2026-05-10T06 to 2026-05-11T06.
        let (texts, negative) = share("power", "T1");
        assert!(texts > 200 && negative < 0.4, "{texts} {negative}");
        assert!(share("power", "2026-05-10T1").1 > 0.4 && share("rail", "2026-05-10T1").1 < 0.4);
    }
}
