"""What a bundle is made of: its files, their names and how large they may be."""

import re

FORMAT_VERSION, STATEMENT_VERSION = 2, 1
"""Of the documents of a bundle, and of what people sign."""
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
PAYLOAD_MANIFEST, TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"
TAG_FILES = ("bag-info.txt", "bagit.txt", PAYLOAD_MANIFEST)
REQUIRED = (
    "data/VERIFY.md", "data/case.json", "data/commitments.jsonl", "data/findings.jsonl", "data/policy/index.json",
    "data/population.json", "data/proposal.json", "data/receipt.json", "data/records/cited.jsonl",
    "data/records/context.jsonl", "data/report/report.html", "data/schemas/case.json", "data/schemas/cited.json",
    "data/schemas/commitment.json", "data/schemas/context.json", "data/schemas/edition.json",
    "data/schemas/finding.json", "data/schemas/notice.json", "data/schemas/policy.json",
    "data/schemas/population.json", "data/schemas/proposal.json", "data/schemas/receipt.json",
    "data/schemas/statement.json", "data/verify.py",
)  # fmt: skip
CITED, CONTEXT, EDITION = "data/records/cited.jsonl", "data/records/context.jsonl", "data/edition.json"
COMMITMENTS = "data/commitments.jsonl"
STATEMENTS, NOTICES = "data/statement/statements.jsonl", "data/statement/notices.jsonl"
CITED_TABLE, FINDINGS_TABLE = "data/records/cited.csv", "data/findings.csv"
OPTIONAL = (EDITION, STATEMENTS, NOTICES, CITED_TABLE, FINDINGS_TABLE, "data/policy/approvals.json")
WITHHELD = "withheld in this edition"
"""Why a record of a redacted edition has no exact bytes."""
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(?<!\.)\Z")
DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|\Z)", re.IGNORECASE)
LARGEST_ATTESTATION = 1 << 22
LARGEST_TAG = {"bagit.txt": 1 << 10, "bag-info.txt": 1 << 20, PAYLOAD_MANIFEST: 1 << 26, TAG_MANIFEST: 1 << 20}
"""Bytes of a tag file, which is read whole as well."""
