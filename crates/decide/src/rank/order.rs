//! The order of items, with what made it.

use std::collections::BTreeSet;
use std::fmt;

use super::blend::Blend;
use super::candidate::Candidate;
use crate::Result;
use crate::error::argument;

/// How much likeness to what stands above counts against an item.
///
/// | field | default | range | meaning |
/// | --- | --- | --- | --- |
/// | `relevance` | 0.8 | [0, 1] | weight of the score, scaled to [0, 1] over the candidates; the rest is the weight of the likeness. 1: by score alone |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Diversity {
    /// Weight of the score.
    pub relevance: f64,
}

impl Default for Diversity {
    fn default() -> Self {
        Self { relevance: 0.8 }
    }
}

/// A signal's part in a score.
#[derive(Debug, Clone, PartialEq)]
pub struct Contribution {
    /// The signal.
    pub signal: String,
    /// What it is for this item.
    pub value: f64,
    /// Its weight times what it is above its mean over the candidates.
    pub effect: f64,
}

/// An item in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// The item.
    pub item: String,
    /// Its place among the candidates that were given.
    pub candidate: usize,
    /// Its position, from 1.
    pub position: usize,
    /// Where it would stand by score alone, from 1.
    pub by_score: usize,
    /// The blended score.
    pub score: f64,
    /// What each signal did: together the score less the mean score.
    pub contributions: Vec<Contribution>,
    /// The item above that is most alike and how alike, in (0, 1], if any is.
    pub like: Option<(String, f64)>,
}

/// The first `count` of the candidates. By score, of equal ones the first; then each next is the one with the
/// best mix of score and difference from those above.
///
/// # Errors
/// [`Error::Argument`](crate::Error::Argument) for signals that are not as many as the blend's or not finite,
/// a click outside [0, 1], or a `relevance` outside [0, 1].
///
/// # Formula
/// ```text
/// next = argmax_i  λ (s_i - min s) / (max s - min s) - (1 - λ) max_{j above} |T_i ∩ T_j| / |T_i ∪ T_j|
/// where s: blended scores, T: terms, λ: relevance
/// ```
///
/// # Reference
/// Carbonell and Goldstein (1998), The use of MMR, diversity-based reranking for reordering documents and
/// producing summaries.
pub fn rank(
    candidates: &[Candidate],
    blend: &Blend,
    diversity: &Diversity,
    count: usize,
) -> Result<Vec<Ranked>> {
    let weight = diversity.relevance;
    if !(0.0..=1.0).contains(&weight) {
        return Err(argument("relevance", weight, "a number from 0 to 1"));
    }
    let table = blend.table(candidates)?;
    let score = |row: &Vec<f64>| row.iter().zip(blend.weights()).map(|(x, w)| x * w).sum::<f64>();
    let scores: Vec<f64> = table.iter().map(score).collect();
    let mut by_score: Vec<usize> = (0..scores.len()).collect();
    let of = |place: usize| scores.get(place).copied().unwrap_or_default();
    by_score.sort_by(|a, b| of(*b).total_cmp(&of(*a)));
    let terms: Vec<BTreeSet<&str>> =
        candidates.iter().map(|it| it.terms.iter().map(String::as_str).collect()).collect();
    let alike = |a: usize, b: usize| match (terms.get(a), terms.get(b)) {
        (Some(a), Some(b)) => jaccard(a, b),
        _ => 0.0,
    };
    let (low, high) = scores.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |ends, score| {
        (ends.0.min(*score), ends.1.max(*score))
    });
    let scaled = |place: usize| if high > low { (of(place) - low) / (high - low) } else { 0.0 };
    let mut left = by_score.clone();
    let mut nearest: Vec<Option<(usize, f64)>> = vec![None; candidates.len()];
    let near =
        |nearest: &[Option<(usize, f64)>], place: usize| nearest.get(place).copied().flatten();
    let mut ranked: Vec<Ranked> = Vec::new();
    let means = means(&table);
    while ranked.len() < count && !left.is_empty() {
        let mixed = |place: usize| {
            let likeness = near(&nearest, place).map_or(0.0, |(_, likeness)| likeness);
            weight * scaled(place) - (1.0 - weight) * likeness
        };
        let best = (1..left.len()).fold(0, |best, next| {
            let value = |at: usize| left.get(at).map_or(f64::NEG_INFINITY, |it| mixed(*it));
            if value(next) > value(best) { next } else { best }
        });
        let place = left.remove(best);
        let (Some(candidate), Some(row)) = (candidates.get(place), table.get(place)) else { break };
        let like = near(&nearest, place).and_then(|(other, likeness)| {
            candidates.get(other).map(|it| (it.item.clone(), likeness))
        });
        ranked.push(Ranked {
            item: candidate.item.clone(),
            candidate: place,
            position: ranked.len() + 1,
            by_score: by_score.iter().position(|it| *it == place).unwrap_or_default() + 1,
            score: of(place),
            contributions: contributions(row, &means, blend),
            like,
        });
        for &other in &left {
            let likeness = alike(other, place);
            if let Some(known) = nearest.get_mut(other)
                && likeness > known.map_or(0.0, |(_, likeness)| likeness)
            {
                *known = Some((place, likeness));
            }
        }
    }
    Ok(ranked)
}

fn contributions(row: &[f64], means: &[f64], blend: &Blend) -> Vec<Contribution> {
    let signals = row.iter().zip(means).zip(blend.names().iter().zip(blend.weights()));
    let one = |((value, mean), (name, weight)): ((&f64, &f64), (&String, &f64))| Contribution {
        signal: name.clone(),
        value: *value,
        effect: weight * (value - mean) + 0.0, // no -0
    };
    signals.map(one).collect()
}

fn means(table: &[Vec<f64>]) -> Vec<f64> {
    let columns = table.first().map_or(0, Vec::len);
    let mean = |column: usize| {
        table.iter().filter_map(|row| row.get(column)).sum::<f64>() / table.len() as f64
    };
    (0..columns).map(mean).collect()
}

fn jaccard(a: &BTreeSet<&str>, b: &BTreeSet<&str>) -> f64 {
    let shared = a.intersection(b).count();
    let all = a.len() + b.len() - shared;
    if all == 0 { 0.0 } else { shared as f64 / all as f64 }
}

impl fmt::Display for Ranked {
    /// Why the item stands where it stands, in a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. {} ({:.3}):", self.position, self.item, self.score)?;
        for (place, it) in self.contributions.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            write!(f, "{comma} {} {:.3} ({:+.3})", it.signal, it.value, it.effect)?;
        }
        if let Some((item, likeness)) = &self.like {
            write!(f, "; like {item} above ({likeness:.2})")?;
        }
        match self.by_score.cmp(&self.position) {
            std::cmp::Ordering::Equal => Ok(()),
            std::cmp::Ordering::Less => write!(f, "; {} by score, put back", self.by_score),
            std::cmp::Ordering::Greater => {
                write!(f, "; {} by score, brought forward", self.by_score)
            }
        }
    }
}
