//! Losses, as sums over rows.

use serde::{Deserialize, Serialize};
use tch::{Kind, Reduction, Tensor};
use tunewise_data::{ProblemType, Targets};

use super::class_weights::ClassWeights;
use crate::error::Context;
use crate::{BertClassifier, Error, Result};

/// How a row's loss departs from plain cross-entropy; the default is that it does not.
///
/// | name | default | range | meaning |
/// | --- | --- | --- | --- |
/// | `label_smoothing_factor` | 0 | [0, 1) | share of the target that is spread over all labels; single label |
/// | `focal_gamma` | 0 | ≥ 0 | power of `1 - p` that a row's loss is multiplied by; classification |
/// | `class_weights` | none | > 0 | weight of each label's rows; classification |
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LossConfig {
    /// Share of the target that is spread over all labels.
    pub label_smoothing_factor: f64,
    /// Power of `1 - p` that a row's loss is multiplied by.
    pub focal_gamma: f64,
    /// Weight of each label's rows.
    pub class_weights: Option<ClassWeights>,
}

impl LossConfig {
    /// Checks the ranges of the table above.
    ///
    /// # Errors
    /// [`Error::Setting`] naming the first setting out of its range.
    pub fn validate(&self) -> Result<()> {
        let fault = |name, got: String, expected: &str| {
            Err(Error::Setting { name, got, expected: expected.to_owned() })
        };
        let smoothing = self.label_smoothing_factor;
        if !(0.0..1.0).contains(&smoothing) {
            return fault("label_smoothing_factor", smoothing.to_string(), "0 to below 1");
        }
        if !(self.focal_gamma.is_finite() && self.focal_gamma >= 0.0) {
            return fault("focal_gamma", self.focal_gamma.to_string(), "0 or more");
        }
        if smoothing > 0.0 && self.focal_gamma > 0.0 {
            let expected = "0, since label_smoothing_factor is given";
            return fault("focal_gamma", self.focal_gamma.to_string(), expected);
        }
        self.class_weights.as_ref().map_or(Ok(()), ClassWeights::validate)
    }

    /// The loss of the model's problem; `targets` are the training rows', which balanced weights are
    /// counted on.
    ///
    /// # Errors
    /// [`Error::Setting`] for a setting that the problem has no use for, or weights that do not name
    /// the model's labels.
    pub fn build(&self, model: &BertClassifier, targets: &Targets) -> Result<Loss> {
        let problem = model.config().problem();
        self.fits(problem)?;
        let weights = self.class_weights.as_ref();
        let weights = weights
            .map(|weights| Weights::new(weights.resolve(&model.config().id2label, targets)?, model))
            .transpose()?;
        let Self { label_smoothing_factor, focal_gamma, .. } = *self;
        Ok(Loss { problem, label_smoothing_factor, focal_gamma, weights })
    }

    /// Refuses what has no meaning for the problem.
    fn fits(&self, problem: ProblemType) -> Result<()> {
        let single = problem == ProblemType::SingleLabelClassification;
        let regression = problem == ProblemType::Regression;
        let settings = [
            ("label_smoothing_factor", self.label_smoothing_factor > 0.0 && !single),
            ("focal_gamma", self.focal_gamma > 0.0 && regression),
            ("class_weights", self.class_weights.is_some() && regression),
        ];
        match settings.into_iter().find(|(_, senseless)| *senseless) {
            None => Ok(()),
            Some((name, _)) => Err(Error::Setting {
                name,
                got: "given".to_owned(),
                expected: format!("nothing, since the problem is {problem}"),
            }),
        }
    }
}

/// The loss of a problem. Sums over rows, so that micro-batches of any size add up to the exact mean
/// over all rows of a window.
#[derive(Debug)]
pub struct Loss {
    problem: ProblemType,
    label_smoothing_factor: f64,
    focal_gamma: f64,
    weights: Option<Weights>,
}

/// The labels' weights, on the host and as a tensor `[num_labels]`.
#[derive(Debug)]
struct Weights {
    values: Vec<f64>,
    tensor: Tensor,
}

