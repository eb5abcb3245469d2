"""Datasets laid out as files: every label keeps its photos and its name, and nothing is laid out twice."""

from __future__ import annotations

import pytest

from tests.training.data.rows import IMAGE, NUMBER, TEXT, counts, jpeg, parquet, records
from training.data.columns import Columns
from training.data.lay_out import folder_name, lay_out


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """What `datasets` keeps is kept for the test alone."""
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")


@pytest.mark.parametrize("labels", [
    ("a/b", "a_b", "a\\b", "a:b"), ("cat", "Cat", "CAT"), ("..", ".", "_", "/"), ("dog", "dog.", ".dog"),
    ("train", "test", "valid"),
    ("__MACOSX", "lost+found", "Thumbs.db"), ("neither", "Neither"), ("stra\u00dfe", "STRASSE"), ("cat", "cat 2", "Cat"),
    ("x" * 300, "x" * 299),
])  # fmt: skip
def test_every_label_keeps_its_name_and_its_photos(tmp_path, labels):
    rows = {"image": records(2 * len(labels)), "label": list(labels) * 2}
    folder = parquet(tmp_path / "rows" / "train.parquet", rows, image=IMAGE, label=TEXT)
    for _ in range(2):  # laid out, and found again
        found = lay_out(str(folder), tmp_path / "unpacked", Columns())
        assert counts(found) == {"train": dict.fromkeys(labels, 2)}
        own = {label: {p.parent for p, answer in zip(found.train.paths, found.train.answers, strict=True) if answer == label}
               for label in labels}  # fmt: skip
        assert len({str(folder).casefold() for folders in own.values() for folder in folders}) == len(labels)
        first = next(p for p, answer in zip(found.train.paths, found.train.answers, strict=True) if answer == labels[1])
        assert first.read_bytes() == jpeg(1)


def test_one_label_written_in_several_ways(tmp_path):
    ways = ["caf\u00e9", "cafe\u0301", " caf\u00e9", "tea", "tea ", "tea"]
    folder = parquet(tmp_path / "rows" / "train.parquet", {"image": records(6), "label": ways}, image=IMAGE, label=TEXT)
    found = lay_out(str(folder), tmp_path / "unpacked", Columns())
    assert counts(found) == {"train": {"caf\u00e9": 3, "tea": 3}}
    assert sum("they are one label" in remark for remark in found.remarks) == 2


def test_it_is_laid_out_once_and_anew_for_other_columns(tmp_path):
    rows = {"image": records(4), "label": ["a", "b"] * 2, "size": [1, 2, -1, 2]}
    folder = parquet(tmp_path / "rows" / "train.parquet", rows, image=IMAGE, label=TEXT, size=NUMBER)
    first = lay_out(str(folder), tmp_path / "unpacked", Columns())
    stamps = [path.stat().st_mtime_ns for path in first.train.paths]
    again = lay_out(str(folder), tmp_path / "unpacked", Columns())
    assert again == first
    assert [path.stat().st_mtime_ns for path in again.train.paths] == stamps
    for _ in range(2):
        other = lay_out(str(folder), tmp_path / "unpacked", Columns("size"))
        assert counts(other) == {"train": {"1": 1, "2": 2}}
        assert other.left_out.to_json() == [{"reason": "photos without a label", "count": 1, "examples": ["train, row 2"]}]


def test_folders_are_never_shared():
    taken: dict[str, str] = {}
    names = [folder_name(label, taken) for label in ("a/b", "a:b", "A_B", "a_b 2", "", "..")]
    assert names == ["a_b", "a_b 2", "A_B 3", "a_b 2 2", "_", "_ 2"]
    assert folder_name("a:b", taken) == "a_b 2"
