//! A comparison as a table.

use std::fmt;

use super::{Comparison, Cost, Interval};

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { before, after, .. } = self;
        let percent = 100.0 * self.confidence_level;
        writeln!(f, "{} rows, {} rounds, intervals of {percent} %\n", self.rows, self.rounds)?;
        line(f, ["", "before", "after", "after to before"])?;
        let ratio = |of: fn(&Cost) -> u64| of(after) as f64 / of(before) as f64;
        line(
            f,
            [
                "weights, bytes",
                &before.weights_bytes.to_string(),
                &after.weights_bytes.to_string(),
                &format!("x {:.3}", ratio(|cost| cost.weights_bytes)),
            ],
        )?;
        line(
            f,
            [
                "parameters",
                &before.parameters.to_string(),
                &after.parameters.to_string(),
                &format!("x {:.3}", ratio(|cost| cost.parameters)),
            ],
        )?;
        line(
            f,
            [
                "texts a second",
                &interval(&before.texts_per_second, 0),
                &interval(&after.texts_per_second, 0),
                &format!("x {}", interval(&self.speedup, 2)),
            ],
        )?;
        for measure in &self.quality {
            let Interval { estimate, low, high } = measure.difference;
            let difference =
                format!("{estimate:+.4} ({low:+.4} to {high:+.4}), p {:.3}", measure.p_value);
            let (first, second) = (interval(&measure.before, 4), interval(&measure.after, 4));
            line(f, [measure.name, &first, &second, &difference])?;
        }
        if let Some(agreement) = &self.agreement {
            line(f, ["same labels", "", "", &interval(agreement, 4)])?;
        }
        let logits = format!("{:.2e}", self.largest_logit_difference);
        line(f, ["largest difference of a logit", "", "", &logits])?;
        let of = |cost: &Cost| format!("{}, {}", cost.folder.display(), cost.backend);
        writeln!(f, "\nbefore: {}\nafter:  {}", of(before), of(after))
    }
}

fn line(f: &mut fmt::Formatter<'_>, [name, before, after, both]: [&str; 4]) -> fmt::Result {
    let line = format!("{name:<29}  {before:<26}  {after:<26}  {both}");
    writeln!(f, "{}", line.trim_end())
}

fn interval(Interval { estimate, low, high }: &Interval, digits: usize) -> String {
    format!("{estimate:.digits$} ({low:.digits$} to {high:.digits$})")
}
