//! Which parameters a run trains.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::config::FinetuneConfig;
use crate::{AdaLoraConfig, BitFitConfig, Error, HeadConfig, LoraConfig, PeftConfig, Result};

/// A way of training few parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PeftMethod {
    /// Low-rank adapters: [`LoraConfig`].
    Lora,
    /// Low-rank adapters whose ranks are found in training: [`AdaLoraConfig`].
    AdaLora,
    /// The biases: [`BitFitConfig`].
    BitFit,
    /// The head alone: [`HeadConfig`].
    Head,
}

impl PeftMethod {
    const ALL: [Self; 4] = [Self::Lora, Self::AdaLora, Self::BitFit, Self::Head];
}

impl fmt::Display for PeftMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lora => "lora",
            Self::AdaLora => "adalora",
            Self::BitFit => "bitfit",
            Self::Head => "head",
        })
    }
}

impl FromStr for PeftMethod {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|method| method.to_string() == name).ok_or_else(|| {
            let names = Self::ALL.map(|method| method.to_string()).join(", ");
            Error::Setting { name: "peft", got: name.to_owned(), expected: names }
        })
    }
}

impl FinetuneConfig {
    /// What the settings say of training few parameters; none if all are trained. `fresh` are modules
    /// that no checkpoint gave: they are trained too, as they would be noise for ever.
    ///
    /// # Errors
    /// [`Error::Setting`] for a setting out of its range, and for one that the method has no use for.
    pub fn peft_config(&self, fresh: &[String]) -> Result<Option<PeftConfig>> {
        self.refuse_idle()?;
        let Some(method) = self.peft else { return Ok(None) };
        let classifier = || vec!["classifier".to_owned()];
        let mut modules_to_save = self.modules_to_save.clone().unwrap_or_else(classifier);
        let more = fresh.iter().filter(|name| !modules_to_save.contains(name));
        modules_to_save.extend(more.cloned().collect::<Vec<_>>());
        let config = match method {
            PeftMethod::Lora => PeftConfig::Lora(self.lora_config(modules_to_save)),
            PeftMethod::AdaLora => PeftConfig::AdaLora(self.adalora_config(modules_to_save)),
            PeftMethod::BitFit => PeftConfig::BitFit(BitFitConfig { modules_to_save }),
            PeftMethod::Head => PeftConfig::Head(HeadConfig { modules_to_save }),
        };
        config.validate()?;
        Ok(Some(config))
    }

    fn lora_config(&self, modules_to_save: Vec<String>) -> LoraConfig {
        let usual = LoraConfig::default();
        LoraConfig {
            r: self.lora_r.unwrap_or(usual.r),
            lora_alpha: self.lora_alpha.unwrap_or(usual.lora_alpha),
            lora_dropout: self.lora_dropout.unwrap_or(usual.lora_dropout),
            use_rslora: self.use_rslora,
            use_dora: self.use_dora,
            target_modules: self.lora_target_modules.clone().unwrap_or(usual.target_modules),
            modules_to_save,
            seed: self.seed,
        }
    }

    fn adalora_config(&self, modules_to_save: Vec<String>) -> AdaLoraConfig {
        let usual = AdaLoraConfig::default();
        AdaLoraConfig {
            init_r: self.adalora_init_r.unwrap_or(usual.init_r),
            target_r: self.adalora_target_r.unwrap_or(usual.target_r),
            lora_alpha: self.lora_alpha.unwrap_or(usual.lora_alpha),
            lora_dropout: self.lora_dropout.unwrap_or(usual.lora_dropout),
            target_modules: self.lora_target_modules.clone().unwrap_or(usual.target_modules),
            modules_to_save,
            tinit: self.adalora_tinit.unwrap_or(usual.tinit),
            tfinal: self.adalora_tfinal.unwrap_or(usual.tfinal),
            delta_t: self.adalora_delta_t.unwrap_or(usual.delta_t),
            orth_reg_weight: self.adalora_orth_reg_weight.unwrap_or(usual.orth_reg_weight),
            seed: self.seed,
            ..usual
        }
    }

