//! A question's way: an answer by template, an article, or a person.

use std::collections::BTreeMap;

use serde::Serialize;

use super::knowledge::Knowledge;
use super::model::IntentModel;
use super::prices::Prices;
use super::question::{Question, Truth};
use super::routing::{Aim, Routing, Scored, Setting};
use super::template::Templates;
use crate::{Error, Result};

/// Who answers a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// The answer of the intent.
    Template,
    /// An article of the knowledge file.
    Article,
    /// A person.
    Person,
}

/// What becomes of a question.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decision {
    /// What the sender knows the question by.
    pub id: Option<String>,
    /// What was asked.
    pub text: String,
    /// Who answers.
    pub route: Route,
    /// The most probable intent; none for an empty question.
    pub intent: Option<String>,
    /// Its calibrated probability.
    pub confidence: Option<f64>,
    /// The article that fits best.
    pub article: Option<String>,
    /// How well.
    pub article_score: Option<f64>,
    /// What is sent; nothing for a person, or where there are no templates.
    pub answer: Option<String>,
    /// What the template found in the question.
    pub slots: BTreeMap<String, String>,
    /// What the answer asks for, since the question lacks it.
    pub missing: Vec<String>,
    /// Why this way.
    pub why: String,
}

/// What a support desk answers with.
#[derive(Debug, Clone, Copy)]
pub struct Desk<'a> {
    /// Tells the intent.
    pub model: &'a dyn IntentModel,
    /// Answers by intent; without, an intent is an answer by itself.
    pub templates: Option<&'a Templates>,
    /// Articles for what no intent is sure for.
    pub knowledge: Option<&'a Knowledge<'a>>,
}

impl std::fmt::Debug for dyn IntentModel + '_ {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IntentModel")
            .field("intents", &self.intents().len())
            .finish_non_exhaustive()
    }
}

