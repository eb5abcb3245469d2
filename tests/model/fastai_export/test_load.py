"""From an export to a classifier: which file in a folder it is, what is imported, and what is logged."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from model import Classifier, ModelError
from model.fastai_export.load import find_export
from tests.exports.files import IS_CAT, NEW, PICTURES
from tests.running import ROOT


def test_neither_fastai_nor_torch_is_imported_to_read_an_export_and_fastai_not_to_answer():
    script = (
        "import sys; from pathlib import Path; from model.fastai_export.learner import read_learner; "
        "from model.fastai_export.load import load_learner; "
        f"path = Path({str(NEW / 'from_folder.pkl')!r}); read_learner(path); "
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


def test_labels_are_for_exports_alone():
    with pytest.raises(ModelError, match="names its own labels and size"):
        Classifier.load(labels=("a", "b"))


def test_reading_twice_gives_the_same():
    one, two = (Classifier.load(IS_CAT).classify(PICTURES) for _ in range(2))
    assert [p.probabilities for p in one] == [p.probabilities for p in two]


def test_a_path_may_be_text_or_a_path():
    assert Classifier.load(str(IS_CAT)).config == Classifier.load(Path(IS_CAT)).config


def test_an_allowance_that_nothing_needs_is_said(caplog):
    Classifier.load(IS_CAT, allow=("os.system",))
    assert "no layer is of the class os.system, which you allowed" in caplog.text
