//! What a result depends on, as one hash: the name of its row.

use std::fmt;

use sha2::{Digest, Sha256};

/// How many bytes of a hash are kept with a row to tell that it is whole.
const SEAL: usize = 8;

/// The name of a row. It tells nothing of what it was made of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key([u8; 32]);

impl Key {
    /// The raw bytes.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// A value with what shows that it belongs to this key and is as it was written.
    pub(super) fn sealed(&self, value: &[u8]) -> Vec<u8> {
        let mut sealed = self.seal(value).to_vec();
        sealed.extend_from_slice(value);
        sealed
    }

    /// The value in `sealed`; none if it is not whole or another's.
    pub(super) fn verified(&self, mut sealed: Vec<u8>) -> Option<Vec<u8>> {
        let value = sealed.get(SEAL..)?;
        let is_whole = sealed.get(..SEAL) == Some(&self.seal(value)[..]);
        is_whole.then(|| sealed.split_off(SEAL))
    }

    fn seal(&self, value: &[u8]) -> [u8; SEAL] {
        let digest = Sha256::new().chain_update(self.0).chain_update(value).finalize();
        std::array::from_fn(|at| digest.get(at).copied().unwrap_or_default())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// All that a result depends on, part by part. No two lists of parts have the same key.
#[derive(Clone, Default)]
pub(crate) struct Recipe(Sha256);

impl Recipe {
    /// Adds a part.
    pub(crate) fn add(&mut self, part: &[u8]) {
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    /// The same with one more part.
    #[must_use]
    pub(crate) fn with(mut self, part: &[u8]) -> Self {
        self.add(part);
        self
    }

    /// The key of all parts.
    pub(crate) fn key(self) -> Key {
        Key(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Key, Recipe};

    fn key(parts: &[&str]) -> Key {
        parts.iter().fold(Recipe::default(), |recipe, part| recipe.with(part.as_bytes())).key()
    }

    #[test]
    fn other_parts_are_another_key() {
        let lists: [&[&str]; 7] = [&[], &[""], &["", ""], &["ab"], &["a", "b"], &["b", "a"], &["ab", ""]];
        assert_eq!(lists.iter().map(|parts| key(parts)).collect::<BTreeSet<_>>().len(), lists.len());
        assert_eq!(key(&["a", "b"]), key(&["a", "b"]));
    }

    #[test]
    fn a_value_that_was_touched_or_moved_is_none() {
        let (one, other) = (key(&["one"]), key(&["other"]));
        let sealed = one.sealed(b"value");
        assert_eq!(one.verified(sealed.clone()).as_deref(), Some(&b"value"[..]));
        assert_eq!(other.verified(sealed.clone()), None);
        for at in 0..sealed.len() {
            let mut touched = sealed.clone();
            touched[at] ^= 1;
            assert_eq!(one.verified(touched), None, "{at}");
            assert_eq!(one.verified(sealed[..at].to_vec()), None, "{at}");
        }
    }
}
