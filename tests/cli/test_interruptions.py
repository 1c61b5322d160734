"""A run that is cut short: the next one goes on as if it had never been."""

import ctypes
import json
import resource
import signal
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Run, finished, start
from tests.cli.samples import write_log, write_pack

CAPABILITIES_THAT_IGNORE_PERMISSIONS = (1, 2)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
DROP_FROM_BOUNDING_SET = 24  # PR_CAPBSET_DROP


def obey_permissions() -> None:
    """Make the process that is about to start mind permission bits even when it is root's."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in CAPABILITIES_THAT_IGNORE_PERMISSIONS:
        libc.prctl(DROP_FROM_BOUNDING_SET, capability, 0, 0, 0)


def small_files_only() -> None:
    """Refuse to write files beyond 16 KiB, as a full disk would."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (16 * 1024, 16 * 1024))


def case_ids(auditor: Run, workspace: str = "audit") -> list[str]:
    return [case["case_id"] for case in json.loads(auditor("case", "list", "--workspace", workspace, "--json").out)]


@pytest.mark.parametrize("patience", [0.3, 0.6, 1.0, 1.6], ids="{} s".format)
def test_ctrl_c_ends_with_code_4_and_loses_nothing(auditor: Run, tmp_path: Path, patience: float) -> None:
    log = write_log(tmp_path / "log.jsonl", ordinary=100_000)
    pack = write_pack(tmp_path / "pack")
    process = start("audit", log, "--pack", pack, folder=tmp_path)
    time.sleep(patience)
    process.send_signal(signal.SIGINT)

    ran = finished(process)

    assert "Traceback" not in ran.err
    assert (ran.code, ran.err.count("error: interrupted"), ran.err.count("error: ")) in {(4, 1, 1), (0, 0, 0)}
    assert auditor("audit", log, "--pack", pack).code == 0
    assert auditor("audit", log, "--pack", pack, "--workspace", "undisturbed").code == 0
    assert case_ids(auditor) == case_ids(auditor, "undisturbed")
    assert list((tmp_path / "audit").rglob(".partial-*")) == []


def test_a_disk_that_takes_no_more_is_code_4_and_loses_nothing(auditor: Run, tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.jsonl", ordinary=20_000)
    pack = write_pack(tmp_path / "pack")

    ran = finished(start("audit", log, "--pack", pack, folder=tmp_path, before=small_files_only))

    assert ran.code == 4
    assert ran.err.count("error: ") == 1 and "Traceback" not in ran.err
    assert auditor("audit", log, "--pack", pack).code == 0
    assert list((tmp_path / "audit").rglob(".partial-*")) == []


def test_a_folder_that_may_not_be_written_is_code_4(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.jsonl")
    (tmp_path / "closed").mkdir(mode=0o555)

    ran = finished(start("ingest", log, "--workspace", "closed/audit", folder=tmp_path, before=obey_permissions))

    assert ran.code == 4
    assert "permission denied" in ran.err and ran.err.count("error: ") == 1
    assert list((tmp_path / "closed").iterdir()) == []


def test_two_audits_at_once_leave_one_sound_workspace(auditor: Run, tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.jsonl", ordinary=20_000)
    pack = write_pack(tmp_path / "pack")

    both = [start("audit", log, "--pack", pack, folder=tmp_path) for _ in range(2)]
    codes = sorted(finished(process).code for process in both)

    assert codes in ([0, 0], [0, 4])
    assert auditor("audit", log, "--pack", pack).code == 0
    assert len(case_ids(auditor)) == 1


def test_a_reader_that_goes_away_is_no_error(auditor: Run, tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.jsonl")
    pack = write_pack(tmp_path / "pack")
    process = start("audit", log, "--pack", pack, folder=tmp_path)
    assert process.stdout is not None
    process.stdout.close()

    process.wait(timeout=60)

    assert process.returncode == 0
    assert process.stderr is not None and process.stderr.read() == ""
    assert len(case_ids(auditor)) == 1
