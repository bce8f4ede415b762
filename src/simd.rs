//! Which instruction set the kernels run in, found once at run time.

use std::sync::OnceLock;

use crate::error::Error;

/// An instruction set that kernels are compiled for. All give the same bits: lanes are rows, every multiply-add is
/// fused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum InstructionSet {
    /// What the compiler's target has; fused multiply-adds where the processor has them.
    Portable,
    /// 256-bit vectors with FMA.
    Avx2,
    /// 512-bit vectors: F, BW, DQ, VL.
    Avx512,
}

impl InstructionSet {
    /// Its name, as `FERROSHAP_SIMD` spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "scalar",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    /// The best that this processor has.
    pub fn best() -> Self {
        supported().last().copied().unwrap_or(Self::Portable)
    }

    /// What kernels use: the best, or what the environment variable `FERROSHAP_SIMD` names, read once.
    pub fn chosen() -> Result<Self, Error> {
        static CHOSEN: OnceLock<Result<InstructionSet, Error>> = OnceLock::new();
        CHOSEN
            .get_or_init(|| {
                std::env::var("FERROSHAP_SIMD").map_or(Ok(Self::best()), |name| Self::named(&name))
            })
            .clone()
    }

    fn named(name: &str) -> Result<Self, Error> {
        supported().into_iter().find(|set| set.name() == name).ok_or_else(|| Error::Parameter {
            argument: "FERROSHAP_SIMD",
            got: name.to_owned(),
            accepted: "scalar, avx2 or avx512, and one that this processor has",
        })
    }
}

/// All instruction sets that this processor has, the best last.
pub fn supported() -> Vec<InstructionSet> {
    let mut sets = vec![InstructionSet::Portable];
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        sets.push(InstructionSet::Avx2);
        if is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
        {
            sets.push(InstructionSet::Avx512);
        }
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_refused() {
        assert_eq!(InstructionSet::named("scalar"), Ok(InstructionSet::Portable));
        assert!(matches!(InstructionSet::named("sse9"), Err(Error::Parameter { .. })));
    }

    #[test]
    fn the_best_comes_last() {
        assert!(supported().is_sorted());
        assert_eq!(supported()[0], InstructionSet::Portable);
    }
}
