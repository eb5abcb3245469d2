"""Nothing in a hostile file runs, and none takes the process with it. `tests/hostile.py` and `tests/payloads.py` make them."""

from __future__ import annotations

import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.hostile import GROUPS, HostileFile, everything, honest_export
from tests.payloads import PAYLOADS, call, lie_nearby, number, stacked, whole
from tests.pictures import CAT
from tests.watched import MEGABYTES, SECONDS, Watch

pytestmark = pytest.mark.slow
FIRING = [payload for payload in PAYLOADS if payload.fires]
REFUSED_FOR_A_NAME = "nothing of it was run"


@pytest.fixture(scope="module")
def honest(tmp_path_factory) -> Path:
    return honest_export(tmp_path_factory.mktemp("honest") / "model.pkl")


@pytest.fixture
def canary(tmp_path) -> Path:
    lie_nearby(tmp_path)
    return tmp_path / "canary"


@pytest.fixture(scope="module")
def opened(honest, tmp_path_factory) -> dict[str, dict[str, dict[str, Any]]]:
    """What came of every hostile file, by group and name."""
    place = tmp_path_factory.mktemp("hostile")
    lie_nearby(place)
    canary = place / "canary"
    found: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    with Watch(honest, CAT, canary) as watch:
        for file in everything(honest, canary):
            alone = found["raw"].get(file.payload, {"outcome": ""})
            if file.group == "in a layer" and REFUSED_FOR_A_NAME in alone["outcome"]:
                continue  # it is refused for the same reason wherever it stands
            found[file.group][file.name] = _open(watch, file, place / "file")
            if canary.is_dir():
                canary.rmdir()
            canary.unlink(missing_ok=True)
    late = canary.exists()
    found["file"]["whatever ran when the process ended"] = {"problems": ["touched the canary"] if late else []}
    return found


def _open(watch: Watch, file: HostileFile, folder: Path) -> dict[str, Any]:
    folder.mkdir()
    path = folder / file.file_name
    file.write(path)
    try:
        return watch.open(path)
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("group", GROUPS)
def test_nothing_in_a_hostile_file_runs(opened, group):
    assert len(opened[group]) > 5
    assert {name: result["problems"] for name, result in opened[group].items() if result["problems"]} == {}


def test_what_is_hostile_is_left_out_where_the_rest_is_a_classifier(opened):
    assert opened["hidden"]["before everything: canary_module touch"]["outcome"] == "opened"
    assert opened["layer's state"]["a layer's forward (1)"]["outcome"] == "opened"


@pytest.mark.parametrize("payload", FIRING, ids=lambda payload: payload.name)
def test_the_payloads_do_run_where_pickle_opens_them(payload, canary):
    path = canary.with_name("model.pkl")
    path.write_bytes(whole(payload.ops(canary)))
    with Watch(path, CAT, canary, reader="unpickle") as watch:
        watch.open(path)
    assert canary.exists()


@pytest.mark.parametrize(
    ("ops", "problem"),
    [
        (call(stacked("os", "system"), b"X\x01\x00\x00\x00:"), "did os.system"),
        (call(stacked("os", "system"), b"X\x01\x00\x00\x00:"), "did pickle.find_class"),
        (call(stacked("builtins", "eval"), b"X\x05\x00\x00\x001 + 1"), "did compile"),
        (call(stacked("builtins", "open"), b"X\x01\x00\x00\x00."), "did open"),
        (call(stacked("importlib", "import_module"), b"X\x04\x00\x00\x00this"), "imported this"),
        (call(stacked("canary_module", "touch")), "the canary was touched"),
        (call(stacked("operator", "mul"), b"C\x01x", number((MEGABYTES + 500) * 2**20)), "MB more than an honest file"),
        (call(stacked("time", "sleep"), number(60)), "hung"),
        (call(stacked("os", "_exit"), number(3)), "status 3"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_watch_notices(ops, problem, canary):
    path = canary.with_name("model.pkl")
    path.write_bytes(whole(ops))
    with Watch(path, CAT, canary, reader="unpickle", seconds=2 if problem == "hung" else SECONDS) as watch:
        assert problem in " ".join(watch.open(path)["problems"])


def test_the_watch_finds_nothing_in_an_honest_file(honest, canary):
    with Watch(honest, CAT, canary) as watch:
        assert watch.open(honest) == {"outcome": "opened", "problems": [], "megabytes": pytest.approx(0, abs=50)}
