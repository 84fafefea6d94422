//! The law that errors follow, up to their scale.

/// What is the same for all sizes and lengths of a model's runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Law {
    /// c.
    pub(super) exponent: f64,
    /// r.
    pub(super) floor: f64,
    /// d/D₀.
    pub(super) offset: f64,
    /// β.
    pub(super) short: f64,
    /// b.
    pub(super) by_steps: f64,
    /// p.
    pub(super) sharpness: f64,
}

impl Law {
    /// e/E at D/D₀ and S/S₀.
    pub(super) fn shape(&self, rows: f64, steps: f64) -> f64 {
        let of_rows = ((rows + self.offset) / (1.0 + self.offset)).powf(-self.exponent);
        let of_steps = self.short * steps.powf(-self.by_steps);
        let (more, less) = (of_rows.max(of_steps), of_rows.min(of_steps));
        let both = more * (1.0 + (less / more).powf(self.sharpness)).powf(1.0 / self.sharpness);
        self.floor + (1.0 - self.floor) * both
    }
}
