//! The answer in words.

use std::fmt::{self, Write};

use crate::answer::{Answer, duration};
use crate::curve::Forecast;
use crate::decide::{Goal, Verdict};
use crate::marginal::{Move, MoveKind, Moves};
use crate::pilot::PilotRecord;

/// A number with its thousands apart.
pub(crate) fn count(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if value <= -0.5 { format!("-{out}") } else { out }
}

/// An amount: whole units from a hundred on, else hundredths.
pub(crate) fn money(amount: f64, currency: &str) -> String {
    let size = amount.abs();
    match size {
        size if size >= 100.0 => format!("{currency} {}", count(amount)),
        0.0 => format!("{currency} 0"),
        size if size < 0.01 => format!("less than {currency} 0.01"),
        _ => format!("{currency} {amount:.2}"),
    }
}

pub(crate) fn interval(it: &Forecast) -> String {
    format!("{:.3} ({:.3} to {:.3})", it.quality, it.low, it.high)
}

/// The answer in a sentence or two.
pub(crate) fn headline(answer: &Answer) -> String {
    let (plan, metric) = (&answer.decision.plan, &answer.metric);
    let (model, currency) = (&plan.model, &answer.currency);
    let chance = percent(answer.decision.chance.unwrap_or(f64::NAN));
    let rows = count(plan.rows);
    let label = if plan.new_labels > 0.0 {
        format!("label {} more rows ({rows} in all) and train {model}", count(plan.new_labels))
    } else {
        format!("train {model} on the {rows} rows that are labelled, and label no more")
    };
    let (cost, quality) = (money(plan.cost, currency), interval(&plan.quality));
    match (answer.decision.verdict, answer.question.goal) {
        (Verdict::Reached | Verdict::WithinReach, Goal::Target(target)) => format!(
            "To reach {metric} {target}: {label}. It costs {cost}; expect {quality}, and the target with a chance of {chance}."
        ),
        (Verdict::Doubtful, Goal::Target(target)) => format!(
            "Whether {metric} {target} can be reached is in doubt: {model} on all {rows} rows comes to {quality}, at the target with a chance of {chance} only. That costs {cost}."
        ),
        (Verdict::OutOfReach, Goal::Target(target)) => format!(
            "{metric} {target} is out of reach: even on all {rows} rows, for {cost}, {model} comes to {quality}; the chance of the target is {chance}.{}",
            beyond(answer, target)
        ),
        (Verdict::TooLittleMoney, Goal::Budget(amount)) => format!(
            "{} is too little: the cheapest training costs {cost}.",
            money(amount, currency)
        ),
        (_, Goal::Budget(amount)) => format!(
            "With {}: {label}. It costs {cost}; expect {metric} {quality}, the best that the budget buys.",
            money(amount, currency)
        ),
        (Verdict::TooLittleMoney, Goal::Target(_)) => String::new(),
    }
}

/// Whether rows without end would do.
fn beyond(answer: &Answer, target: f64) -> String {
    let models = answer.models.iter();
    let best = models.max_by(|one, other| one.ceiling[1].total_cmp(&other.ceiling[1]));
    let Some(model) = best else { return String::new() };
    let [low, middle, high] = model.ceiling;
    let end =
        format!("the curve of {} ends at about {middle:.3} ({low:.3} to {high:.3}).", model.name);
    if high < target {
        format!(" Rows without end would not do either: {end}")
    } else {
        format!(" How far rows beyond these would carry is not known well: {end}")
    }
}

pub(crate) fn percent(share: f64) -> String {
    match 100.0 * share {
        it if it > 99.0 => "over 99 %".to_owned(),
        it if it < 1.0 => "below 1 %".to_owned(),
        it => format!("{it:.0} %"),
    }
}

/// What a step is called.
pub(crate) fn name(kind: &MoveKind) -> String {
    match kind {
        MoveKind::Labels { count: labels } => format!("{} more labels", count(*labels)),
        MoveKind::Epochs { times } => format!("{times} times the epochs"),
        MoveKind::Model { name } => format!("{name} instead"),
        MoveKind::Stop => "stop here".to_owned(),
    }
}

/// What a step costs.
pub(crate) fn price(it: &Move, currency: &str) -> String {
    match it.cost {
        cost if cost.abs() < 0.01 => "next to nothing".to_owned(),
        cost if cost < 0.0 => format!("saves {}", money(-cost, currency)),
        cost => money(cost, currency),
    }
}

