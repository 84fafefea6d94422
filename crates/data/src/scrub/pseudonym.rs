//! What stands for personal data.

use sha2::{Digest, Sha256};

use super::Kind;

/// SHA-256's block, bytes.
const BLOCK: usize = 64;

/// The pseudonym of data of a kind. Spellings that mean the same have the same one: letters count as
/// capitals, separators not at all, a Chinese mobile with or without its country code.
pub(super) fn of(key: &[u8], kind: Kind, data: &str) -> String {
    let mut canonical: String = match kind {
        Kind::Email | Kind::Ipv4 | Kind::Ipv6 => data.to_uppercase(),
        _ => data.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_uppercase(),
    };
    if kind == Kind::Phone {
        let number = canonical.trim_start_matches("00");
        let mobile = |it: &&str| it.len() == 11 && it.starts_with('1');
        canonical = number.strip_prefix("86").filter(mobile).unwrap_or(number).to_owned();
    }
    let digest = hmac_sha256(key, format!("{}:{canonical}", kind.name()).as_bytes());
    let hex: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("<{}_{hex}>", kind.name())
}

/// HMAC of RFC 2104.
fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0; BLOCK];
    let hashed: [u8; 32] = Sha256::digest(key).into();
    let key = if key.len() > BLOCK { &hashed } else { key };
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    let padded = |pad: u8| block.map(|byte| byte ^ pad);
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_rfc_4231() {
        let hex =
            |code: [u8; 32]| code.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        // Test cases 2 and 6.
        assert_eq!(
            hex(hmac_sha256(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        let long = b"Test Using Larger Than Block-Size Key - Hash Key First";
        assert_eq!(
            hex(hmac_sha256(&[0xaa; 131], long)),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    #[test]
    fn spellings_share_a_pseudonym_and_keys_do_not() {
        let phone = |text| of(b"key", Kind::Phone, text);
        assert_eq!(phone("+86 138-0013-8000"), phone("13800138000"));
        assert_eq!(phone("0086 13800138000"), phone("13800138000"));
        assert_ne!(phone("13800138000"), phone("13800138001"));
        assert_ne!(phone("13800138000"), of(b"other", Kind::Phone, "13800138000"));
        assert_ne!(phone("13800138000"), of(b"key", Kind::Card, "13800138000"));
    }
}
