"""What the platform knows of networks, from a context file to a bundle that is judged again."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.samples import CASES, RULE, write_pack

CONTEXT = "network_kinds: {isp: [AS64500], vpn: [203.0.113.0/24], hosting: [203.0.113.128/25]}\n"
ADDRESSES = {
    "of-a-wider-range": "203.0.113.1",
    "innermost": "203.0.113.200",
    "of-a-system": "198.51.100.7",
    "given": "203.0.113.201",
}
HOSTED = RULE.replace("status: 429", "network_kind: hosting")


def write_log(path: Path) -> Path:
    """Write six calls of each of four accounts; one account's log line says itself what its network is."""
    rows = [
        {
            "record_id": f"{account}-{number}",
            "time": f"2026-01-01T10:{number:02}:00Z",
            "event": "completion",
            "account_id": account,
            "client_ip": address,
            "asn": 64500,
        }
        | ({"network_kind": "business"} if account == "given" else {})
        for account, address in ADDRESSES.items()
        for number in range(6)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def pack() -> Path:
    cases = CASES.replace("status: 429", "network_kind: hosting").replace("status: 200", "network_kind: isp")
    Path("context.yml").write_text(CONTEXT)
    return write_pack(Path("pack"), rule=HOSTED, cases=cases)


@pytest.mark.parametrize(
    ("kind", "accounts"),
    [("hosting", ["innermost"]), ("vpn", ["of-a-wider-range"]), ("isp", ["of-a-system"]), ("business", ["given"])],
)
def test_a_network_has_the_kind_of_its_record_or_of_its_range_or_of_its_system(
    auditor: Run, pack: Path, kind: str, accounts: list[str]
) -> None:
    write_pack(pack, rule=RULE.replace("status: 429", f"network_kind: {kind}"))

    auditor("audit", write_log(Path("log.jsonl")), "--pack", pack, "--context", "context.yml")

    listed = json.loads(auditor("case", "list", "--json").out)
    assert [case["accounts"] for case in listed] == [accounts]


def test_without_what_the_platform_knows_only_what_a_log_says_counts(auditor: Run, pack: Path) -> None:
    log = write_log(Path("log.jsonl"))
    log.write_text("".join(line + "\n" for line in log.read_text().splitlines() if "business" not in line))

    without = auditor("audit", log, "--pack", pack)
    with_context = auditor("audit", "--pack", pack, "--context", "context.yml")

    assert "missing: network_kind" in without.out
    assert "1 case" in with_context.out


def test_a_bundle_holds_the_kind_that_was_worked_out_and_is_judged_again_by_it(auditor: Run, pack: Path) -> None:
    auditor("audit", write_log(Path("log.jsonl")), "--pack", pack, "--context", "context.yml")
    [case] = json.loads(auditor("case", "list", "--json").out)
    bundle = Path(auditor("bundle", "build", case["case_id"]).out.strip())

    cited = [json.loads(line) for line in (bundle / "data/records/cited.jsonl").read_text().splitlines()]

    assert [line["derived"]["network_kind"] for line in cited] == ["hosting"] * 6
    assert auditor("bundle", "verify", bundle, "--sources", ".").code == 3
    assert auditor("bundle", "replay", bundle).code == 0
