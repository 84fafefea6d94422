//! The figures of the report.

use tunewise_plot::{Band, ChartText, LineChart, Points, Scale, Series, Swing, Tornado};

use crate::Result;
use crate::answer::Answer;
use crate::curve::Forecast;
use crate::decide::Goal;
use crate::text::{name, price};

type Line = Vec<(f64, f64)>;
type Range = Vec<(f64, f64, f64)>;

/// Quality by rows: pilots, curves with their ranges, and the target.
pub(super) fn learning(answer: &Answer) -> Result<String> {
    let lines: Vec<Line> = answer
        .models
        .iter()
        .map(|it| it.curve.iter().map(|at| (at.rows, at.quality)).collect())
        .collect();
    let ranges: Vec<Range> = answer
        .models
        .iter()
        .map(|it| it.curve.iter().map(|at| (at.rows, at.low, at.high)).collect())
        .collect();
    let dots: Vec<Line> = answer
        .models
        .iter()
        .map(|model| {
            let own = answer.pilots.iter().filter(|it| it.model == model.name);
            own.map(|it| (it.rows as f64, it.measured.quality)).collect()
        })
        .collect();
    let ends =
        answer.models.first().and_then(|it| Some((it.curve.first()?.rows, it.curve.last()?.rows)));
    let title = format!("{} by labelled rows", answer.metric);
    let text = ChartText { title: &title, x_label: "rows to train on", y_label: &answer.metric };
    chart(answer, text, (&lines, &ranges, &dots), ends)
}

/// Quality by cost: a line a model, and the plan.
pub(super) fn cost(answer: &Answer) -> Result<String> {
    let line = |of: fn(&Forecast) -> f64| -> Vec<Line> {
        let models = answer.models.iter();
        models.map(|it| it.by_cost.iter().map(|(cost, at)| (*cost, of(at))).collect()).collect()
    };
    let lines = line(|at| at.quality);
    let ranges: Vec<Range> = answer
        .models
        .iter()
        .map(|it| it.by_cost.iter().map(|(cost, at)| (*cost, at.low, at.high)).collect())
        .collect();
    let plan = &answer.decision.plan;
    let dots: Vec<Line> = answer
        .models
        .iter()
        .map(|model| {
            let own = model.name == plan.model;
            own.then_some((plan.cost, plan.quality.quality)).into_iter().collect()
        })
        .collect();
    let most = lines.iter().flatten().map(|point| point.0).fold(f64::NEG_INFINITY, f64::max);
    let least = lines.iter().flatten().map(|point| point.0).fold(f64::INFINITY, f64::min);
    let title = format!("{} by what is spent from here", answer.metric);
    let axis = format!("labels and machine, {}", answer.currency);
    let text = ChartText { title: &title, x_label: &axis, y_label: &answer.metric };
    chart_with(answer, text, (&lines, &ranges, &dots), (Scale::Linear, Some((least, most))))
}

type Drawn<'a> = (&'a [Line], &'a [Range], &'a [Line]);

fn chart(
    answer: &Answer,
    text: ChartText<'_>,
    drawn: Drawn<'_>,
    ends: Option<(f64, f64)>,
) -> Result<String> {
    chart_with(answer, text, drawn, (Scale::Log, ends))
}

fn chart_with(
    answer: &Answer,
    text: ChartText<'_>,
    (lines, ranges, dots): Drawn<'_>,
    (x_scale, ends): (Scale, Option<(f64, f64)>),
) -> Result<String> {
    let names = || answer.models.iter().map(|it| it.name.as_str());
    let series: Vec<Series<'_>> =
        names().zip(lines).map(|(name, points)| Series { name, points }).collect();
    let bands: Vec<Band<'_>> = ranges.iter().map(|points| Band { name: "", points }).collect();
    let points: Vec<Points<'_>> =
        dots.iter().map(|points| Points { name: "", points, labels: &[] }).collect();
    let guide = match (answer.question.goal, ends) {
        (Goal::Target(target), Some((low, high))) => vec![(low, target), (high, target)],
        _ => Vec::new(),
    };
    let guides = [Series { name: "target", points: &guide }];
    let guides = if guide.is_empty() { &[][..] } else { &guides[..] };
    let chart = LineChart {
        series: &series,
        bands: &bands,
        points: &points,
        guides,
        x_scale,
        ..LineChart::default()
    };
    Ok(chart.svg(text)?)
}

/// The next steps from the rows there are; none if there is none but to stop.
pub(super) fn steps(answer: &Answer) -> Result<Option<String>> {
    let last = answer.now.moves.len().saturating_sub(1);
    let moves: Vec<_> = answer.now.moves.iter().take(last).collect();
    let names: Vec<String> = moves
        .iter()
        .map(|it| format!("{}: {}", name(&it.kind), price(it, &answer.currency)))
        .collect();
    // Both ends stand at the far one where they are on one side.
    let ends = |low: f64, high: f64| {
        let both = format!("{low:+.1} to {high:+.1}");
        match () {
            () if low >= 0.0 => [String::new(), both],
            () if high <= 0.0 => [both, String::new()],
            () => [low, high].map(|end| format!("{end:+.1}")),
        }
    };
    let ends: Vec<[String; 2]> =
        moves.iter().map(|it| ends(it.points_low, it.points_high)).collect();
    let swings: Vec<Swing<'_>> = moves
        .iter()
        .zip(&names)
        .zip(&ends)
        .map(|((it, name), [low_text, high_text])| Swing {
            name,
            low: it.points_low,
            high: it.points_high,
            low_text,
            high_text,
        })
        .collect();
    if swings.is_empty() {
        return Ok(None);
    }
    let tornado = Tornado { base: 0.0, swings: &swings, low_name: "", high_name: "" };
    let text = ChartText { title: "What the next step gains", x_label: "points", y_label: "" };
    Ok(Some(tornado.svg(text)?))
}
