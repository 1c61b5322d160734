"""The words of notices, a module a language: the same phrases in each, so that all are made from the same data."""
