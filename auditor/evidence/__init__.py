"""What can be proved: bundles that a stranger verifies."""
