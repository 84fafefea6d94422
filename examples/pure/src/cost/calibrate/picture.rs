//! The data and the line fitted to them.

use tunewise_plot::{Band, ChartText, Points, Scatter, Series};

use super::answer::Fitted;
use crate::CliResult;
use crate::cost::fault::Fault;

impl Fitted {
    pub(super) fn picture(&self) -> CliResult<String> {
        let x = self.fit.terms().last().and_then(|term| self.fit.predictor(term));
        let (Some(x), false) = (x, self.line.is_empty()) else {
            return Err(Fault::Usage("--svg needs one column --x").into());
        };
        let y = self.fit.fitted().iter().zip(self.fit.residuals()).map(|(fit, e)| fit + e);
        let points: Vec<(f64, f64)> = x.iter().copied().zip(y).collect();
        let line: Vec<(f64, f64)> = self.line.iter().map(|at| (at.x, at.response.mean)).collect();
        let bands = self.line.iter().map(|at| {
            let (mean, one) = (at.response.confidence, at.response.prediction);
            ((at.x, mean.low, mean.high), (at.x, one.low, one.high))
        });
        let (mean, one): (Vec<_>, Vec<_>) = bands.unzip();
        let percent = (self.confidence * 1e6).round() / 1e4;
        let scatter = Scatter {
            groups: &[Points { name: "measured", points: &points, labels: &[] }],
            lines: &[Series { name: "fit", points: &line }],
            bands: &[
                Band { name: &format!("{percent} % of a new row"), points: &one },
                Band { name: &format!("{percent} % of the line"), points: &mean },
            ],
            ..Scatter::default()
        };
        let [x_label, y_label] = &self.axes;
        Ok(scatter.svg(ChartText { title: &self.title, x_label, y_label })?)
    }
}
