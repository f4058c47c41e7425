//! Hashes that stand for ids. They have 128 bits and a seed, so no provider can choose ids whose hashes are equal.

use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};

/// The seed of some hashes.
#[derive(Default)]
pub(crate) struct IdSeed([RandomState; 2]);

impl IdSeed {
    /// Returns the hash of an id, or of an id and what it belongs to.
    pub(crate) fn hash(&self, id: impl Hash) -> IdHash {
        let [first, second] = self.0.each_ref().map(|half| half.hash_one(&id));
        IdHash { first, second }
    }
}

/// The hash of an id.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct IdHash {
    first: u64,
    second: u64,
}

// Its first half is as good a hash as any of the whole.
impl Hash for IdHash {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.first);
    }
}

/// Builds the hasher for tables whose keys are hashes of ids.
pub(crate) type BuildIdHasher = BuildHasherDefault<FirstHalf>;

/// Takes the first half of an [`IdHash`] as it is.
#[derive(Default)]
pub(crate) struct FirstHalf(u64);

impl Hasher for FirstHalf {
    fn write(&mut self, _bytes: &[u8]) {}

    fn write_u64(&mut self, half: u64) {
        self.0 = half;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_id_has_its_hash_and_each_seed_others() {
        let (seed, other) = (IdSeed::default(), IdSeed::default());
        let mut seen: HashSet<IdHash, BuildIdHasher> = HashSet::default();
        for id in ["", "a", "b", "A", "7f9a4b1e-1234-4abc-9def-0123456789ab", "ä"] {
            assert!(seen.insert(seed.hash(id)), "{id}");
            assert!(!seen.insert(seed.hash(id)), "{id}");
            assert!(seen.insert(other.hash(id)), "{id}");
        }
        assert!(seed.hash(("a", "b")) != seed.hash(("ab", "")));
    }
}
