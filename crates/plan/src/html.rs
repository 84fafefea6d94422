//! The report as a page.

mod figures;

use std::fmt::Write;

use tunewise_plot::escaped;

use crate::Result;
use crate::answer::{Answer, duration};
use crate::forecast::Candidate;
use crate::marginal::Moves;
use crate::text::{
    advice, count, interval, money, name, needed_text, parameters, percent, price, sure,
};

const STYLE: &str = "body{font:16px/1.55 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem;color:#222}\
h1{font-size:1.1rem;color:#555;font-weight:600;margin:0}h2{font-size:1.25rem;margin:2.2rem 0 .4rem}\
.answer{font-size:1.4rem;line-height:1.4;margin:.6rem 0 1.4rem}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.35rem .7rem .35rem 0;border-bottom:1px solid #ddd}\
th{font-weight:600}td.n,th.n{text-align:right;white-space:nowrap}tr.best td{font-weight:600;background:#eef5ee}\
.wide{overflow-x:auto}.wide svg{display:block;width:100%;min-width:34rem;max-width:50rem;height:auto}.wide table{min-width:34rem}\
p.note{color:#555;margin:.3rem 0 .6rem}details{margin-top:2rem}li{margin:.25rem 0}";

/// The whole page.
pub(crate) fn page(answer: &Answer) -> Result<String> {
    let title = format!("Plan for {}", escaped(&answer.data));
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/><title>{title}</title><style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n"
    );
    let headline = escaped(&answer.headline);
    put(&mut out, format_args!("<p class=\"answer\">{headline}</p>\n"));
    plan_table(&mut out, answer);
    learning(&mut out, answer)?;
    cost(&mut out, answer)?;
    steps(&mut out, answer)?;
    certainty(&mut out, answer);
    cost_model(&mut out, answer);
    pilots(&mut out, answer);
    out.push_str("</body></html>\n");
    Ok(out)
}

fn plan_table(out: &mut String, answer: &Answer) {
    let (plan, currency) = (&answer.decision.plan, &answer.currency);
    let money = |amount: f64| money(amount, currency);
    let cost = format!(
        "{} = {} for labels + {} for the machine",
        money(plan.cost),
        money(plan.label_cost),
        money(plan.machine_cost)
    );
    let rows = format!("{}, {} of them to label", count(plan.rows), count(plan.new_labels));
    let mut rows = vec![
        ("Model", format!("{}, {} parameters", plan.model, parameters(plan.parameters))),
        ("Rows to train on", rows),
        ("Epochs", plan.epochs.to_string()),
        ("Cost from here", cost),
        ("Training time", duration(&plan.training)),
        ("Quality to expect", format!("{} {}", answer.metric, interval(&plan.quality))),
    ];
    if let Some(chance) = answer.decision.chance {
        rows.push(("Chance of the target", percent(chance)));
    }
    if let Some(needed) = answer.decision.rows_needed {
        rows.push(("Rows needed", needed_text(needed, answer.question.full_rows)));
    }
    out.push_str("<table>\n");
    for (head, value) in rows {
        put(out, format_args!("<tr><th>{head}</th><td>{}</td></tr>\n", escaped(&value)));
    }
    out.push_str(
        "</table>\n<p class=\"note\">In brackets: the range that holds eight runs in ten.</p>\n",
    );
}

fn learning(out: &mut String, answer: &Answer) -> Result<()> {
    out.push_str("<h2>What more rows bring</h2>\n<p class=\"note\">Dots are the pilots that were run, with those for more epochs. Lines are the quality to expect on more rows; the shaded range holds eight runs in ten. The further from the dots, the wider it is. Where a line has a kink, more rows begin to make longer runs.</p>\n");
    put(
        out,
        format_args!(
            "<p class=\"note\">Quality is {}: 1 is without fault, and always guessing the most frequent label comes to {:.2}.</p>\n",
            escaped(&answer.metric),
            answer.guessing
        ),
    );
    figure(out, &figures::learning(answer)?);
    for model in &answer.models {
        let [low, middle, high] = model.ceiling;
        put(
            out,
            format_args!(
                "<p>{}: the curve ends at about {middle:.3} ({low:.3} to {high:.3}), however many rows there are.</p>\n",
                escaped(&model.name)
            ),
        );
        if !model.left_out.is_empty() {
            let sizes: Vec<String> = model.left_out.iter().map(usize::to_string).collect();
            put(
                out,
                format_args!(
                    "<p class=\"note\">{}: on {} rows it had hardly learned anything; these pilots are left out.</p>\n",
                    escaped(&model.name),
                    sizes.join(" and ")
                ),
            );
        }
    }
    Ok(())
}

fn cost(out: &mut String, answer: &Answer) -> Result<()> {
    out.push_str("<h2>What quality costs</h2>\n<p class=\"note\">Each point of a line is a number of rows: what labelling up to it and one training cost, and the quality to expect. The dot is the plan.</p>\n");
    figure(out, &figures::cost(answer)?);
    let currency = &answer.currency;
    put(
        out,
        format_args!(
            "<div class=\"wide\"><table><tr><th>all {} rows</th><th class=\"n\">cost</th><th>{}</th><th>training</th></tr>\n",
            count(answer.question.full_rows as f64),
            escaped(&answer.metric)
        ),
    );
    for it in &answer.full {
        full_row(out, it, currency);
    }
    out.push_str("</table></div>\n");
    Ok(())
}

