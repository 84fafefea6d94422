//! Several models on one base.

use std::path::Path;

use tch::{Kind, Tensor};

use super::{labels, peft_config};
use crate::error::Context;
use crate::files::{ADAPTER_CONFIG, ADAPTER_WEIGHTS};
use crate::model::BertClassifier;
use crate::model::parameters::{Parameters, specs};
use crate::{Error, Result};

impl BertClassifier {
    /// A model of its own with the adapters of a PEFT folder: all weights but the adapters and
    /// `modules_to_save` are those of this model, in the same memory. It is for prediction; the head may
    /// have other labels than this model's, which `labels.json` beside PEFT's files names.
    ///
    /// # Errors
    /// Those of [`BertClassifier::load_adapter`].
    pub fn with_adapter(&self, dir: impl AsRef<Path>) -> Result<Self> {
        let dir = dir.as_ref();
        self.refuse_second()?;
        let file = peft_config::read(&dir.join(ADAPTER_CONFIG))?;
        let own = self.in_modules(file.config.modules_to_save())?;
        let config = labels::read(dir, self.config())?;
        let mut entries = Vec::new();
        for (spec, (name, shared)) in specs(&config).into_iter().zip(self.parameters()) {
            let shape = spec.shape_i64();
            let tensor = if own.iter().any(|own| own == name) {
                Tensor::f_zeros(&shape, (Kind::Float, self.device())).at("zeros")?
            } else if shared.size() == shape {
                shared.f_detach().at("detach")?
            } else {
                return Err(Error::AdapterShape {
                    path: dir.join(ADAPTER_WEIGHTS),
                    name: spec.name,
                    got: shared.size().into_iter().map(|n| n as usize).collect(),
                    expected: spec.shape,
                });
            };
            entries.push((spec.name, tensor));
        }
        let parameters = Parameters::of(entries);
        let mut model = Self::from_parameters(config, self.device(), parameters)?;
        model.load_adapter(dir)?;
        Ok(model)
    }
}
