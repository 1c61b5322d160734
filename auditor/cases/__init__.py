"""What people decide: grouping of findings, the casebook, the ladder and its proposals."""
