"""The verifier that every bundle carries, in modules that need the standard library and each other only."""
