"""The differences between our evaluation and pySigma's SQLite backend, each with its reason (`differences.yml`)."""

from pathlib import Path

import yaml

LISTED = yaml.safe_load(Path(__file__).with_suffix(".yml").read_text())
KNOWN = {(item["rule"], place): item["reason"] for item in LISTED["records"] for place in item["places"]}
"""Reasons by rule and place: exactly one of the two matches the record there."""
