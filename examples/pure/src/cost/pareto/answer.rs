//! A front as a table, rows and a picture.

use std::io::{self, Write};

use serde_json::{Map, Value, json};
use tunewise_cost::decide::pareto::{Explored, Front, Objective, Plans};
use tunewise_cost::{Parameter, Scenario};
use tunewise_plot::{ChartText, Points, Scatter, Series};

use crate::CliResult;
use crate::cost::format::{digits, table};

/// Beaten plans that a picture shows: more are a blot.
const SHOWN: usize = 2000;

/// Everything that is written.
pub(super) struct Answer<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) axes: &'a [Parameter],
    pub(super) plans: &'a Plans,
    pub(super) front: &'a Front,
}

impl Answer<'_> {
    pub(super) fn write_table(&self, out: &mut dyn Write) -> io::Result<()> {
        let (found, of) = (self.front.plans.len(), self.plans.plans.len());
        writeln!(out, "{}: {found} of {of} plans are beaten by no other", self.scenario.name)?;
        let axes = self.axes.iter().map(|axis| axis.name());
        let header: Vec<&str> = axes.chain(Objective::ALL.map(Objective::name)).collect();
        let row = |plan: &Explored| self.numbers(plan).map(digits).collect();
        writeln!(out, "{}", table(&header, self.front.plans.iter().map(row)))?;
        let pairs = self.front.objectives.iter().zip(&self.front.reference);
        let reference: Vec<String> =
            pairs.map(|(one, value)| format!("{one} {}", digits(*value))).collect();
        let volume = digits(self.front.hypervolume);
        writeln!(out, "hypervolume {volume} from {}", reference.join(", "))?;
        match self.plans.without_equilibrium {
            0 => Ok(()),
            none => writeln!(out, "note: {none} plans have no admissible equilibrium"),
        }
    }

    fn numbers(&self, plan: &Explored) -> impl Iterator<Item = f64> {
        let inputs = self.axes.iter().map(|axis| plan.inputs.get(*axis)).collect::<Vec<_>>();
        inputs.into_iter().chain(Objective::ALL.map(|one| one.of(plan)))
    }

    pub(super) fn csv_rows(&self) -> impl Iterator<Item = Vec<String>> {
        let axes = self.axes.iter().map(|axis| axis.letter());
        let header = axes.chain(Objective::ALL.map(Objective::name)).map(str::to_owned).collect();
        let row = |plan| self.numbers(plan).map(|value| value.to_string()).collect();
        [header].into_iter().chain(self.front.plans.iter().map(row))
    }

    pub(super) fn json(&self) -> Value {
        let plan = |plan: &Explored| {
            let at = self.axes.iter();
            let at = at.map(|axis| (axis.letter().to_owned(), json!(plan.inputs.get(*axis))));
            json!({
                "at": at.collect::<Map<String, Value>>(),
                "cost": plan.cost,
                "time": plan.time,
                "effectiveness": plan.effectiveness,
            })
        };
        json!({
            "name": self.scenario.name,
            "plans": self.plans.plans.len(),
            "without_equilibrium": self.plans.without_equilibrium,
            "objectives": self.front.objectives,
            "reference": self.front.reference,
            "hypervolume": self.front.hypervolume,
            "front": self.front.plans.iter().map(plan).collect::<Vec<Value>>(),
        })
    }

    pub(super) fn picture(&self) -> CliResult<String> {
        let (x, y) = match self.front.objectives[..] {
            [x, y, ..] if x != y && self.front.objectives.len() == 2 => (x, y),
            _ => (Objective::Cost, Objective::Effectiveness),
        };
        let place = |plan: &Explored| (x.of(plan), y.of(plan));
        let step = self.plans.plans.len().div_ceil(SHOWN).max(1);
        let all: Vec<(f64, f64)> = self.plans.plans.iter().step_by(step).map(place).collect();
        let best: Vec<(f64, f64)> = self.front.plans.iter().map(place).collect();
        let stairs = self.front.stairs();
        let line = stairs.as_deref().map(|points| Series { name: "", points });
        let beaten = Points { name: "plans", points: &all, labels: &[] };
        let front = Points { name: "beaten by no other", points: &best, labels: &[] };
        let groups = [beaten, front];
        let scatter = Scatter {
            groups: if all.len() > best.len() { &groups } else { &groups[1..] },
            lines: line.as_slice(),
            ..Scatter::default()
        };
        let label = |one: Objective| match one {
            Objective::Time => "training time, hours",
            other => other.name(),
        };
        let text = ChartText { title: &self.scenario.name, x_label: label(x), y_label: label(y) };
        Ok(scatter.svg(text)?)
    }
}