impl Weights {
    fn new(values: Vec<f64>, model: &BertClassifier) -> Result<Self> {
        let floats: Vec<f32> = values.iter().map(|&weight| weight as f32).collect();
        let tensor = Tensor::f_from_slice(&floats).at("from_slice")?;
        Ok(Self { values, tensor: tensor.f_to_device(model.device()).at("to_device")? })
    }
}

/// The label that torch's cross-entropy leaves out.
const IGNORED: i64 = -100;

impl Loss {
    /// Cross-entropy for a single label, binary cross-entropy with logits for several, squared error
    /// for regression; the latter two are means over a row's outputs, as in Transformers.
    #[must_use]
    pub fn new(problem: ProblemType) -> Self {
        Self { problem, label_smoothing_factor: 0.0, focal_gamma: 0.0, weights: None }
    }

    /// What the sum over `rows` is divided by for their mean: their number, or for a single label the
    /// sum of their labels' weights, as `torch.nn.CrossEntropyLoss` has it.
    #[must_use]
    pub fn denominator(&self, targets: &Targets, rows: impl Iterator<Item = usize>) -> f64 {
        match (&self.weights, targets) {
            (Some(weights), Targets::Classes(classes)) => {
                let weight = |row: usize| {
                    let class = usize::try_from(*classes.get(row)?).ok()?;
                    weights.values.get(class).copied()
                };
                rows.filter_map(weight).sum()
            }
            _ => rows.count() as f64,
        }
    }

    /// The sum `[]` of the rows' losses; `logits` `[batch, num_labels]` `Float`, `labels` `[batch]`
    /// i64 for a single label, else `[batch, num_labels]` `Float`.
    ///
    /// # Formula
    /// ```text
    /// single label   w_y ((1 - e) (-log p_y)) + e / K sum_k w_k (-log p_k)
    ///   focal        w_y (1 - p_y)^gamma (-log p_y)
    /// several        mean over k of  -w_k y_k log p_k - (1 - y_k) log(1 - p_k)
    ///   focal        the same, each term times (1 - p of its side)^gamma
    /// regression     mean over k of  (x_k - y_k)^2
    /// ```
    /// where `e` is `label_smoothing_factor` and `w` the class weights.
    ///
    /// # Errors
    /// [`crate::Error::Torch`] if shapes or dtypes are others.
    ///
    /// # Reference
    /// `torch.nn.CrossEntropyLoss(weight, label_smoothing)`, `torch.nn.BCEWithLogitsLoss(pos_weight)`;
    /// Lin et al. 2017, *Focal Loss for Dense Object Detection*, equation 4.
    pub fn sum(&self, logits: &Tensor, labels: &Tensor) -> Result<Tensor> {
        let sum = match self.problem {
            ProblemType::SingleLabelClassification => return self.single(logits, labels),
            ProblemType::MultiLabelClassification => self.several(logits, labels)?,
            ProblemType::Regression => logits.f_mse_loss(labels, Reduction::Sum).at("mse_loss")?,
        };
        let outputs = logits.size().last().copied().unwrap_or(1).max(1);
        sum.f_div_scalar(outputs).and_then(|sum| sum.f_to_kind(Kind::Float)).at("loss")
    }

    fn single(&self, logits: &Tensor, labels: &Tensor) -> Result<Tensor> {
        let weights = self.weights.as_ref().map(|weights| &weights.tensor);
        let cross_entropy = |reduction| {
            let smoothing = self.label_smoothing_factor;
            logits
                .f_cross_entropy_loss(labels, weights, reduction, IGNORED, smoothing)
                .at("cross_entropy")
        };
        if self.focal_gamma == 0.0 {
            return cross_entropy(Reduction::Sum);
        }
        let rows = cross_entropy(Reduction::None)?; // [batch]
        let right = logits.f_softmax(-1, Kind::Float).at("softmax")?; // [batch, num_labels]
        let right = labels
            .f_unsqueeze(-1)
            .and_then(|labels| right.f_gather(-1, &labels, false))
            .and_then(|right| right.f_squeeze_dim(-1))
            .at("gather")?; // [batch]
        self.focus(&right, &rows)
    }