impl Desk<'_> {
    /// What the models say of questions.
    ///
    /// # Errors
    /// Those of the models; [`Error::Argument`] for a number of logits that is not that of the intents.
    pub fn score(&self, questions: &[&str]) -> Result<Vec<Scored>> {
        let logits = self.model.logits(questions)?;
        let intents = self.model.intents().len();
        let expected = questions.len() * intents;
        if logits.len() != expected {
            return Err(crate::error::argument(
                "logits",
                logits.len(),
                &format!("{expected} numbers"),
            ));
        }
        let hits = match self.knowledge {
            Some(knowledge) => knowledge.search(questions)?,
            None => vec![None; questions.len()],
        };
        let scored = questions.iter().zip(logits.chunks_exact(intents.max(1))).zip(hits);
        let scored = scored.map(|((text, logits), hit)| Scored {
            text: (*text).to_owned(),
            logits: logits.to_vec(),
            hit,
        });
        Ok(scored.collect())
    }

    /// Chooses temperature and thresholds: [`Routing::fit`] of this desk.
    ///
    /// # Errors
    /// Those of [`Routing::fit`] and [`Templates::check`].
    pub fn calibrate(
        &self,
        questions: &[(Scored, Truth)],
        prices: &Prices,
        aim: Aim,
    ) -> Result<Routing> {
        let answerable = self.answerable()?;
        Routing::fit(questions, &self.setting(&answerable, prices), aim)
    }

    /// Whether a routing was chosen for this desk.
    ///
    /// # Errors
    /// [`Error::State`] naming what differs; those of [`Templates::check`].
    pub fn check(&self, routing: &Routing, source: &str) -> Result<()> {
        self.answerable()?;
        let fault =
            |what: &str| Err(Error::State { file: source.to_owned(), what: what.to_owned() });
        if routing.intents != self.model.intents() {
            return fault("its intents are not those of the model: calibrate anew");
        }
        match self.knowledge {
            Some(knowledge)
                if routing.article_threshold.is_some()
                    && knowledge.is_reranked() != routing.reranked =>
            {
                fault(
                    "articles' scores were with embeddings then and are without now, or the reverse: calibrate anew",
                )
            }
            None if routing.article_threshold.is_some() => {
                fault("it answers by article, and there is no knowledge file")
            }
            _ => Ok(()),
        }
    }

    /// A question's way.
    #[must_use]
    pub fn decide(&self, routing: &Routing, question: Question, scored: &Scored) -> Decision {
        let (place, confidence) = routing.top(&scored.logits);
        let intent = routing.intents.get(place).cloned();
        let article = scored.hit.and_then(|hit| self.knowledge?.articles().get(hit.article));
        let mut decision = Decision {
            id: question.id,
            text: question.text,
            route: Route::Person,
            intent,
            confidence: Some(confidence),
            article: article.map(|article| article.id.clone()),
            article_score: scored.hit.map(|hit| hit.score),
            answer: None,
            slots: BTreeMap::new(),
            missing: Vec::new(),
            why: String::new(),
        };
        if decision.text.trim().is_empty() {
            (decision.intent, decision.confidence) = (None, None);
            (decision.article, decision.article_score) = (None, None);
            decision.why = "the question is empty".to_owned();
            return decision;
        }
        let unsure = match self.by_template(routing, &mut decision) {
            Ok(()) => return decision,
            Err(why) => why,
        };
        let score = decision.article_score;
        decision.why = match (article, score, routing.article_threshold) {
            (Some(article), Some(score), Some(least)) if score >= least => {
                decision.route = Route::Article;
                decision.answer = Some(article.text.clone());
                format!(
                    "{unsure}; article `{}` fits with {score:.3}, at least {least:.3}",
                    article.id
                )
            }
            (Some(article), Some(score), Some(least)) => {
                format!(
                    "{unsure}; the best article, `{}`, fits with {score:.3}, below {least:.3}",
                    article.id
                )
            }
            (Some(_), Some(_), None) => {
                format!("{unsure}; no article is sure enough at these prices")
            }
            _ => format!("{unsure}; no article shares a word with it"),
        };
        if self.knowledge.is_none() {
            decision.why = unsure;
        }
        decision
    }

    /// The answer by template, or why there is none.
    fn by_template(&self, routing: &Routing, decision: &mut Decision) -> Result<(), String> {
        let (Some(intent), Some(confidence)) = (decision.intent.clone(), decision.confidence)
        else {
            return Err("the model has no intents".to_owned());
        };
        let Some(least) = routing.intent_threshold else {
            return Err("no intent is sure enough at these prices".to_owned());
        };
        if confidence < least {
            return Err(format!("`{intent}` has {confidence:.3}, below {least:.3}"));
        }
        if let Some(templates) = self.templates {
            let Some(filled) = templates.fill(&intent, &decision.text) else {
                return Err(format!("`{intent}` has no template"));
            };
            decision.answer = Some(filled.text);
            (decision.slots, decision.missing) = (filled.slots, filled.missing);
        }
        decision.route = Route::Template;
        decision.why = format!("`{intent}` has {confidence:.3}, at least {least:.3}");
        if !decision.missing.is_empty() {
            decision
                .why
                .push_str(&format!("; the answer asks for {}", decision.missing.join(", ")));
        }
        Ok(())
    }

    /// Which intents have an answer.
    pub(super) fn answerable(&self) -> Result<Vec<bool>> {
        let intents = self.model.intents();
        let Some(templates) = self.templates else { return Ok(vec![true; intents.len()]) };
        templates.check(intents)?;
        Ok(intents.iter().map(|intent| templates.has(intent)).collect())
    }

    pub(super) fn setting<'s>(&'s self, answerable: &'s [bool], prices: &'s Prices) -> Setting<'s> {
        Setting {
            intents: self.model.intents(),
            answerable,
            articles: self.knowledge.map_or(&[], |knowledge| knowledge.articles()),
            reranked: self.knowledge.is_some_and(Knowledge::is_reranked),
            prices,
        }
    }
}
