//! Weights of the indices: Shapley, Banzhaf, Beta, semivalues, interaction indices.