    fn several(&self, logits: &Tensor, labels: &Tensor) -> Result<Tensor> {
        let weights = self.weights.as_ref().map(|weights| &weights.tensor);
        let binary = |reduction| {
            logits
                .f_binary_cross_entropy_with_logits(labels, None::<&Tensor>, weights, reduction)
                .at("binary_cross_entropy_with_logits")
        };
        if self.focal_gamma == 0.0 {
            return binary(Reduction::Sum);
        }
        // The probability of the side that the mark is on: p where it is 1, 1 - p where it is 0.
        let side = labels.f_mul_scalar(2.0).and_then(|x| x.f_sub_scalar(1.0)).at("side")?;
        let right = logits.f_mul(&side).and_then(|x| x.f_sigmoid()).at("sigmoid")?;
        self.focus(&right, &binary(Reduction::None)?)
    }

    /// The sum of losses, each by its focal factor.
    fn focus(&self, right: &Tensor, losses: &Tensor) -> Result<Tensor> {
        // The power's slope at 0 is infinite for a gamma below 1.
        let wrong = right.f_rsub_scalar(1.0).and_then(|x| x.f_clamp_min(f64::from(f32::EPSILON)));
        wrong
            .and_then(|wrong| wrong.f_pow_tensor_scalar(self.focal_gamma))
            .and_then(|factor| factor.f_mul(losses))
            .and_then(|sum| sum.f_sum(Kind::Float))
            .at("focal loss")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BertConfig;

    /// fp32 against float64.
    const TOLERANCE: f64 = 1e-6;

    // Expected values by hand from the definitions.
    #[test]
    fn each_loss_is_the_sum_of_row_means() {
        let logits = Tensor::from_slice2(&[[0.0f32, 0.0], [2.0, 0.0]]);
        let classes = Tensor::from_slice(&[0i64, 1]);
        let value = |problem, labels: &Tensor| {
            Loss::new(problem).sum(&logits, labels).unwrap().double_value(&[])
        };
        let cross_entropy = 2f64.ln() + (1.0 + 2f64.exp()).ln();
        let got = value(ProblemType::SingleLabelClassification, &classes);
        approx::assert_relative_eq!(got, cross_entropy, max_relative = TOLERANCE);

        let marks = Tensor::from_slice2(&[[1.0f32, 0.0], [0.0, 1.0]]);
        let binary = (2.0 * 2f64.ln()) / 2.0 + ((1.0 + 2f64.exp()).ln() + 2f64.ln()) / 2.0;
        let got = value(ProblemType::MultiLabelClassification, &marks);
        approx::assert_relative_eq!(got, binary, max_relative = TOLERANCE);

        let got = value(ProblemType::Regression, &marks);
        approx::assert_relative_eq!(got, 1.0 / 2.0 + (4.0 + 1.0) / 2.0, max_relative = TOLERANCE);
    }

    fn model(problem: ProblemType) -> BertClassifier {
        let config = BertConfig {
            vocab_size: 9,
            hidden_size: 8,
            num_attention_heads: 2,
            intermediate_size: 8,
            max_position_embeddings: 4,
            id2label: ["a", "b", "c"].map(str::to_owned).to_vec(),
            problem_type: Some(problem),
            ..BertConfig::default()
        };
        let _turn = crate::runtime::generator();
        BertClassifier::new(config, tch::Device::Cpu, 1).unwrap()
    }

    fn loss(problem: ProblemType, targets: &Targets, settings: &LossConfig) -> Loss {
        settings.build(&model(problem), targets).unwrap()
    }

    fn logits() -> Tensor {
        Tensor::from_slice2(&[[0.5f32, -1.0, 2.0], [1.5, 0.25, -0.75]])
    }

    fn weights() -> Option<ClassWeights> {
        Some("a=1,b=2,c=0.5".parse().unwrap())
    }

    // Expected from PyTorch 2.11 in float64: `cross_entropy(x, [2, 1], weight=[1, 2, 0.5],
    // label_smoothing=0.1)`, summed and as the mean; the focal loss is (1 - p)^2 times its rows.
    #[test]
    fn a_single_label_is_smoothed_weighted_and_focused_as_in_pytorch() {
        let targets = Targets::Classes(vec![2, 1]);
        let labels = Tensor::from_slice(&[2i64, 1]);
        let value = |settings: LossConfig| {
            let loss = loss(ProblemType::SingleLabelClassification, &targets, &settings);
            (loss.sum(&logits(), &labels).unwrap().double_value(&[]), loss)
        };
        let smooth = LossConfig { label_smoothing_factor: 0.1, ..LossConfig::default() };
        approx::assert_relative_eq!(
            value(smooth.clone()).0,
            1.9636505727310478,
            max_relative = TOLERANCE
        );
        let both = LossConfig { class_weights: weights(), ..smooth };
        approx::assert_relative_eq!(value(both).0, 3.3913655694695684, max_relative = TOLERANCE);
        let weighted = LossConfig { class_weights: weights(), ..LossConfig::default() };
        let (sum, loss) = value(weighted.clone());
        let mean = sum / loss.denominator(&targets, [0, 1].into_iter());
        approx::assert_relative_eq!(mean, 1.3128003468572107, max_relative = TOLERANCE);
        let focal = LossConfig { focal_gamma: 2.0, ..weighted };
        approx::assert_relative_eq!(value(focal).0, 1.999392577075818, max_relative = TOLERANCE);
    }

    // Expected from PyTorch 2.11 in float64: `binary_cross_entropy_with_logits(x, [[1, 0, 1],
    // [0, 1, 0]], pos_weight=[1, 2, 0.5])`, summed over rows of means; focal as above.
    #[test]
    fn several_labels_are_weighted_and_focused_as_in_pytorch() {
        let marks = [1.0f32, 0.0, 1.0, 0.0, 1.0, 0.0];
        let targets = Targets::MultiHot { num_labels: 3, values: marks.to_vec() };
        let labels = Tensor::from_slice(&marks).view([2, 3]);
        let value = |focal_gamma| {
            let settings =
                LossConfig { class_weights: weights(), focal_gamma, ..LossConfig::default() };
            let loss = loss(ProblemType::MultiLabelClassification, &targets, &settings);
            loss.sum(&logits(), &labels).unwrap().double_value(&[])
        };
        approx::assert_relative_eq!(value(0.0), 1.3636552670250517, max_relative = TOLERANCE);
        approx::assert_relative_eq!(value(2.0), 0.4963426105205173, max_relative = TOLERANCE);
    }

    #[test]
    fn a_focal_loss_of_a_certain_row_has_a_finite_gradient() {
        let settings = LossConfig { focal_gamma: 0.5, ..LossConfig::default() };
        let targets = Targets::Classes(vec![0]);
        let loss = loss(ProblemType::SingleLabelClassification, &targets, &settings);
        let logits = Tensor::from_slice2(&[[80.0f32, -80.0, 0.0]]).set_requires_grad(true);
        loss.sum(&logits, &Tensor::from_slice(&[0i64])).unwrap().f_backward().unwrap();
        let gradient = Vec::<f32>::try_from(logits.grad().view(-1)).unwrap();
        assert!(gradient.iter().all(|x| x.is_finite()), "{gradient:?}");
    }

    #[test]
    fn settings_without_a_meaning_for_the_problem_are_refused() {
        let smooth = LossConfig { label_smoothing_factor: 0.1, ..LossConfig::default() };
        let fault = |problem, settings: &LossConfig| {
            let loss = settings.build(&model(problem), &Targets::Values(vec![0.0]));
            loss.unwrap_err().to_string()
        };
        let message = fault(ProblemType::MultiLabelClassification, &smooth);
        assert!(message.starts_with("`label_smoothing_factor`"), "{message}");
        let weighted = LossConfig { class_weights: weights(), ..LossConfig::default() };
        assert!(fault(ProblemType::Regression, &weighted).starts_with("`class_weights`"));
        let both = LossConfig { focal_gamma: 1.0, ..smooth };
        assert!(both.validate().unwrap_err().to_string().starts_with("`focal_gamma`"));
    }
}
