"""Values against the value of a feature, or against time: dots, curves, surfaces, histograms."""
