"""The terms-of-service compliance auditor.

Usage policies are declarative rules; a checker evaluates account activity against them; a report generator
makes case files and evidence bundles. See README.md for the way in and docs/concepts.md for the words.
"""

__version__ = "0.1.0"
