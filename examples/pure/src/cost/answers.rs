//! An answer as tables for people and as a row for programs.

use comfy_table::Table;
use tunewise_cost::{Equilibrium, Folds, Parameter, Report};

use super::format::{digits, signed, table};

/// Contributions, effectiveness and what may go wrong, a column each scenario.
pub(crate) fn comparison(columns: &[(&str, Equilibrium)]) -> Table {
    let header: Vec<&str> =
        ["quantity"].into_iter().chain(columns.iter().map(|(name, _)| *name)).collect();
    let row = |name: &str, cell: &dyn Fn(&Equilibrium) -> String| {
        let cells = columns.iter().map(|(_, answer)| cell(answer));
        [name.to_owned()].into_iter().chain(cells).collect()
    };
    let term = |name, of: fn(tunewise_cost::Contributions) -> f64| {
        row(name, &move |answer: &Equilibrium| {
            answer.contributions().map_or_else(|| "-".to_owned(), |terms| signed(of(terms)))
        })
    };
    let rows: [Vec<String>; 12] = [
        row("status", &|answer| answer.status.name().to_owned()),
        term("a*D/P  training effect", |terms| terms.training_effect),
        term("b*T    training time", |terms| terms.training_time),
        term("c*C    annotation cost", |terms| terms.annotation_cost),
        term("d*M/F  promotion per feedback", |terms| terms.promotion),
        row("E      effectiveness", &|answer| digits(answer.effectiveness())),
        row("F      feedback", &|answer| digits(answer.feedback())),
        row("       multiplier", &|answer| digits(answer.multiplier())),
        row("       stability", &|answer| {
            answer.stability().map_or("-", |it| it.name()).to_owned()
        }),
        row("       discriminant", &|answer| digits(answer.discriminant)),
        row("       d at the fold", &|answer| digits(Folds::of(answer).promotion_weight)),
        row("       condition", &|answer| digits(answer.condition())),
    ];
    table(&header, rows)
}

/// C, T, M and x.
pub(crate) fn parts(answer: &Equilibrium) -> Table {
    let rows = [
        ("x", "training effect D/P", "samples/parameter", answer.training_effect),
        ("C", "annotation cost", "currency", answer.annotation_cost),
        ("T", "training time", "hours", answer.training_time),
        ("M", "promotion cost", "currency", answer.promotion_cost),
    ];
    let row = |(symbol, name, unit, value): (&str, &str, &str, f64)| {
        vec![format!("{symbol}  {name}"), digits(value), unit.to_owned()]
    };
    table(&["part", "value", "unit"], rows.map(row))
}

/// Every input that matters, the largest elasticity first.
pub(crate) fn sensitivities(answer: &Equilibrium) -> Option<Table> {
    let partials = answer.gradient()?;
    let order = answer.elasticities()?.ranked();
    let row = |(parameter, elasticity): (Parameter, f64)| {
        vec![
            format!("{:<2} {}", parameter.letter(), parameter.name()),
            digits(answer.inputs.get(parameter)),
            parameter.unit().to_owned(),
            digits(partials.get(parameter)),
            signed(elasticity),
        ]
    };
    let header = ["input", "value", "unit", "dE per unit", "elasticity"];
    Some(table(&header, order.into_iter().map(row)))
}

/// What a step of a size that people think in does to E.
pub(crate) fn steps(answer: &Equilibrium) -> Option<Table> {
    let partials = answer.gradient()?;
    let steps = [
        ("+1000 of promotion (n2)", Parameter::PromotionFixed, 1e3),
        ("+1000 samples (D)", Parameter::DataVolume, 1e3),
        ("+1 hour of training (m)", Parameter::TimeFixed, 1.0),
        ("+1 million parameters (P)", Parameter::ParamCount, 1e6),
    ];
    let row = |(name, parameter, step): (&str, Parameter, f64)| {
        vec![name.to_owned(), format!("{:+.4}", partials.get(parameter) * step)]
    };
    Some(table(&["step", "change of E"], steps.map(row)))
}

/// The header of [`csv_row`].
pub(crate) fn csv_header() -> Vec<String> {
    ["name".to_owned()].into_iter().chain(Report::columns()).collect()
}

/// A report as a row, under its scenario's name.
pub(crate) fn csv_row(name: &str, report: &Report) -> Vec<String> {
    [name.to_owned()].into_iter().chain(report.row()).collect()
}
