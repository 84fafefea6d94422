//! What the rounds came to.

use crate::fault::{Fault, Result};

/// One side of the comparison.
#[derive(Debug)]
pub(super) struct Contender {
    pub(super) name: &'static str,
    /// Rows a second and peak memory in MiB, by round.
    pub(super) runs: Vec<(f64, f64)>,
}

impl Contender {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, runs: Vec::new() }
    }

    /// Takes over a run's rate, under `key` of its record, and its memory.
    pub(super) fn add(&mut self, record: &str, key: &str) -> Result<()> {
        let value = |key| {
            number(record, key).ok_or_else(|| {
                Fault::new(format!("{}: no `{key}` in its record", self.name), "see above")
            })
        };
        let (rate, memory) = (value(key)?, value("peak_rss_mb")?);
        println!("round {}: {:<16} {rate:8.1} /s {memory:8.0} MiB", self.runs.len() + 1, self.name);
        self.runs.push((rate, memory));
        Ok(())
    }

    fn sorted(&self, pick: fn(&(f64, f64)) -> f64) -> Vec<f64> {
        let mut values: Vec<f64> = self.runs.iter().map(pick).collect();
        values.sort_by(f64::total_cmp);
        values
    }
}

/// The number after `"key":` in a JSON object, which may be nested.
fn number(json: &str, key: &str) -> Option<f64> {
    let (_, rest) = json.split_once(&format!("\"{key}\":"))?;
    let end = rest.find([',', '}', '\n']).unwrap_or(rest.len());
    rest.get(..end)?.trim().parse().ok()
}

/// The middle value, or the mean of the two.
fn median(sorted: &[f64]) -> f64 {
    let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 { at(half) } else { (at(half.wrapping_sub(1)) + at(half)) / 2.0 }
}

/// The table; ratios are medians of the ratios to the last contender's run of the same round.
pub(super) fn markdown(title: &str, unit: &str, contenders: &[&Contender]) -> String {
    let mut text = format!(
        "{title}\n\n| | {unit}, median | least to most | ours to it, median of rounds | peak memory, MiB |\n\
         | --- | --- | --- | --- | --- |\n"
    );
    let Some(ours) = contenders.last() else { return text };
    for contender in contenders {
        let rates = contender.sorted(|run| run.0);
        let pairs = ours.runs.iter().zip(&contender.runs);
        let mut ratios: Vec<f64> = pairs.map(|(ours, its)| ours.0 / its.0).collect();
        ratios.sort_by(f64::total_cmp);
        text.push_str(&format!(
            "| {} | {:.1} | {:.1} to {:.1} | {:.2} | {:.0} |\n",
            contender.name,
            median(&rates),
            rates.first().copied().unwrap_or(f64::NAN),
            rates.last().copied().unwrap_or(f64::NAN),
            median(&ratios),
            median(&contender.sorted(|run| run.1)),
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_by_their_keys() {
        let json = "{\"a\": 1.5, \"inner\": {\"b\":2}\n}";
        assert_eq!((number(json, "a"), number(json, "b")), (Some(1.5), Some(2.0)));
        assert_eq!(number(json, "c"), None);
        assert_eq!(number("{\"a\": null}", "a"), None);
    }

    #[test]
    fn the_table_has_medians_and_ratios_by_round() {
        let contenders = [
            Contender { name: "peer", runs: vec![(10.0, 100.0), (20.0, 300.0), (40.0, 200.0)] },
            Contender { name: "ours", runs: vec![(30.0, 50.0), (30.0, 50.0), (80.0, 50.0)] },
        ];
        let text = markdown("title", "rows/s", &contenders.each_ref());
        assert!(
            text.contains("| | rows/s, median |")
                && text.contains("| peer | 20.0 | 10.0 to 40.0 | 2.00 | 200 |"),
            "{text}"
        );
        assert!(text.contains("| ours | 30.0 | 30.0 to 80.0 | 1.00 | 50 |"), "{text}");
        assert_eq!(median(&[1.0, 3.0]), 2.0);
    }
}
