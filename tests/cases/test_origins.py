"""Sources have numbers, and those of equal name are told apart."""

from datetime import UTC, datetime

from auditor.cases.origins import numbered_sources
from auditor.checker.findings import SourceRead
from auditor.records.manifest import Source
from tests.cases.factories import receipt


def known(source_id: str, path: str) -> Source:
    return Source(
        source_id=source_id, name=path.rpartition("/")[2], path=path, profile="cloudtrail", format="jsonarray",
        compression="gzip", bytes=1, lines=1, blank=0, records=1, quarantined=0, duplicates=0, conflicts=0,
        provides=(), first_time=None, last_time=None, ingested=datetime(2026, 1, 5, tzinfo=UTC),
    )  # fmt: skip


def shown(*paths: str, with_manifest: bool = True) -> list[tuple[int, str, str]]:
    stored = [known(f"{number}" * 64, path) for number, path in enumerate(paths, start=1)]
    read = [
        SourceRead(source_id=source.source_id, name=source.name, profile=source.profile, records=1, provides=())
        for source in stored
    ]
    of_run = receipt("r").model_copy(update={"sources": tuple(read)})
    origins = numbered_sources(of_run, stored if with_manifest else [])
    return [(origin.number, origin.name, origin.where) for origin in origins]


def test_sources_are_numbered_by_name() -> None:
    assert shown("/logs/b.json", "/logs/a.json") == [(1, "a.json", ""), (2, "b.json", "")]


def test_equal_names_show_the_shortest_end_of_the_path_that_differs() -> None:
    assert [where for _, _, where in shown("/x/eu/api/a.log", "/x/us/api/a.log", "/x/us/web/a.log")] == [
        "eu/api/a.log",
        "us/api/a.log",
        "web/a.log",
    ]


def test_without_the_manifest_equal_names_have_their_numbers() -> None:
    assert shown("/x/a.log", "/y/a.log", with_manifest=False) == [(1, "a.log", ""), (2, "a.log", "")]


def test_a_path_that_ends_like_a_longer_one_is_told_apart() -> None:
    assert [where for _, _, where in shown("/a.log", "/y/a.log")] == ["/a.log", "y/a.log"]
