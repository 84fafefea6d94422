//! Smaller models: which layers a run begins with, and whom it learns from.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use tch::Device;
use tunewise_data::{Dataset, EncodedTexts, ProblemType, Tokenizer};

use super::config::FinetuneConfig;
use super::notice::Notice;
use crate::model::weights;
use crate::train::{DistilConfig, check_teacher};
use crate::{BertClassifier, BertConfig, Checkpoint, Error, Head, Result};

impl FinetuneConfig {
    /// What is learnt from the teacher, if there is one.
    pub(super) fn distil(&self) -> Option<DistilConfig> {
        self.distil_from.as_ref()?;
        let usual = DistilConfig::default();
        Some(DistilConfig {
            temperature: self.distil_temperature.unwrap_or(usual.temperature),
            alpha: self.distil_alpha.unwrap_or(usual.alpha),
            relations: self.distil_relations,
            relation_weight: self.distil_relation_weight.unwrap_or(usual.relation_weight),
            relation_heads: self.distil_relation_heads,
            teacher_layer: self.distil_teacher_layer,
        })
    }

    /// Whether rows need no labels.
    pub(super) fn learns_without_labels(&self) -> bool {
        self.distil().is_some_and(|distil| distil.alpha == 1.0)
    }

    /// Refuses what contradicts itself or has no effect.
    pub(super) fn check_student(&self) -> Result<()> {
        let relations = self.distil_relations.is_some();
        let (weight, layer) =
            (self.distil_relation_weight.is_some(), self.distil_teacher_layer.is_some());
        let heads = self.distil_relation_heads.is_some();
        let teacher = self.distil_from.is_some();
        let (listed, counted) = (!self.keep_layers.is_empty(), self.keep_num_layers.is_some());
        let random = self.student_config.is_some();
        let without_teacher = "nothing without distil_from";
        for (name, idle, expected) in [
            ("distil_temperature", self.distil_temperature.is_some() && !teacher, without_teacher),
            ("distil_alpha", self.distil_alpha.is_some() && !teacher, without_teacher),
            ("distil_relations", relations && !teacher, without_teacher),
            ("distil_relation_weight", weight && !relations, "nothing without distil_relations"),
            ("distil_relation_heads", heads && !relations, "nothing without distil_relations"),
            ("distil_teacher_layer", layer && !relations, "nothing without distil_relations"),
            ("keep_num_layers", listed && counted, "nothing, since keep_layers is given"),
            ("keep_layers", listed && random, "nothing, since student_config is given"),
            ("keep_num_layers", counted && random, "nothing, since student_config is given"),
            (
                "peft",
                self.peft.is_some() && (listed || counted || random),
                "nothing with keep_layers, keep_num_layers or student_config, whose model is nowhere yet",
            ),
        ] {
            if idle {
                let (got, expected) = ("given".to_owned(), expected.to_owned());
                return Err(Error::Setting { name, got, expected });
            }
        }
        Ok(())
    }

    /// The same with the teacher as the checkpoint to start from, if none is named.
    pub(super) fn with_student(&self) -> Cow<'_, Self> {
        match &self.distil_from {
            Some(teacher) if self.model_name_or_path.as_os_str().is_empty() => {
                Cow::Owned(Self { model_name_or_path: teacher.clone(), ..self.clone() })
            }
            _ => Cow::Borrowed(self),
        }
    }

    /// Cuts the checkpoint to the layers that are asked for.
    pub(super) fn cut(
        &self,
        checkpoint: &mut Checkpoint,
        tell: &mut dyn FnMut(&Notice),
    ) -> Result<()> {
        let of = checkpoint.config().num_hidden_layers;
        let layers = match self.keep_num_layers {
            Some(count) => evenly(count, of)?,
            None if self.keep_layers.is_empty() => return Ok(()),
            None => self.keep_layers.clone(),
        };
        checkpoint.keep_layers(&layers)?;
        tell(&Notice::Cut { layers, of });
        Ok(())
    }

    /// The configuration of a student that starts with random weights, for these labels.
    pub(super) fn random_student(&self, head: &BertConfig) -> Result<Option<BertConfig>> {
        let Some(path) = &self.student_config else { return Ok(None) };
        let mut config = BertConfig::from_file(path)?;
        config.id2label.clone_from(&head.id2label);
        config.problem_type = Some(head.problem());
        Ok(Some(config))
    }
}

/// So many of `of` layers, evenly spaced, the first and the last among them.
fn evenly(count: usize, of: usize) -> Result<Vec<usize>> {
    if count == 0 || count > of {
        let expected = format!("1 to {of}");
        return Err(Error::Setting { name: "keep_num_layers", got: count.to_string(), expected });
    }
    Ok((0..count).map(|i| i * (of - 1) / (count - 1).max(1)).collect())
}

