"""Labelled activity for the demo and for measuring: ordinary accounts, abuse, and innocent look-alikes."""

from auditor.simulate.folder import Simulation, simulate

__all__ = ["Simulation", "simulate"]
