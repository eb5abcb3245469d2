"""Files of kilobytes that ask for work without end are opened or refused within their time and memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.expensive import expensive
from tests.hostile import Export, honest_export
from tests.pictures import CAT
from tests.watched import Watch

pytestmark = pytest.mark.slow
SECONDS = 60  # of which the budget has 10, on a machine that does nothing else
MEGABYTES = 1000


def _is_cost(problem: str) -> bool:
    """Whether the file cost too much; that a network answers nonsense is not looked at here."""
    return any(word in problem for word in ("hung", "status", "more than an honest file", "touched"))


@pytest.fixture(scope="module")
def opened(tmp_path_factory) -> dict[str, dict[str, Any]]:
    place: Path = tmp_path_factory.mktemp("expensive")
    honest, path, found = honest_export(place / "honest.pkl"), place / "model.pkl", {}
    with Watch(honest, CAT, place / "canary", reader="load", seconds=SECONDS) as watch:
        for name, content in expensive(Export(honest)).items():
            path.write_bytes(content)
            found[name] = watch.open(path)
    return found


def test_each_is_opened_or_refused_in_its_time_and_memory(opened):
    assert len(opened) > 70
    assert {name: costs for name, result in opened.items() if (costs := list(filter(_is_cost, result["problems"])))} == {}
    assert {name: result["megabytes"] for name, result in opened.items() if result["megabytes"] > MEGABYTES} == {}


def test_most_are_refused(opened):
    refused = [name for name, result in opened.items() if result["outcome"].startswith("refused")]
    assert len(refused) > 0.8 * len(opened)
