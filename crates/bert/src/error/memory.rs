//! Memory that ran out, told with the batch.

use super::Error;

impl Error {
    /// The error of a batch: where memory ran out, it says which one and what to lower.
    pub(crate) fn in_batch(self, rows: usize, tokens: usize) -> Self {
        const MARKS: [&str; 3] = ["not enough memory", "out of memory", "can't allocate memory"];
        let detail = match &self {
            Self::Torch { source, .. } => source.to_string(),
            Self::Shim(tunewise_torch::Error::Libtorch { message, .. }) => message.clone(),
            Self::Shim(tunewise_torch::Error::Tch { source, .. }) => source.to_string(),
            _ => return self,
        };
        match detail.lines().find(|line| MARKS.iter().any(|mark| line.contains(mark))) {
            Some(line) => Self::OutOfMemory { rows, tokens, detail: line.trim().to_owned() },
            None => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind, Tensor};

    use super::*;

    #[test]
    fn libtorchs_out_of_memory_names_the_batch() {
        let source = Tensor::f_empty([1 << 46], (Kind::Float, Device::Cpu)).unwrap_err();
        let error = Error::Torch { op: "empty", source }.in_batch(16, 128);
        let message = error.to_string();
        assert!(
            message.starts_with("out of memory in a batch of 16 rows x 128 tokens"),
            "{message}"
        );
        assert!(message.contains("you tried to allocate 281474976710656 bytes"), "{message}");
        // The words of CUDA's allocator, `CUDACachingAllocator.cpp` of libtorch 2.11.
        let cuda = "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of";
        let shim = tunewise_torch::Error::Libtorch { op: "x", message: cuda.to_owned() };
        assert!(matches!(Error::Shim(shim).in_batch(1, 2), Error::OutOfMemory { .. }));
        let other = Error::Internal { what: "x" }.in_batch(1, 2);
        assert!(matches!(other, Error::Internal { .. }));
    }
}
