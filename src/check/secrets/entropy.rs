//! How much chance there is in a text.

/// Shannon's entropy of the bytes, in bits for each byte; 0 for none.
pub(super) fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for &byte in bytes {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let n_bytes = bytes.len() as f64;
    let parts = counts.iter().filter(|&&count| count > 0).map(|&count| f64::from(count) / n_bytes);
    parts.map(|part| -part * part.log2()).sum()
}

/// How many different bytes there are.
pub(super) fn n_different(bytes: &[u8]) -> usize {
    let mut seen = [false; 256];
    for &byte in bytes {
        if let Some(known) = seen.get_mut(usize::from(byte)) {
            *known = true;
        }
    }
    seen.iter().filter(|&&known| known).count()
}

#[cfg(test)]
mod tests {
    use super::{entropy, n_different};

    #[test]
    fn chance_is_counted_in_bits() {
        for (text, expected) in [("", 0.0), ("aaaa", 0.0), ("abab", 1.0), ("abcd", 2.0), ("0123456789abcdef", 4.0)] {
            assert!((entropy(text.as_bytes()) - expected).abs() < 1e-9, "{text}");
        }
        assert_eq!(n_different(b"aabbc"), 3);
    }
}