/// A fine-tuned model that another learns from.
#[derive(Debug)]
pub(super) struct Teacher {
    pub(super) model: BertClassifier,
    /// SHA-256 of its weights.
    pub(super) hash: String,
    folder: PathBuf,
    tokenizer: Tokenizer,
}

impl Teacher {
    /// The teacher that the settings name, whole.
    pub(super) fn load(config: &FinetuneConfig, device: Device) -> Result<Option<Self>> {
        let Some(folder) = &config.distil_from else { return Ok(None) };
        let (model, loaded) = BertClassifier::load_pretrained(folder, &Head::Kept, device)?;
        if !loaded.fresh.is_empty() {
            let (path, missing, unexpected) = (folder.clone(), loaded.fresh, Vec::new());
            return Err(Error::TensorNames { path, missing, unexpected });
        }
        let tokenizer = Tokenizer::from_dir(folder)?;
        let hash = weights::sha256(folder)?;
        Ok(Some(Self { model, hash, folder: folder.clone(), tokenizer }))
    }

    /// Refuses a student that cannot learn from it.
    pub(super) fn check(&self, config: &FinetuneConfig, student: &BertConfig) -> Result<()> {
        let regression = student.problem() == ProblemType::Regression;
        if let Some(temperature) = config.distil_temperature.filter(|_| regression) {
            return Err(Error::Setting {
                name: "distil_temperature",
                got: temperature.to_string(),
                expected: "nothing, since the problem is regression".to_owned(),
            });
        }
        match config.distil() {
            Some(distil) => check_teacher(&distil, student, &self.model),
            None => Ok(()),
        }
    }

    /// Refuses a student that reads the texts as other tokens, which the teacher cannot answer for.
    pub(super) fn check_reads(
        &self,
        student: &Path,
        dataset: &Dataset,
        (texts, max_seq_length): (&EncodedTexts, usize),
    ) -> Result<()> {
        if student == self.folder {
            return Ok(());
        }
        let own = self.tokenizer.encode_dataset(dataset, max_seq_length)?;
        let differs = |row: &usize| own.row(*row) != texts.row(*row);
        let Some(row) = (0..texts.len()).find(differs) else { return Ok(()) };
        let line = dataset.examples().get(row).map_or(0, |example| example.line);
        Err(Error::Setting {
            name: "distil_from",
            got: format!("{}, whose tokenizer reads line {line} otherwise", self.folder.display()),
            expected: "a teacher with the student's tokenizer".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::Relations;

    #[test]
    fn layers_are_evenly_spaced_with_both_ends() {
        for (count, of, expected) in [
            (1, 6, vec![0]),
            (2, 6, vec![0, 5]),
            (3, 6, vec![0, 2, 5]),
            (6, 12, vec![0, 2, 4, 6, 8, 11]),
            (4, 4, vec![0, 1, 2, 3]),
        ] {
            assert_eq!(evenly(count, of).unwrap(), expected);
        }
        assert!(evenly(0, 6).is_err() && evenly(7, 6).is_err());
    }

    #[test]
    fn settings_without_an_effect_are_refused_by_name() {
        let usual = FinetuneConfig::default;
        let taught = || FinetuneConfig { distil_from: Some("teacher".into()), ..usual() };
        for (config, expected) in [
            (FinetuneConfig { distil_alpha: Some(0.5), ..usual() }, "`distil_alpha` is given"),
            (
                FinetuneConfig { distil_relations: Some(Relations::Minilm), ..usual() },
                "`distil_relations` is given, expected nothing without distil_from",
            ),
            (
                FinetuneConfig { distil_teacher_layer: Some(1), ..taught() },
                "nothing without distil_relations",
            ),
            (
                FinetuneConfig { keep_layers: vec![0], keep_num_layers: Some(1), ..usual() },
                "`keep_num_layers` is given",
            ),
            (
                FinetuneConfig { keep_num_layers: Some(1), peft: "lora".parse().ok(), ..usual() },
                "`peft` is given",
            ),
            (
                FinetuneConfig {
                    keep_layers: vec![0],
                    student_config: Some("c".into()),
                    ..usual()
                },
                "since student_config is given",
            ),
        ] {
            let error = config.check_student().unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        taught().check_student().unwrap();
        assert_eq!(usual().distil(), None);
        assert_eq!(taught().distil(), Some(DistilConfig::default()));
        assert_eq!(taught().with_student().model_name_or_path, Path::new("teacher"));
    }
}
