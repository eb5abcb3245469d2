"""Reading what a report wrote."""

from __future__ import annotations

import json
from pathlib import Path

from training.quality.report_schema import Report


def strict_json(path: Path) -> dict:
    """The document in a file, which holds no NaN or Infinity."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(path.read_text("utf-8"), parse_constant=refuse)


def read_report(folder: Path) -> Report:
    """metrics.json of a report's folder."""
    return Report.model_validate(strict_json(folder / "metrics.json"))