fn full_row(out: &mut String, it: &Candidate, currency: &str) {
    put(
        out,
        format_args!(
            "<tr><td>{}</td><td class=\"n\">{}</td><td>{}</td><td>{}</td></tr>\n",
            escaped(&it.model),
            escaped(&money(it.cost, currency)),
            interval(&it.quality),
            duration(&it.training)
        ),
    );
}

fn steps(out: &mut String, answer: &Answer) -> Result<()> {
    out.push_str("<h2>Where the next money goes</h2>\n");
    let currency = &answer.currency;
    put(
        out,
        format_args!(
            "<p>From the {} rows there are, with {} &ndash; {}.</p>\n",
            count(answer.now.rows),
            escaped(&answer.now.model),
            escaped(&advice(&answer.now, currency))
        ),
    );
    if let Some(picture) = figures::steps(answer)? {
        out.push_str("<p class=\"note\">A point is 0.01 of the metric. The gain is between the two numbers with eight chances in ten.</p>\n");
        figure(out, &picture);
    }
    step_table(out, &answer.now, currency);
    put(
        out,
        format_args!(
            "<p>After the plan, on {} rows &ndash; {}.</p>\n",
            count(answer.after.rows),
            escaped(&advice(&answer.after, currency))
        ),
    );
    step_table(out, &answer.after, currency);
    Ok(())
}

fn step_table(out: &mut String, moves: &Moves, currency: &str) {
    let priced = moves.moves.iter().all(|it| it.worth.is_some());
    let worth = if priced { "<th class=\"n\">worth minus cost</th>" } else { "" };
    put(
        out,
        format_args!(
            "<div class=\"wide\"><table><tr><th>step</th><th class=\"n\">points</th><th class=\"n\">cost</th><th class=\"n\">cost of a point</th>{worth}</tr>\n"
        ),
    );
    for (index, it) in moves.moves.iter().enumerate() {
        let class = if index == moves.best { " class=\"best\"" } else { "" };
        let a_point = it.cost_a_point.map_or("&ndash;".to_owned(), |cost| {
            if cost > 0.0 { escaped(&money(cost, currency)) } else { "nothing".to_owned() }
        });
        let worth = it.worth.filter(|_| priced).map_or_else(String::new, |worth| {
            format!("<td class=\"n\">{}</td>", escaped(&money(worth, currency)))
        });
        put(
            out,
            format_args!(
                "<tr{class}><td>{}</td><td class=\"n\">{:+.1} ({:+.1} to {:+.1})</td><td class=\"n\">{}</td><td class=\"n\">{a_point}</td>{worth}</tr>\n",
                escaped(&name(&it.kind)),
                it.points,
                it.points_low,
                it.points_high,
                escaped(&price(it, currency)),
            ),
        );
    }
    out.push_str("</table></div>\n");
}

fn certainty(out: &mut String, answer: &Answer) {
    put(out, format_args!("<h2>How sure this is</h2>\n<p>{}</p>\n", escaped(&sure(answer))));
    out.push_str("<h2>What is taken for granted</h2>\n<ul>\n");
    for line in &answer.assumptions {
        put(out, format_args!("<li>{}</li>\n", escaped(line)));
    }
    out.push_str("</ul>\n");
}

fn cost_model(out: &mut String, answer: &Answer) {
    let it = &answer.equilibrium;
    let effect = it.effectiveness.map_or("none".to_owned(), |value| format!("{value:.2}"));
    let feedback = it.feedback.map_or("none".to_owned(), |value| format!("{value:.3}"));
    put(
        out,
        format_args!(
            "<h2>The plan in the management cost model</h2>\n<p>Effectiveness E = {effect}, feedback F = {feedback}, from annotation cost C = {}, training time T = {:.4} hours and promotion M = {}. The file scenario.toml has every constant with its source; <code>cost solve scenario.toml</code> gives the same answer, <code>cost sensitivity</code> says what it hangs on.</p>\n",
            escaped(&money(it.annotation_cost, &answer.currency)),
            it.training_time,
            escaped(&money(it.promotion_cost, &answer.currency)),
        ),
    );
}

fn pilots(out: &mut String, answer: &Answer) {
    put(
        out,
        format_args!(
            "<details><summary>The {} pilots</summary>\n<div class=\"wide\"><table><tr><th>model</th><th class=\"n\">rows</th><th class=\"n\">epochs</th><th class=\"n\">seed</th><th class=\"n\">{}</th><th class=\"n\">training</th></tr>\n",
            answer.pilots.len(),
            escaped(&answer.metric)
        ),
    );
    for it in &answer.pilots {
        put(
            out,
            format_args!(
                "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{:.4}</td><td class=\"n\">{:.1} s</td></tr>\n",
                escaped(&it.model),
                it.rows,
                it.epochs,
                it.seed,
                it.measured.quality,
                it.measured.training_seconds
            ),
        );
    }
    out.push_str("</table></div></details>\n");
}

fn figure(out: &mut String, svg: &str) {
    put(out, format_args!("<div class=\"wide\">{svg}</div>\n"));
}

/// Into a string, where writing cannot fail.
fn put(out: &mut String, arguments: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(arguments);
}
