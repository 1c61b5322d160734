"""As on which day each run of a pack saw the log: what tells when a finding was first there."""

from datetime import UTC, datetime

from auditor.cases.casebook import Casebook


def days_of_runs(casebook: Casebook, pack: str) -> dict[str, datetime]:
    """Return the runs of a pack that were made as on an earlier day, each with that day."""
    with casebook.reading() as db:
        rows = list(db.table("runs").rows_where("pack = ? and as_of <> ''", [pack], select="run_id, as_of"))
    return {
        str(row["run_id"]): datetime.fromisoformat(str(row["as_of"])).astimezone(UTC) for row in rows if row["as_of"]
    }
