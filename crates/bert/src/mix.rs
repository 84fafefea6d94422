//! Unrelated numbers from a seed and a counter.

/// The `number`-th value of the stream that `seed` names: neighbouring numbers, and streams whose seeds
/// came from here, are unrelated. The finaliser of SplitMix64 (Steele, Lea and Flood 2014, *Fast
/// splittable pseudorandom generators*).
pub(crate) fn mix(seed: u64, number: u64) -> u64 {
    let mut z = seed.wrapping_add(number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
