"""Ratios against a named opponent in the same run; nothing here is a test."""
