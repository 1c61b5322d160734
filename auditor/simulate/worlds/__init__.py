"""Worlds for measuring: tens of thousands of ordinary accounts, campaigns as published, and their look-alikes."""
