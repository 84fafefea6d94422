//! Special functions to working precision: the normal, t, F, chi-squared, gamma and beta laws.
//!
//! The incomplete beta and gamma functions keep the relative accuracy of *both* tails, also where the
//! shapes are large: their prefactor is Loader's saddle-point form, not a difference of log-gammas. The
//! log-gamma and complementary error functions are those of `libm`.

mod beta;
mod elementary;
mod gamma;
mod newton;
mod normal;
mod student;

pub use beta::{beta_cdf, beta_quantile, beta_sf, f_cdf, f_sf};
pub(crate) use elementary::exp;
pub use gamma::{chi2_cdf, chi2_sf, gamma_cdf, gamma_quantile, gamma_sf};
pub(crate) use normal::normal_quantiles_in_place;
pub use normal::{normal_cdf, normal_pdf, normal_quantile, normal_sf};
pub use student::{t_cdf, t_quantile, t_sf, t_two_sided_p};