    /// Refuses settings that would be read and then ignored.
    fn refuse_idle(&self) -> Result<()> {
        use PeftMethod::{AdaLora, BitFit, Head, Lora};
        let any: &[PeftMethod] = &[Lora, AdaLora, BitFit, Head];
        let given = [
            ("lora_r", self.lora_r.is_some(), &[Lora][..]),
            ("lora_alpha", self.lora_alpha.is_some(), &[Lora, AdaLora]),
            ("lora_dropout", self.lora_dropout.is_some(), &[Lora, AdaLora]),
            ("lora_target_modules", self.lora_target_modules.is_some(), &[Lora, AdaLora]),
            ("use_rslora", self.use_rslora, &[Lora]),
            ("use_dora", self.use_dora, &[Lora]),
            ("adalora_init_r", self.adalora_init_r.is_some(), &[AdaLora]),
            ("adalora_target_r", self.adalora_target_r.is_some(), &[AdaLora]),
            ("adalora_tinit", self.adalora_tinit.is_some(), &[AdaLora]),
            ("adalora_tfinal", self.adalora_tfinal.is_some(), &[AdaLora]),
            ("adalora_delta_t", self.adalora_delta_t.is_some(), &[AdaLora]),
            ("adalora_orth_reg_weight", self.adalora_orth_reg_weight.is_some(), &[AdaLora]),
            ("modules_to_save", self.modules_to_save.is_some(), any),
        ];
        let idle = |expected: &str, name| Error::Setting {
            name,
            got: "given".to_owned(),
            expected: expected.to_owned(),
        };
        for (name, given, methods) in given {
            if given && !self.peft.is_some_and(|method| methods.contains(&method)) {
                let names: Vec<_> = methods.iter().map(PeftMethod::to_string).collect();
                return Err(idle(&format!("nothing without peft {}", names.join(" or ")), name));
            }
        }
        match self.peft.is_some() && !self.freeze.is_empty() {
            true => Err(idle("nothing with peft, which says what is trained", "freeze")),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TargetModules;

    #[test]
    fn settings_become_the_methods_own_and_idle_ones_are_refused() {
        let usual = FinetuneConfig::default;
        assert_eq!(usual().peft_config(&[]).unwrap(), None);
        let config = FinetuneConfig {
            peft: Some(PeftMethod::Lora),
            lora_r: Some(4),
            lora_alpha: Some(16.0),
            lora_target_modules: Some("query, key".parse().unwrap()),
            seed: 7,
            ..usual()
        };
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let expected = LoraConfig {
            r: 4,
            lora_alpha: 16.0,
            target_modules: TargetModules::Names(names(&["query", "key"])),
            modules_to_save: names(&["classifier", "pooler"]),
            seed: 7,
            ..LoraConfig::default()
        };
        let pooler: Vec<String> = names(&["pooler"]);
        assert_eq!(config.peft_config(&pooler).unwrap(), Some(PeftConfig::Lora(expected)));
        let bitfit = |more: FinetuneConfig| {
            FinetuneConfig { peft: Some(PeftMethod::BitFit), ..more }.peft_config(&[]).unwrap_err()
        };
        for (error, expected) in [
            (bitfit(FinetuneConfig { lora_r: Some(8), ..usual() }), "`lora_r` is given"),
            (bitfit(FinetuneConfig { use_rslora: true, ..usual() }), "`use_rslora` is given"),
            (bitfit(FinetuneConfig { freeze: vec!["x".into()], ..usual() }), "`freeze` is given"),
            (
                FinetuneConfig { modules_to_save: Some(Vec::new()), ..usual() }
                    .peft_config(&[])
                    .unwrap_err(),
                "`modules_to_save` is given, expected nothing without peft",
            ),
            ("qlora".parse::<PeftMethod>().unwrap_err(), "expected lora, adalora, bitfit, head"),
        ] {
            assert!(error.to_string().contains(expected), "{error}");
        }
    }

    #[test]
    fn a_text_names_modules_or_is_a_pattern() {
        let pattern = r".*layer\.[01]\..*query";
        assert_eq!(
            pattern.parse::<TargetModules>().unwrap(),
            TargetModules::Pattern(pattern.into())
        );
        let one = TargetModules::Names(vec!["1.attention.self.query".to_owned()]);
        assert_eq!("1.attention.self.query".parse::<TargetModules>().unwrap(), one);
    }
}
