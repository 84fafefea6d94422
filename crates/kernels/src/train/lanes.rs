//! Sixteen numbers at a time: one body a kernel, on AVX-512 or on arrays.

use crate::int16::to_int16;
use crate::operand::to_bf16;
use crate::tile::Line;

/// Numbers of a vector.
pub(crate) const LANES: usize = 16;

/// Sixteen fp32. What lies beyond a slice's end is read as 0 and not written.
pub(crate) trait Lanes: Copy {
    fn splat(x: f32) -> Self;
    fn load(x: &[f32]) -> Self;
    fn store(self, x: &mut [f32]);
    /// Of bfloat16 bits.
    fn load_bf16(x: &[u16]) -> Self;
    /// To the nearest bfloat16, ties to even.
    fn store_bf16(self, x: &mut [u16]);
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn div(self, other: Self) -> Self;
    fn max(self, other: Self) -> Self;
    fn min(self, other: Self) -> Self;
    fn sqrt(self) -> Self;
    /// `self * factor + term`, rounded once.
    fn fma(self, factor: Self, term: Self) -> Self;
    /// `self * 2^power` for whole powers; too small a result may become 0.
    fn scale(self, power: Self) -> Self;
    /// `self` where `sign` is below 0, else `other`.
    fn where_negative(self, sign: Self, other: Self) -> Self;
    /// `scale` where the draw is at least `dropped`, else 0; 0 beyond the draws.
    fn kept(draws: &[u16], dropped: u16, scale: f32) -> Self;
    /// 0 from that lane on.
    fn first(self, lanes: usize) -> Self;
    /// Whether every lane of `self` is below that of `other`, or 0.
    fn all_below(self, other: Self) -> bool;
    /// Each lane of `low` and `high` as a pair of bfloat16 in a word.
    fn pair(low: Self, high: Self, out: &mut [u32]);
    /// Each lane of `low` and `high` as a pair of 16-bit integers in a word.
    fn pair_int16(low: Self, high: Self, out: &mut [u32]);
    /// The nearest 16-bit integers, ties to even, neighbours in a word.
    fn int16(self) -> [u32; LANES / 2];
    /// Pairs of neighbours of up to 16 rows of up to 32 numbers, rounded to bfloat16: the pair of row
    /// `r` and place `s` becomes lane `r` of line `3 * s`; what is missing becomes 0.
    fn transpose(rows: [&[f32]; LANES], out: &mut [Line]);
    /// Word `s` of row `r` becomes lane `r` of line `3 * s`.
    fn transpose_words(rows: [&Line; LANES], out: &mut [Line]);
    /// Each half of `low` and `high`, in order, as a pair in a word.
    fn pair_words(low: [u32; LANES / 2], high: [u32; LANES / 2], out: &mut Line);
    /// Lane `c` of vector `r` becomes lane `r` of vector `c`.
    fn transposed(rows: [Self; LANES]) -> [Self; LANES];
    /// The upper and the lower words of products with `by`.
    fn wide_products(x: [u32; LANES], by: u32) -> [[u32; LANES]; 2];
    /// The lanes in order.
    fn array(self) -> [f32; LANES];

    #[inline(always)]
    fn zero() -> Self {
        Self::splat(0.0)
    }

    #[inline(always)]
    fn abs(self) -> Self {
        self.max(Self::zero().sub(self))
    }

    /// The sum of the lanes, always in the same order.
    #[inline(always)]
    fn sum(self) -> f32 {
        let mut lanes = self.array();
        for half in [8, 4, 2, 1] {
            for lane in 0..half {
                lanes[lane] += lanes[lane + half];
            }
        }
        lanes[0]
    }

    #[inline(always)]
    fn largest(self) -> f32 {
        self.array().into_iter().fold(f32::NEG_INFINITY, f32::max)
    }

    /// e to each lane, to 2 units in the last place; the algorithm of `math::exp`.
    #[inline(always)]
    fn exp(self) -> Self {
        const LN_2_HIGH: f32 = 0.693_359_4;
        const LN_2_LOW: f32 = -2.121_944_4e-4;
        const ROUND: f32 = 12_582_912.0;
        let x = self.max(Self::splat(-87.0)).min(Self::splat(88.0));
        let round = Self::splat(ROUND);
        let n = x.fma(Self::splat(std::f32::consts::LOG2_E), round).sub(round);
        let r = n.fma(Self::splat(-LN_2_HIGH), x);
        let r = n.fma(Self::splat(-LN_2_LOW), r);
        let series = [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0];
        let value =
            series.into_iter().fold(Self::splat(1.0 / 5040.0), |sum, c| sum.fma(r, Self::splat(c)));
        value.scale(n)
    }
}

