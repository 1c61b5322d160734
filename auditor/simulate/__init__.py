"""Labelled activity for the demo and for measuring."""
