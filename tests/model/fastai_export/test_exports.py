"""Exports made by fastai 2.7 and 2.8 on four Pythons: each answers here as it did there. tests/exports/README.md."""

from __future__ import annotations

import json
import pickletools
import zipfile
from pathlib import Path

import pytest

from model import Classifier, ModelError
from tests.exports.files import EXPORTS, PICTURES

RECORDED = {path.parent: json.loads(path.read_text("utf-8")) for path in sorted(EXPORTS.glob("*/expected.json"))}
# The class of the layer as the export knows it, and where this project has one that does the same.
OWN_LAYERS = {
    "own_layer": ("__main__.Scale", "tests.exports.layers.Scale"),
    "lost_layer": ("lost_layers.Scale", "tests.exports.layers.Scale"),
}
NO_CLASSIFIERS = {
    "regression.pkl": "regression",
    "segmentation.pkl": "segmentation",
    "tabular.pkl": "tabular",
    "text.pkl": "text",
    "state_dict.pth": "state dict",
    "module.pth": "network",
}


def cases(wanted):
    return [
        pytest.param(folder / f"{name}.pkl", expected, id=f"{folder.name}-{name}")
        for folder, recorded in RECORDED.items()
        for name, expected in recorded["exports"].items()
        if wanted(name)
    ]


def files(names):
    found = [folder / name for folder in RECORDED for name in names if (folder / name).exists()]
    return [pytest.param(path, id=f"{path.parent.name}-{path.name}") for path in found]


def probabilities(classifier: Classifier, labels) -> dict[str, list[float]]:
    """What the classifier answers for each stored picture, in the order of `labels`."""
    answers = [prediction.as_dict() for prediction in classifier.classify(PICTURES)]
    return {path.name: [answer[label] for label in labels] for path, answer in zip(PICTURES, answers, strict=True)}


def agrees(classifier: Classifier, expected) -> None:
    assert list(classifier.config.labels) == expected["vocab"]
    found = probabilities(classifier, expected["vocab"])
    assert found == {name: pytest.approx(row, abs=1e-4) for name, row in expected["probabilities"].items()}


def pickled_names(path: Path) -> set[str]:
    """Every class and function an export names, as `module name`."""
    with zipfile.ZipFile(path) as archive:
        pickled = archive.read(next(name for name in archive.namelist() if name.endswith("/data.pkl")))
    return {argument for opcode, argument, _ in pickletools.genops(pickled) if opcode.name == "GLOBAL"}


def test_there_are_exports_of_every_environment():
    environments = [f"{python}-{fastai}" for python in ("3.10", "3.11", "3.12", "3.13") for fastai in ("2.7.19", "2.8.12")]
    assert [folder.name for folder in RECORDED] == [*environments, "3.8-2.0.15", "3.8-2.2.7", "3.9-2.5.6"]
    assert len(PICTURES) == 4


@pytest.mark.parametrize(("path", "expected"), cases(lambda name: name not in OWN_LAYERS))
def test_it_answers_as_where_it_was_made(path, expected):
    agrees(Classifier.load(path), expected)


@pytest.mark.parametrize(("path", "expected"), cases(lambda name: name == "is_cat"))
def test_true_and_false_get_the_names_the_caller_gives(path, expected):
    classifier = Classifier.load(path, labels=("dog", "cat"))
    agrees(classifier, {**expected, "vocab": ["dog", "cat"]})


@pytest.mark.parametrize(("path", "expected"), cases(lambda name: name == "from_df"))
def test_several_labels_have_independent_probabilities(path, expected):
    sums = [sum(row) for row in probabilities(Classifier.load(path), expected["vocab"]).values()]
    assert max(sums) > 1.5


@pytest.mark.parametrize(("path", "expected"), cases(lambda name: name in OWN_LAYERS))
def test_a_layer_of_ones_own_is_named_and_opens_once_it_is_allowed(path, expected):
    theirs, ours = OWN_LAYERS[path.stem]
    with pytest.raises(ModelError) as error:
        Classifier.load(path)
    assert theirs in str(error.value)
    assert "allow" in str(error.value)
    agrees(Classifier.load(path, allow=(f"{theirs}={ours}",)), expected)


@pytest.mark.parametrize("path", files(["own_layer.pkl"]))
def test_allowing_another_layer_does_not_help(path):
    with pytest.raises(ModelError, match=r"__main__\.Scale"):
        Classifier.load(path, allow=("tests.exports.layers.Scale",))


@pytest.mark.parametrize("path", files(NO_CLASSIFIERS))
def test_what_is_no_classifier_is_named_in_one_sentence(path):
    with pytest.raises(ModelError, match=NO_CLASSIFIERS[path.name]) as error:
        Classifier.load(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("path", files(["is_cat.pkl", "windows.pkl"]))
def test_the_stored_files_hold_the_paths_of_the_system_they_stand_for(path):
    module = "pathlib._local" if path.parent.name.startswith("3.13") else "pathlib"
    ours, other = ("WindowsPath", "PosixPath") if path.stem == "windows" else ("PosixPath", "WindowsPath")
    names = pickled_names(path)
    assert f"{module} {ours}" in names
    assert f"{module} {other}" not in names


@pytest.mark.parametrize("path", files(["lambda_presize.pkl", "is_cat.pkl"]))
def test_the_stored_files_hold_functions_as_their_fastai_pickles_them(path):
    by_value = "cloudpickle.cloudpickle _make_function" in pickled_names(path)
    assert by_value == path.parent.name.endswith("2.8.12")
