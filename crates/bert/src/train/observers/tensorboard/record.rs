//! The frame of a record in an event file.

/// A record's bytes: length, its checksum, the data, their checksum; all little-endian.
///
/// # Reference
/// TensorFlow, `tensorflow/core/lib/io/record_writer.h`.
pub(super) fn framed(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let mut record = Vec::with_capacity(data.len() + 16);
    record.extend(length);
    record.extend(masked_crc(&length).to_le_bytes());
    record.extend(data);
    record.extend(masked_crc(data).to_le_bytes());
    record
}

/// CRC-32C, rotated and shifted so that a checksum of data that hold checksums stays useful.
fn masked_crc(data: &[u8]) -> u32 {
    const MASK: u32 = 0xa282_ead8;
    crc32c::crc32c(data).rotate_right(15).wrapping_add(MASK)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Expected from TensorBoard 2.21: `tensorboard.summary.writer.record_writer.RecordWriter`
    // writing b"abc".
    #[test]
    fn a_record_is_tensorboards() {
        assert_eq!(framed(b"abc"), EXPECTED);
    }

    const EXPECTED: [u8; 19] =
        [3, 0, 0, 0, 0, 0, 0, 0, 176, 153, 73, 14, 97, 98, 99, 110, 87, 241, 33];
}
