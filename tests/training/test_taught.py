"""The page, the route and the program teach alike: the same photos give the same head."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import httpx
import pytest

from model import Classifier
from tests.model.teach.conftest import drawing
from tests.running import ROOT
from tests.training.lessons import run

SCRIPT = ROOT / "training" / "head.py"
CLASSES = {"mug": 8, "bottle": 7, "neither": 4}
SHAPES = {"mug": "mug", "bottle": "bottle", "neither": "ball"}


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    """A folder per class."""
    folder = tmp_path_factory.mktemp("taught") / "photos"
    for label, count in CLASSES.items():
        (folder / label).mkdir(parents=True)
        for number in range(count):
            (folder / label / f"{number}.jpg").write_bytes(drawing(SHAPES[label], number))
    return folder


@pytest.fixture(scope="module")
def by_program(photos) -> tuple[Path, str]:
    out = photos.with_name("program")
    done = run(SCRIPT, "--data", photos, "--out", out)
    assert done.returncode == 0, done.stderr
    return out, done.stdout


def files(photos: Path) -> list[tuple[str, bytes]]:
    """Class by class as the program has them, the photos of each in another order."""
    paths = [path for label in sorted(CLASSES) for path in sorted((photos / label).iterdir(), reverse=True)]
    return [(path.parent.name, path.read_bytes()) for path in paths]


def network_of(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return file.read(next(name for name in file.namelist() if name.endswith("model.onnx")))


def test_the_program_says_how_good_it_is_and_how_to_go_on(by_program):
    out, printed = by_program
    assert "taught bottle, mug by 15 photos" in printed
    assert " of 19 right when each was held back" in printed
    assert "bottle has 7 different photos" in printed
    assert f"MODEL_REPO={out} python app.py" in printed
    classifier = Classifier.load(out)
    answers = [p.label for p in classifier.classify([drawing("mug", 90), drawing("bottle", 91), drawing("ball", 92)])]
    assert answers == ["mug", "bottle", "neither"]
    assert classifier.config.training["data"] == "photos"


def test_the_route_gives_the_same_network(app, photos, by_program):
    parts = [(label, (f"{number}.jpg", data)) for number, (label, data) in enumerate(files(photos))]
    answer = httpx.post(f"{app.url}/api/teach", files=parts, timeout=120)
    assert answer.status_code == 200, answer.text
    assert network_of(answer.content) == (by_program[0] / "model.onnx").read_bytes()


def test_the_page_gives_the_same_network(app, photos, by_program):
    with httpx.Client(base_url=f"{app.url}/api/teach/", timeout=120) as page:
        state = page.post("sessions").json()
        session = f"sessions/{state['session']}"
        named = {"bottle": {"name": "bottle"}, "mug": {"name": "mug"}, "neither": {"neither": True}}
        ids = {label: page.post(f"{session}/classes", json=about).json()["id"] for label, about in named.items()}
        for label, data in files(photos):
            assert page.post(f"{session}/classes/{ids[label]}/photos", content=data).status_code == 200
        quality = page.post(f"{session}/train").json()
        content = page.get(f"{session}/model.zip").content
    assert network_of(content) == (by_program[0] / "model.onnx").read_bytes()
    told = json.loads((by_program[0] / "config.json").read_text("utf-8"))["training"]["quality"]
    assert quality["held_back"]["right"] == told["held_back"]["right"]


def test_options_of_the_long_way_are_refused_on_the_short_one(photos, tmp_path):
    for more, words in ((["--views", 3], "--views needs --weights"), (["--no-neither"], "--no-neither needs --weights")):
        done = run(SCRIPT, "--data", photos, "--out", tmp_path / "model", *more)
        assert done.returncode == 2
        assert words in done.stderr


def test_too_few_photos_end_with_a_sentence(photos, tmp_path):
    few = tmp_path / "few"
    for label in ("mug", "bottle"):
        (few / label).mkdir(parents=True)
        for number in range(2):
            (few / label / f"{number}.jpg").write_bytes(drawing(label, number))
    done = run(SCRIPT, "--data", few, "--out", tmp_path / "model")
    assert done.returncode == 1
    assert "Cannot train:" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "model").exists()


@pytest.mark.slow
def test_a_test_set_is_reported_on(photos, tmp_path):
    done = run(SCRIPT, "--data", photos, "--out", tmp_path / "model", "--test", 0.3)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "model" / "report" / "report.html").is_file()
    assert "test" in Classifier.load(tmp_path / "model").config.metrics
