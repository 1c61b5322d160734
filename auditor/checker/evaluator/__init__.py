"""The slow, obvious judge of the compiled plan: docs/evaluation.md in plain Python, one module a section.

It shares the models with the compiler and nothing else, so that an error in one of them shows as a difference. It
holds all records in memory and repeats work freely; it is for tests, rule cases and small logs.
"""
