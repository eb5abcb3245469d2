"""What is read out of an export, and the sentence for everything that is none. tests/exports holds the real ones."""

from __future__ import annotations

import collections
import io
import pickle
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch

from model import Classifier, ModelError
from model.fastai_export.learner import find_export, read_learner
from tests.running import ROOT

EXPORTS = ROOT / "tests" / "exports"
PICTURES = sorted((EXPORTS / "pictures").glob("*.png"))
IS_CAT = EXPORTS / "3.12-2.8.12" / "is_cat.pkl"


def test_booleans_get_the_names_the_caller_gives():
    assert Classifier.load(IS_CAT).config.labels == ("False", "True")
    named = Classifier.load(IS_CAT, labels=("dog", "cat"))
    plain = Classifier.load(IS_CAT)
    assert named.config.labels == ("dog", "cat")
    for one, other in zip(named.classify(PICTURES), plain.classify(PICTURES), strict=True):
        assert one.as_dict() == {{"False": "dog", "True": "cat"}[name]: p for name, p in other.as_dict().items()}


def test_labels_that_do_not_fit_are_a_sentence():
    with pytest.raises(ModelError, match=r"has 2 labels \(False, True\), but 3 names are given: a, b, c"):
        Classifier.load(IS_CAT, labels=("a", "b", "c"))
    with pytest.raises(ModelError, match="labels: must be distinct"):
        Classifier.load(IS_CAT, labels=("a", "a"))


def test_independent_probabilities():
    classifier = Classifier.load(EXPORTS / "3.12-2.8.12" / "from_df.pkl")
    assert classifier.config.probabilities == "independent"
    predictions = classifier.classify(PICTURES)
    assert any(abs(sum(p.probabilities) - 1) > 0.05 for p in predictions)
    for prediction in predictions:
        given = [label for label, p in prediction.as_dict().items() if p >= classifier.config.threshold]
        assert sorted(prediction.labels) == sorted(given)


@pytest.mark.parametrize(
    ("export", "words"),
    [
        ("3.10-2.7.19/is_cat", {"fastai": "2.7 or older", "torch": "2.0 to 2.6"}),
        ("3.11-2.8.12/is_cat", {"fastai": "2.8 or newer", "torch": "2.7 or newer"}),
        ("3.13-2.8.12/is_cat", {"python": "3.13", "fastai": "2.8 or newer", "torch": "2.7 or newer"}),
    ],
)
def test_what_made_a_file_is_told_from_its_traces(export, words):
    versions = read_learner(EXPORTS / f"{export}.pkl").origin.versions
    assert versions | words == versions


def test_a_file_from_windows():
    learner = read_learner(EXPORTS / "3.13-2.8.12" / "windows.pkl")
    assert learner.origin.platform == "Windows"


def test_the_files_functions_are_listed_and_not_run():
    by_value = read_learner(EXPORTS / "3.12-2.8.12" / "is_cat.pkl").origin
    assert any(name.startswith("is_cat ") for name in by_value.code)
    by_name = read_learner(EXPORTS / "3.12-2.7.19" / "is_cat.pkl").origin
    assert "__main__.is_cat" in by_name.strangers


def test_neither_fastai_nor_torch_is_imported_to_read_an_export_and_fastai_not_to_answer():
    script = (
        "import sys; from pathlib import Path; from model.fastai_export.learner import read_learner, load_learner; "
        f"path = Path({str(EXPORTS / '3.12-2.8.12' / 'from_folder.pkl')!r}); read_learner(path); "
        "assert not {'torch', 'fastai', 'cloudpickle'} & set(sys.modules), 'reading'; load_learner(path); "
        "assert not {'fastai', 'cloudpickle', 'timm'} & set(sys.modules), 'loading'"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)


def test_a_folder_with_nothing_but_an_export(tmp_path):
    for name in ("model.pkl", "export.pkl", "pets.pkl"):
        folder = tmp_path / name.partition(".")[0]
        folder.mkdir()
        shutil.copy(IS_CAT, folder / name)
        assert Classifier.load(folder).config.labels == ("False", "True")
    shutil.copy(IS_CAT, folder / "another.pkl")
    assert find_export(folder) is None
    with pytest.raises(ModelError, match=r"config\.json is missing"):
        Classifier.load(folder)


