//! Scores of rankings: each row is a query, each column an item or a label.

mod gain;
mod label_ranking;
mod retrieval;

pub use gain::{RankOptions, Ties, dcg_score, ndcg_score};
pub use label_ranking::{
    coverage_error, label_ranking_average_precision_score, label_ranking_loss,
};
pub use retrieval::{
    hit_rate_at_k, mean_average_precision_at_k, mean_reciprocal_rank, precision_at_k, recall_at_k,
};
