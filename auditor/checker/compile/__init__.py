"""Rules into one plan: SQLGlot trees that mean exactly what docs/evaluation.md says."""