def changed(content: bytes, **entries: bytes | None) -> bytes:
    """A torch zip with some of its files replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            name = info.filename.partition("/")[2]
            body = entries.get(name, old.read(info))
            if body is not None:
                new.writestr(info.filename, body)
    return out.getvalue()


class FastaiOne:
    """Stands for `fastai.basic_train.Learner`."""


HONEST = IS_CAT.read_bytes()
STRANGERS = {
    "empty": (b"", "is empty"),
    "a git-lfs pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 3\n", "run `git lfs pull`"),
    "an HTML page": (b"\n<!DOCTYPE html><html>", "is an HTML page"),
    "a page without doctype": (b"<html><body>Sign in", "is an HTML page"),
    "text": (b"Entry not found", "is not a pickle"),
    "gzip": (b"\x1f\x8b\x08rest", "compressed with gzip"),
    "a truncated download": (HONEST[: len(HONEST) * 2 // 3], "cut short"),
    "cut inside the pickle": (changed(HONEST, **{"data.pkl": b"\x80\x02}q\x00(X\x05\x00\x00\x00mod"}), "cut short"),
    "without its numbers": (changed(HONEST, **{"data/0": None}), "the storage 0 is missing"),
    "with too few numbers": (changed(HONEST, **{"data/0": b"\0\0\0\0"}), "numbers, not"),
    "another zip": (changed(HONEST, **{"data.pkl": None}), "without a data.pkl"),
    "numbers alone": (pickle.dumps([1, 2]), "holds a value of the type list, not a fastai learner"),
    "an object of another kind": (pickle.dumps(collections.Counter("ab")), "holds an object of collections.Counter"),
    "an export of fastai 1": (pickle.dumps({"model": 1, "data": 2, "cls": 3}), "fastai 1"),
}


@pytest.mark.parametrize("kind", STRANGERS)
def test_what_is_no_export_is_named(tmp_path, kind):
    content, words = STRANGERS[kind]
    path = tmp_path / "model.pkl"
    path.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        Classifier.load(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_learner_written_by_pickle_dump_is_named(tmp_path):
    (tmp_path / "model.pkl").write_bytes(pickle.dumps({"weight": torch.zeros(2)}))
    with pytest.raises(ModelError, match=r"as pickle\.dump\(\) writes a learner"):
        Classifier.load(tmp_path / "model.pkl")


def test_a_torchscript_archive_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "model.pkl", "w") as archive:
        archive.writestr("net/data.pkl", pickle.dumps(1))
        archive.writestr("net/code/__torch__.py", "")
    with pytest.raises(ModelError, match="TorchScript"):
        Classifier.load(tmp_path / "model.pkl")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"there is no model folder or export .*/model\.pkl"):
        Classifier.load(tmp_path / "model.pkl")


def test_labels_are_for_exports_alone():
    with pytest.raises(ModelError, match="names its own labels and size"):
        Classifier.load(labels=("a", "b"))


def test_a_learner_without_resize_asks_for_a_size(tmp_path):
    path = tmp_path / "model.pkl"
    with zipfile.ZipFile(IS_CAT) as archive:
        name = next(name for name in archive.namelist() if name.endswith("data.pkl"))
        pickled = archive.read(name).replace(b"fastai.vision.augment\nResize\n", b"fastai.vision.augment\nFlipItem\n")
    path.write_bytes(changed(HONEST, **{"data.pkl": pickled}))
    with pytest.raises(ModelError, match=r"has no Resize.*--size 224"):
        read_learner(path)
    assert read_learner(path, size=(40, 48)).preparation.input.resize == "squish"
    assert Classifier.load(IS_CAT).config.input.height == 64


def test_reading_twice_gives_the_same(tmp_path):
    one, two = (Classifier.load(IS_CAT).classify(PICTURES) for _ in range(2))
    assert [p.probabilities for p in one] == [p.probabilities for p in two]


def test_a_path_may_be_text_or_a_path():
    assert Classifier.load(str(IS_CAT)).config == Classifier.load(Path(IS_CAT)).config


def with_loss(path: Path, name: bytes) -> Path:
    """is_cat.pkl with another loss."""
    with zipfile.ZipFile(IS_CAT) as archive:
        pickled = archive.read(next(name for name in archive.namelist() if name.endswith("data.pkl")))
    path.write_bytes(changed(HONEST, **{"data.pkl": pickled.replace(b"fastai.losses\nCrossEntropyLossFlat\n", name)}))
    return path


def test_what_may_make_answers_differ_is_logged(tmp_path, caplog):
    path = with_loss(tmp_path / "model.pkl", b"torch.nn.modules.loss\nNLLLoss\n")
    plain, odd = Classifier.load(IS_CAT), Classifier.load(path)
    assert [record.message for record in caplog.records] == [
        f"{path}: the loss torch.nn.modules.loss.NLLLoss has no activation, so learn.predict gives scores; "
        "softmax makes probabilities of them"
    ]
    assert [p.probabilities for p in odd.classify(PICTURES)] == [p.probabilities for p in plain.classify(PICTURES)]


def test_a_loss_class_with_code_of_its_own_needs_the_caller_to_say_what_it_does(tmp_path):
    path = with_loss(tmp_path / "model.pkl", b"mine\nLoss\n")
    with pytest.raises(ModelError, match=r"its loss is of the class mine\.Loss.*--activation softmax"):
        Classifier.load(path)
    plain, soft = Classifier.load(IS_CAT).classify(PICTURES), Classifier.load(path, activation="softmax").classify(PICTURES)
    assert [p.probabilities for p in soft] == [p.probabilities for p in plain]
    independent = Classifier.load(path, activation="sigmoid")
    assert independent.config.probabilities == "independent"
    assert abs(sum(independent.classify(PICTURES)[0].probabilities) - 1) > 1e-3


def test_a_size_is_for_exports_without_one():
    with pytest.raises(ModelError, match="resizes photos itself, to 64×64"):
        Classifier.load(IS_CAT, size=(32, 32))


def test_an_allowance_that_nothing_needs_is_said(caplog):
    Classifier.load(IS_CAT, allow=("os.system",))
    assert "no layer is of the class os.system, which you allowed" in caplog.text


def test_labels_cannot_steer_a_terminal(tmp_path):
    path = tmp_path / "model.pkl"
    with zipfile.ZipFile(EXPORTS / "3.12-2.8.12" / "from_folder.pkl") as archive:
        name = next(name for name in archive.namelist() if name.endswith("data.pkl"))
        pickled = archive.read(name).replace(b"stripes", b"a\x1b[2J\nb")
    path.write_bytes(changed((EXPORTS / "3.12-2.8.12" / "from_folder.pkl").read_bytes(), **{"data.pkl": pickled}))
    assert Classifier.load(path).config.labels[-1] == "a\\x1b[2J\\nb"