/// A number of parameters.
pub(crate) fn parameters(value: f64) -> String {
    if value >= 1e6 { format!("{:.1} million", value / 1e6) } else { count(value) }
}

/// The best step in a sentence.
pub(crate) fn advice(moves: &Moves, currency: &str) -> String {
    let Some(best) = moves.moves.get(moves.best) else { return String::new() };
    let gain =
        format!("{:+.1} points ({:+.1} to {:+.1})", best.points, best.points_low, best.points_high);
    match (&best.kind, best.worth) {
        (MoveKind::Stop, Some(_)) => {
            "stop here: at the price of a point no step gains more than it costs".to_owned()
        }
        (MoveKind::Stop, None) => "stop here: no step gains a tenth of a point".to_owned(),
        (kind, Some(worth)) => format!(
            "{}: {gain} for {}, {} more than it costs",
            name(kind),
            price(best, currency),
            money(worth, currency)
        ),
        (kind, None) => format!("{}: {gain} for {}", name(kind), price(best, currency)),
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (plan, currency) = (&self.decision.plan, &self.currency);
        writeln!(f, "{}\n", self.headline)?;
        let costs = [plan.label_cost, plan.machine_cost, plan.cost_low, plan.cost_high];
        let [labels, machine, low, high] = costs.map(|amount| money(amount, currency));
        writeln!(
            f,
            "plan      {} on {} rows, {} of them new; epochs: {}",
            plan.model,
            count(plan.rows),
            count(plan.new_labels),
            plan.epochs
        )?;
        writeln!(
            f,
            "cost      {} for labels, {machine} for {} of training; {low} to {high}",
            labels,
            duration(&plan.training)
        )?;
        if let Some(needed) = self.decision.rows_needed {
            writeln!(f, "needed    {}", needed_text(needed, self.question.full_rows))?;
        }
        writeln!(
            f,
            "\nnext step from {} rows with {}: {}",
            count(self.now.rows),
            self.now.model,
            advice(&self.now, currency)
        )?;
        writeln!(f, "after the plan: {}\n", advice(&self.after, currency))?;
        writeln!(f, "{}", table(self))?;
        writeln!(f, "{}", sure(self))
    }
}

/// Rows that the target needs.
pub(crate) fn needed_text(needed: [Option<f64>; 3], full_rows: usize) -> String {
    let text = |rows: Option<f64>| {
        rows.map_or_else(|| format!("more than {}", count(full_rows as f64)), count)
    };
    let [low, middle, high] = needed.map(text);
    format!("{middle} rows for an average run to be at the target (80 %: {low} to {high})")
}

/// How sure all of it is, in a few sentences.
pub(crate) fn sure(answer: &Answer) -> String {
    /// A quality no further above guessing has learned nothing.
    const NOTHING: f64 = 0.02;
    let spent = &answer.spent;
    let still = |it: &&PilotRecord| it.measured.quality <= answer.guessing + NOTHING;
    let collapsed = match answer.pilots.iter().filter(still).count() {
        0 => String::new(),
        some => format!(
            " {some} of the pilots came out no better than guessing: training is unstable here, and the intervals are wide for it. More steps or a smaller learning rate may help."
        ),
    };
    format!(
        "From {} pilots on up to {} rows ({} of training, {}), measured on {} others. Intervals hold 80 % of what a run would measure on these. Another {} rows of the kind would measure {:.3} more or less by luck alone.{collapsed}",
        spent.pilots,
        count(spent.rows as f64),
        hours(spent.hours),
        money(spent.cost, &answer.currency),
        count(spent.validation_rows as f64),
        count(spent.validation_rows as f64),
        spent.validation_error,
    )
}

fn hours(hours: f64) -> String {
    if hours >= 1.0 { format!("{hours:.1} h") } else { format!("{:.1} min", 60.0 * hours) }
}

/// Each model on all rows.
fn table(answer: &Answer) -> String {
    let mut out = String::new();
    let rows = count(answer.question.full_rows as f64);
    let _ = writeln!(
        out,
        "{:<34}{:>12}  {:<25}{:<26}{:>12}",
        format!("all {rows} rows"),
        "parameters",
        answer.metric,
        "training",
        "cost"
    );
    for it in &answer.full {
        let _ = writeln!(
            out,
            "{:<34}{:>12}  {:<25}{:<26}{:>12}",
            it.model,
            parameters(it.parameters),
            interval(&it.quality),
            duration(&it.training),
            money(it.cost, &answer.currency)
        );
    }
    out
}