impl Lanes for [f32; LANES] {
    #[inline(always)]
    fn splat(x: f32) -> Self {
        [x; LANES]
    }
    #[inline(always)]
    fn load(x: &[f32]) -> Self {
        std::array::from_fn(|lane| x.get(lane).copied().unwrap_or(0.0))
    }
    #[inline(always)]
    fn store(self, x: &mut [f32]) {
        for (x, lane) in x.iter_mut().zip(self) {
            *x = lane;
        }
    }
    #[inline(always)]
    fn load_bf16(x: &[u16]) -> Self {
        std::array::from_fn(|lane| from_bf16(x.get(lane).copied().unwrap_or(0)))
    }
    #[inline(always)]
    fn store_bf16(self, x: &mut [u16]) {
        for (x, lane) in x.iter_mut().zip(self) {
            *x = to_bf16(lane);
        }
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        std::array::from_fn(|lane| self[lane] + other[lane])
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        std::array::from_fn(|lane| self[lane] - other[lane])
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        std::array::from_fn(|lane| self[lane] * other[lane])
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        std::array::from_fn(|lane| self[lane] / other[lane])
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        std::array::from_fn(|lane| if self[lane] > other[lane] { self[lane] } else { other[lane] })
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        std::array::from_fn(|lane| if self[lane] < other[lane] { self[lane] } else { other[lane] })
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        self.map(f32::sqrt)
    }
    #[inline(always)]
    fn fma(self, factor: Self, term: Self) -> Self {
        std::array::from_fn(|lane| self[lane].mul_add(factor[lane], term[lane]))
    }
    #[inline(always)]
    fn scale(self, power: Self) -> Self {
        std::array::from_fn(|lane| {
            self[lane] * f32::from_bits(((power[lane] as i32 + 127).clamp(0, 255) as u32) << 23)
        })
    }
    #[inline(always)]
    fn where_negative(self, sign: Self, other: Self) -> Self {
        std::array::from_fn(|lane| if sign[lane] < 0.0 { self[lane] } else { other[lane] })
    }
    #[inline(always)]
    fn kept(draws: &[u16], dropped: u16, scale: f32) -> Self {
        std::array::from_fn(|lane| match draws.get(lane) {
            Some(draw) if *draw >= dropped => scale,
            _ => 0.0,
        })
    }
    #[inline(always)]
    fn first(self, lanes: usize) -> Self {
        std::array::from_fn(|lane| if lane < lanes { self[lane] } else { 0.0 })
    }
    #[inline(always)]
    fn all_below(self, other: Self) -> bool {
        self.into_iter().zip(other).all(|(a, b)| a < b || a == 0.0)
    }
    #[inline(always)]
    fn pair(low: Self, high: Self, out: &mut [u32]) {
        for (word, (low, high)) in out.iter_mut().zip(low.into_iter().zip(high)) {
            *word = u32::from(to_bf16(low)) | u32::from(to_bf16(high)) << 16;
        }
    }
    #[inline(always)]
    fn transpose(rows: [&[f32]; LANES], out: &mut [Line]) {
        for (step, line) in out.iter_mut().step_by(3).enumerate().take(LANES) {
            for (word, row) in line.0.iter_mut().zip(rows) {
                let bits =
                    |place: usize| u32::from(to_bf16(row.get(place).copied().unwrap_or(0.0)));
                *word = bits(2 * step) | bits(2 * step + 1) << 16;
            }
        }
    }
    #[inline(always)]
    fn pair_int16(low: Self, high: Self, out: &mut [u32]) {
        for (word, (low, high)) in out.iter_mut().zip(low.into_iter().zip(high)) {
            *word = u32::from(to_int16(low)) | u32::from(to_int16(high)) << 16;
        }
    }
    #[inline(always)]
    fn int16(self) -> [u32; LANES / 2] {
        std::array::from_fn(|pair| {
            u32::from(to_int16(self[2 * pair])) | u32::from(to_int16(self[2 * pair + 1])) << 16
        })
    }
    #[inline(always)]
    fn transpose_words(rows: [&Line; LANES], out: &mut [Line]) {
        for (step, line) in out.iter_mut().step_by(3).enumerate().take(LANES) {
            for (word, row) in line.0.iter_mut().zip(rows) {
                *word = row.0[step];
            }
        }
    }
    #[inline(always)]
    fn pair_words(low: [u32; LANES / 2], high: [u32; LANES / 2], out: &mut Line) {
        for (words, (low, high)) in out.0.chunks_exact_mut(2).zip(low.into_iter().zip(high)) {
            words[0] = low & 0xffff | high << 16;
            words[1] = low >> 16 | high & 0xffff_0000;
        }
    }
    #[inline(always)]
    fn transposed(rows: [Self; LANES]) -> [Self; LANES] {
        std::array::from_fn(|column| rows.map(|row| row[column]))
    }
    #[inline(always)]
    fn wide_products(x: [u32; LANES], by: u32) -> [[u32; LANES]; 2] {
        let product = |x: u32| u64::from(x) * u64::from(by);
        [x.map(|x| (product(x) >> 32) as u32), x.map(|x| product(x) as u32)]
    }
    #[inline(always)]
    fn array(self) -> [f32; LANES] {
        self
    }
}

/// The number of those bits.
#[inline(always)]
pub(crate) fn from_bf16(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

/// Defines a function around one body generic in [`Lanes`], and calls the body's form that `isa`
/// allows.
macro_rules! lanes {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $kind:ty),* $(,)?) $(-> $ret:ty)? = $body:ident) => {
        $(#[$meta])*
        #[allow(clippy::too_many_arguments, reason = "one more than the body: the instruction sets")]
        $vis fn $name(isa: $crate::Isa, $($arg: $kind),*) $(-> $ret)? {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma")]
            fn bf16($($arg: $kind),*) $(-> $ret)? {
                $body::<$crate::train::avx512::Avx512<true>>($($arg),*)
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
            fn avx512($($arg: $kind),*) $(-> $ret)? {
                $body::<$crate::train::avx512::Avx512<false>>($($arg),*)
            }
            #[cfg(target_arch = "x86_64")]
            if isa.has_bf16() {
                // SAFETY: an `Isa` says bf16 only where `Isa::detect` found all of these features.
                return unsafe { bf16($($arg),*) };
            }
            #[cfg(target_arch = "x86_64")]
            if isa.has_avx512() {
                // SAFETY: likewise for AVX-512.
                return unsafe { avx512($($arg),*) };
            }
            let _ = isa;
            $body::<[f32; $crate::train::lanes::LANES]>($($arg),*)
        }
    };
}
pub(crate) use lanes;
