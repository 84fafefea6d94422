//! Plans as tables for people and as rows for programs.

use std::io::{self, Write};

use serde_json::Value;
use tunewise_cost::decide::{AllocationReport, Binding};
use tunewise_cost::{Parameter, Scenario, diagnose};

use crate::cost::format::{digits, table};

/// One budget: the plan beside the scenario as it stands, what binds and what more would bring.
pub(super) fn write_one(
    out: &mut dyn Write,
    scenario: &Scenario,
    report: &AllocationReport,
) -> io::Result<()> {
    let deadline = report.deadline.map(|hours| format!(", {} hours", digits(hours)));
    let (budget, deadline) = (digits(report.budget), deadline.unwrap_or_default());
    writeln!(out, "{}: at most {budget}{deadline}", scenario.name)?;
    if report.status != "optimal" {
        return writeln!(out, "{}", refusal(report));
    }
    let now = scenario.solve().ok();
    let input = |parameter| Some(scenario.inputs.get(parameter));
    let spent = now
        .as_ref()
        .map(|it| it.annotation_cost + it.promotion_cost + report.rate * it.training_time);
    let of = |get: fn(&tunewise_cost::Equilibrium) -> Option<f64>| now.as_ref().and_then(get);
    let rows = [
        ("D  data volume", input(Parameter::DataVolume), report.data_volume),
        ("P  parameters", input(Parameter::ParamCount), report.param_count),
        ("n2 fixed promotion", input(Parameter::PromotionFixed), report.promotion_fixed),
        ("E  effectiveness", of(|it| it.effectiveness()), report.effectiveness),
        ("F  feedback", of(|it| it.feedback()), report.feedback),
        ("C  annotation cost", of(|it| Some(it.annotation_cost)), report.annotation_cost),
        ("M  promotion cost", of(|it| Some(it.promotion_cost)), report.promotion_cost),
        ("T  training time, hours", of(|it| Some(it.training_time)), report.training_time),
        ("   cost of all", spent, report.cost),
        ("   left of the budget", None, report.slack),
    ];
    let row = |(name, now, plan): (&str, Option<f64>, Option<f64>)| {
        vec![name.to_owned(), digits(now), digits(plan)]
    };
    writeln!(out, "{}", table(&["quantity", "as it stands", "best plan"], rows.map(row)))?;
    writeln!(out, "binds: {}", binding(report).join(", "))?;
    let price = report.shadow_price.unwrap_or(0.0);
    writeln!(
        out,
        "shadow price: {} effectiveness a unit of money, {} for 1000",
        digits(price),
        digits(price * 1e3)
    )?;
    match report.deadline_price {
        Some(price) if price != 0.0 => {
            writeln!(out, "an hour more before the deadline: {} effectiveness", digits(price))
        }
        _ => Ok(()),
    }?;
    diagnose(&scenario.inputs).iter().try_for_each(|note| writeln!(out, "note: {note}"))
}

/// Why there is no plan.
fn refusal(report: &AllocationReport) -> String {
    match (report.status, report.smallest_budget, report.shortest_time) {
        ("infeasible", Some(smallest), _) => format!(
            "infeasible: the cheapest plan within the bounds costs {}, {} more than there is",
            digits(smallest),
            digits(smallest - report.budget)
        ),
        ("infeasible", None, Some(shortest)) => format!(
            "infeasible: the fastest plan within the bounds takes {} hours",
            digits(shortest)
        ),
        _ => "no plan within bounds and budget has an admissible equilibrium".to_owned(),
    }
}

/// A row a budget.
pub(super) fn write_many(
    out: &mut dyn Write,
    scenario: &Scenario,
    reports: &[AllocationReport],
) -> io::Result<()> {
    writeln!(out, "{}: the best plan for each budget", scenario.name)?;
    let row = |it: &AllocationReport| {
        let plan = [it.data_volume, it.param_count, it.promotion_fixed];
        let worth = [it.cost, it.effectiveness, it.shadow_price];
        let numbers = plan.into_iter().chain(worth).map(digits);
        let status = [digits(it.budget), it.status.to_owned()];
        status.into_iter().chain(numbers).collect()
    };
    let header = ["budget", "status", "D", "P", "n2", "cost", "effectiveness", "shadow price"];
    writeln!(out, "{}", table(&header, reports.iter().map(row)))?;
    let refused = reports.iter().find(|report| report.status != "optimal");
    refused.map_or(Ok(()), |report| writeln!(out, "{}: {}", digits(report.budget), refusal(report)))
}

fn binding(report: &AllocationReport) -> Vec<String> {
    let word = |one: &Binding| {
        let value = serde_json::to_value(one).unwrap_or_default();
        value.as_str().unwrap_or("?").replace('_', " ")
    };
    let words: Vec<String> = report.binding.iter().map(word).collect();
    if words.is_empty() { vec!["nothing".to_owned()] } else { words }
}

/// Every key of the report; what does not exist is empty, what binds stands between spaces.
pub(super) fn csv_rows(reports: &[AllocationReport]) -> Vec<Vec<String>> {
    let cell = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(words) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    };
    let objects: Vec<Value> =
        reports.iter().filter_map(|report| serde_json::to_value(report).ok()).collect();
    let objects = || objects.iter().filter_map(Value::as_object);
    let header = objects().next().map(|object| object.keys().cloned().collect());
    header.into_iter().chain(objects().map(|object| object.values().map(cell).collect())).collect()
}
