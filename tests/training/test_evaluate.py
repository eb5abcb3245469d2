from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.errors import ModelError
from model.source import STARTER
from tests.hub import COMMIT, running_hub
from tests.pictures import CAT, COFFEE
from tests.running import ROOT
from tests.training.colours import colours, paint
from training.data.photos import DataError, Photos
from training.evaluate import collect_logits, latency, main, measure, open_photos, verdict, write_report
from training.quality.metrics import Paired, paired


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """20 blue and 10 red pictures, one of the red ones in the blue folder's colour; 5 green ones beside them."""
    root = tmp_path_factory.mktemp("photos")
    paint(root / "data" / "blue", "blue", 20)
    paint(root / "data" / "red", "red", 9)
    paint(root / "data" / "red", "blue", 1)
    paint(root / "others", "green", 5)
    return root


@pytest.fixture(scope="module")
def photos(data) -> Photos:
    return open_photos(str(data / "data"), data / "others")


def only(photos: Photos, *answers: str) -> Photos:
    return photos.take(index for index, answer in enumerate(photos.answers) if answer in answers)


def strict_json(path: Path) -> dict:
    """The document in a file, which holds no NaN or Infinity."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(path.read_text("utf-8"), parse_constant=refuse)


def test_one_mistake_in_thirty_photos(photos):
    result = measure(colours(), photos, "counting")
    assert (result["photos"], result["neither_photos"]) == (30, 5)
    assert result["accuracy"] == pytest.approx(29 / 30)
    assert result["error_rate"] == pytest.approx(1 / 30)
    assert result["accuracy_95_interval"][0] < result["accuracy"] < result["accuracy_95_interval"][1]
    assert result["accuracy_per_label"] == {"blue": 1, "red": 0.9}
    assert result["per_label"]["blue"]["precision"] == pytest.approx(20 / 21)
    assert result["per_label"]["red"] | {"roc_auc": None} == {
        "photos": 10, "precision": 1, "recall": 0.9, "f1": pytest.approx(18 / 19), "roc_auc": None,
    }  # fmt: skip
    assert 0.9 < result["roc_auc"] < 1
    assert (result["neither_accuracy"], result["neither_auroc"], result["neither_false_accepts_at_95"]) == (1, 1, 0)
    assert result["neither_score"] == "p(neither)"


def test_a_label_without_photos_and_one_with_a_single_photo(photos, tmp_path):
    blue = only(photos, "blue")
    result = write_report(colours(), blue, tmp_path / "report", "blue only")
    assert result["accuracy_per_label"] == {"blue": 1}
    assert result["per_label"]["red"]["recall"] is None
    assert result["roc_auc"] is None
    assert strict_json(tmp_path / "report" / "metrics.json")["confusion"]["counts"][1] == [0, 0, 0]
    single = measure(colours(), photos.take([0, 25]), "one each")
    assert (single["photos"], single["roc_auc"]) == (2, 1)


def test_a_model_without_neither_is_judged_by_how_unsure_it_is(photos, tmp_path):
    result = write_report(colours(neither=False), photos, tmp_path / "report", "counting", robustness=4)
    assert result["neither_score"] == "1 - highest probability"
    assert "neither_accuracy" not in result
    assert result["neither_auroc"] > 0.9  # green is as far from blue as from red
    details = strict_json(tmp_path / "report" / "metrics.json")
    assert details["confusion"]["answers"] == ["blue", "red", "neither"]
    assert sum(details["confusion"]["counts"][2]) == 5
    assert "neither" not in {row["true"] for row in details["top_losses"]}


def test_photos_that_a_model_cannot_be_measured_on(photos, tmp_path):
    with pytest.raises(DataError, match="none of the photos shows blue or red"):
        measure(colours(), only(photos, "neither"), "others")
    with pytest.raises(DataError, match="of blue, red, but the model knows Cat, Dog, neither"):
        measure(colours(labels=("Cat", "Dog")), photos, "others")
    with pytest.raises(DataError, match="no photos"):
        collect_logits(colours(), photos.take([]), "nothing")
    assert not list(tmp_path.iterdir())


def test_the_report_names_the_worst_photo_first_and_returns_what_measure_does(photos, tmp_path):
    returned = write_report(colours(), photos, tmp_path / "report", "counting", robustness=6)
    details = strict_json(tmp_path / "report" / "metrics.json")
    assert {name: details[name] for name in returned} == returned
    everything = returned.pop("all_answers")
    assert returned == measure(colours(), photos, "again")
    assert (everything["photos"], everything["accuracy"]) == (35, 34 / 35)  # those of neither, too
    assert "sources" not in everything
    assert details["saved_again"]["photos"] == 6
    assert details["saved_again"]["shares"]["JPEG 40"] == 0  # colours stay colours
    assert details["confusion"] == {"answers": ["blue", "red", "neither"], "counts": [[20, 0, 0], [1, 9, 0], [0, 0, 5]]}
    worst = details["top_losses"][0]
    assert (worst["file"], worst["true"], worst["predicted"]) == ("red/blue0.jpg", "red", "blue")
    assert worst["probability"] > worst["probability_of_true"]
    assert sum(bin["photos"] for bin in details["reliability"]) == 30
    assert details["robustness"]["photos"] == 6
    low, high = details["latency"]["middle_90_ms"]
    assert 0 < low <= details["latency"]["median_ms"] <= high


def test_float32_weights_are_measured_beside(photos, tmp_path):
    result = write_report(colours(), photos, tmp_path / "report", "counting", reference=colours(scale=0.1))
    assert result["accuracy_fp32"] == result["accuracy"]
    assert result["log_loss_fp32"] > result["log_loss"]


def test_two_models_on_the_same_photos(photos, tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"12345")
    mirrored = colours(labels=("red", "blue"))  # the same labels in another order, and so always wrong
    write_report(colours(), photos, tmp_path / "report", "counting", against=(mirrored, tmp_path))
    comparison = strict_json(tmp_path / "report" / "metrics.json")["comparison"]
    assert (comparison["both_right"], comparison["only_a"], comparison["only_b"], comparison["both_wrong"]) == (0, 29, 1, 0)
    assert comparison["difference"] == pytest.approx(-28 / 30)
    assert comparison["mcnemar_p"] < 1e-6
    assert comparison["metrics"]["accuracy"] == pytest.approx(1 / 30)
    assert comparison["size_bytes"]["model.onnx"] == 5
    assert comparison["sentence"].startswith("A makes 28 fewer mistakes in 30 photos than B (1 against 29).")


def test_models_with_different_labels_are_not_compared(photos, tmp_path):
    with pytest.raises(DataError, match="different labels cannot be compared: blue, red and Cat, Dog"):
        write_report(colours(), photos, tmp_path / "report", "x", against=(colours(labels=("Cat", "Dog")), tmp_path))
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((90, 2, 10, 3), "B makes 8 fewer mistakes in 105 photos than A (5 against 13). If both were equally good, such a "
                         "difference or a larger one would come by chance in 3.9 % of cases."),
        ((90, 0, 1, 0), "B makes 1 fewer mistake in 91 photos than A (0 against 1). If both were equally good, such a "
                        "difference or a larger one would come by chance in 100 % of cases; these photos do not settle "
                        "which one is better."),
        ((900, 40, 2, 0), "by chance in fewer than 1 in 1,000 cases."),
        ((1000, 0, 0, 5), "A and B make equally many mistakes, 5 in 1,005 photos, on the same photos."),
        ((10, 3, 3, 0), "A and B make equally many mistakes, 3 in 16 photos, though on different photos (3 each)."),
    ],
)  # fmt: skip
def test_what_a_comparison_says_in_words(counts, words):
    right_a = np.repeat([True, True, False, False], counts)
    right_b = np.repeat([True, False, True, False], counts)
    pair = paired(right_a, right_b)
    assert isinstance(pair, Paired)
    assert words in verdict(pair)


def test_a_report_replaces_only_a_report(photos, tmp_path):
    target = tmp_path / "report"
    target.mkdir()
    (target / "diary.txt").write_text("mine")
    with pytest.raises(ModelError, match="is not a report"):
        write_report(colours(), photos, target, "counting")
    (target / "diary.txt").unlink()
    write_report(colours(), photos, target, "first", robustness=2)
    write_report(colours(), photos, target, "second")
    assert strict_json(target / "metrics.json")["name"] == "second"
    assert not (target / "robustness.png").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_a_damaged_photo_leaves_the_last_report_alone(photos, data, tmp_path):
    target = tmp_path / "report"
    write_report(colours(), photos, target, "first")
    shutil.copytree(data / "data", tmp_path / "photos")
    (tmp_path / "photos" / "red" / "broken.jpg").write_bytes(b"not a photo")
    with pytest.raises(DataError, match=r"broken.jpg: This is not a photo"):
        write_report(colours(), open_photos(str(tmp_path / "photos"), None), target, "second")
    assert strict_json(target / "metrics.json")["name"] == "first"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photos", "report"]


def test_latency_is_of_as_many_photos_as_it_says(photos):
    found = latency(colours(), photos.paths[:3], n=20)
    assert found["photos"] == 20


def evaluate(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "training.evaluate", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, timeout=600)


@pytest.fixture(scope="module")
def animals(tmp_path_factory) -> Path:
    """Two pictures of a cat, and two that are no dog but are called one."""
    root = tmp_path_factory.mktemp("animals")
    for label, source in (("Cat", CAT), ("Dog", COFFEE)):
        (root / label).mkdir()
        with Image.open(source) as photo:
            for side in (300, 400):
                photo.resize((side, side)).save(root / label / f"{side}.jpg")
    return root


def test_the_command_measures_compares_writes_and_reports(animals, folder):
    done = evaluate(folder, "--data", animals, "--against", STARTER, "--robustness", 2, "--name", "pets", "--write")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (folder / "report").iterdir()) == [
        "confusion.png", "metrics.json", "reliability.png", "report.html", "robustness.png", "top_losses.png",
    ]  # fmt: skip
    details = strict_json(folder / "report" / "metrics.json")
    assert details["size_bytes"]["model.onnx"] == (STARTER / "model.onnx").stat().st_size
    assert "report" not in details["size_bytes"]
    stored = json.loads((folder / "config.json").read_text("utf-8"))["metrics"]
    assert stored["pets"]["accuracy"] == details["accuracy"] == 0.5
    assert stored["left out"] == json.loads((STARTER / "config.json").read_text("utf-8"))["metrics"]["left out"]
    assert "A and B make equally many mistakes, 2 in 4 photos, on the same photos." in done.stdout
    card = (folder / "README.md").read_text("utf-8")
    for words in ("### pets", "| Dog | 2 | – | 0.00% | 0.00% |", "](report/top_losses.png)", "## Intended use"):
        assert words in card
    assert f"| accuracy | {stored['pets']['accuracy']:.2%}" in done.stdout


def test_a_hub_repository_is_measured_like_a_folder(animals, tmp_path):
    files = {name: (STARTER / name).read_bytes() for name in ("config.json", "model.onnx")}
    with running_hub() as hub:
        hub.add("someone/pets", files)
        target = tmp_path / "report"
        done = evaluate("someone/pets", "--data", animals, "--robustness", 0, "--report", target,
                        HF_ENDPOINT=hub.url, HF_HUB_CACHE=str(tmp_path / "cache"))  # fmt: skip
    assert done.returncode == 0, done.stderr
    details = strict_json(target / "metrics.json")
    assert details["model"]["revision"] == COMMIT
    assert details["size_bytes"] == {name: len(content) for name, content in files.items()}
    assert COMMIT in (target / "report.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["/no/model"], "there is no model folder or export /no/model"),
        ([STARTER, "--data", "/no/photos"], "/no/photos is not a folder"),
        ([STARTER, "--report", ROOT / "tests"], "is not a report"),
        ([STARTER, "--against", "/no/model"], "there is no model folder or export /no/model"),
        ([STARTER, "--revision", "v1"], "has no revision 'v1'"),
        (["someone/pets", "--write"], "--write needs a model folder"),
        ([STARTER, "--robustness", "-1"], "must be at least 0"),
    ],
)
def test_mistakes_end_with_a_sentence(arguments, words, animals, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["evaluate.py", "--data", str(animals), "--report", "out", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert words in f"{ended.value} {capsys.readouterr().err}"
    assert not list(tmp_path.iterdir())
