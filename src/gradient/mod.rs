//! Expected Gradients: where on the paths from the background to a row gradients are taken, and what they add up to.
//!
//! Erion, Janizek, Sturmfels, Lundberg, Lee 2021, "Improving performance of deep learning models with axiomatic
//! attribution priors and expected gradients".
