"""Photos to measure on: spelled as the model spells, without the rules for photos to train on."""

from __future__ import annotations

import json
import unicodedata

import pytest

from tests.training.colours import colours
from tests.training.data.folders import lay
from training.data.photos import DataError
from training.quality.inputs import open_photos
from training.quality.page import HTML, METRICS
from training.quality.report import write_report

COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "Schäfer") for form in ("NFC", "NFD"))


def test_labels_are_those_of_the_model(tmp_path):
    data = lay(tmp_path / "data", {DECOMPOSED: 2, "Katze": 0})
    photos = open_photos(str(data), None, known=("Katze", COMPOSED))
    assert photos.counts() == {COMPOSED: 2}


def test_one_photo_can_be_measured_on(tmp_path):
    data = lay(tmp_path / "data", {"cat": 1})
    photos = open_photos(str(data), lay(tmp_path / "other", {".": 1}), known=("cat", "dog"))
    assert photos.counts() == {"cat": 1, "neither": 1}


def test_how_it_was_read_is_told(tmp_path):
    data = lay(tmp_path / "data", {"training_set/cat": 2, "training_set/dog": 2, "test_set/cat": 1, "test_set": 1})
    told: list[str] = []
    photos = open_photos(str(data), None, known=("cat", "dog"), tell=told.append)
    assert photos.counts() == {"cat": 1}
    assert any("test_set/ is the test set" in sentence for sentence in told)
    assert any("loose beside the folders of classes: 1 (" in sentence for sentence in told)


def test_the_report_says_how_the_photos_were_found(tmp_path, photos):
    sentences = ["test_set/ is the test set", "left out, not photos: 1 (<b>.txt)"]
    report = write_report(colours(), photos, tmp_path / "report", "test", data=sentences)
    assert report.data == tuple(sentences)
    assert json.loads((tmp_path / "report" / METRICS).read_text("utf-8"))["data"] == sentences
    page = (tmp_path / "report" / HTML).read_text("utf-8")
    assert "The photos: left out, not photos: 1 (&lt;b&gt;.txt)." in page


def test_bad_photos_are_left_out_and_said(tmp_path):
    data, other = lay(tmp_path / "data", {"cat": 2, "dog": 2}), lay(tmp_path / "other", {".": 1})
    for bad in (data / "cat" / "0.jpg", other / "bad.jpg"):
        bad.write_bytes(b"nothing")
    told: list[str] = []
    photos = open_photos(str(data), other, known=("cat", "dog"), tell=told.append, skip_bad=True)
    assert photos.counts() == {"cat": 1, "dog": 2, "neither": 1}
    assert [line for line in told if "photos that cannot be opened: 2 (" in line and "0.jpg: This is not a photo" in line]


def test_no_photo_that_can_be_opened(tmp_path):
    data = lay(tmp_path / "data", {"cat": 1})
    (data / "cat" / "0.jpg").write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"no photo can be opened[^$]*0\.jpg: This is not a photo"):
        open_photos(str(data), None, known=("cat", "dog"), skip_bad=True)
