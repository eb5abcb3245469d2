"""Datasets of rows: of torchvision, of the Hub and in Parquet files; what cannot be had is said."""

from __future__ import annotations

import base64
import re

import datasets
import pytest
import torchvision
from datasets import ClassLabel, Dataset, DatasetDict, List, Value

from tests.hub import log_in, running_hub
from tests.training.data.rows import IMAGE, NUMBER, TEXT, counts, jpeg, parquet, photos, records
from training.data.columns import Columns
from training.data.dataset_rows import rows_of, torchvision_rows
from training.data.photos import DataError
from training.data.sources import open_data
from training.data.tree import Notes

PAIRS = ["a", "b"] * 3
BOTH = {"train": {"a": 3, "b": 3}}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """What `datasets` keeps is kept for the test alone."""
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")


@pytest.fixture
def opened(tmp_path):
    """Write rows as one Parquet file and open them."""

    def opened(columns, label_column=None, image_column=None, **features):
        folder = parquet(tmp_path / "rows" / "train.parquet", columns, **features)
        return open_data(folder, tmp_path / "unpacked", label_column=label_column, image_column=image_column)

    return opened


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RuntimeError(""), r"could not be downloaded \(RuntimeError\)"),
        (OSError("\nno route\nto host"), r"could not be downloaded \(no route\)"),
    ],
)
def test_a_download_that_fails_is_said_even_where_the_error_is_silent(tmp_path, monkeypatch, error, words):
    def fail(*args, **options):
        raise error

    monkeypatch.setattr(torchvision.datasets, "CIFAR10", fail)
    with pytest.raises(DataError, match=rf"torchvision:CIFAR10 {words}; name a folder"):
        list(torchvision_rows("torchvision:CIFAR10", tmp_path))


@pytest.mark.parametrize(("error", "words"), [
    (ValueError("\n"), "someone/pets is not a folder here.*: ValueError$"),
    (ValueError("odd\nmore"), "someone/pets is not a folder here.*: odd$"),
    (RuntimeError("Dataset scripts are no longer supported, but found pets.py"),
     "loading script.* which is not run here.* hf download"),
    (ValueError("Config name is missing.\nPlease pick one among the available configs: ['cats', 'dogs']\nExample"),
     "has several configurations: cats, dogs. Name one behind a colon, as in --data someone/pets:cats"),
    (ValueError("BuilderConfig 'x' not found. Available: ['cats']"), "no such configuration; there are: cats"),
])  # fmt: skip
def test_a_dataset_that_cannot_be_loaded_is_said(monkeypatch, error, words):
    def fail(name, configuration):
        raise error

    monkeypatch.setattr("datasets.load_dataset", fail)
    with pytest.raises(DataError, match=words):
        list(rows_of("someone/pets", Columns(), Notes()))


def test_another_name_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(DataError, match="torchvision:Pets is not known; there are torchvision:CIFAR10, "):
        list(torchvision_rows("torchvision:Pets", tmp_path))


@pytest.mark.parametrize(("labels", "feature", "expected"), [
    (PAIRS, TEXT, BOTH["train"]),
    ([0, 1] * 3, ClassLabel(names=["a", "b"]), BOTH["train"]),
    ([0, 1] * 3, NUMBER, {"0": 3, "1": 3}),
    ([True, False] * 3, Value("bool"), {"True": 3, "False": 3}),
    ([3.0, 4.0] * 3, Value("float32"), {"3": 3, "4": 3}),
    ([["a"], ["b"]] * 3, List(TEXT), BOTH["train"]),
    ([[0], [1]] * 3, List(ClassLabel(names=["a", "b"])), BOTH["train"]),
])  # fmt: skip
def test_labels_of_every_type(opened, labels, feature, expected):
    found = opened({"image": records(6), "label": labels}, image=IMAGE, label=feature)
    assert counts(found) == {"train": expected}


def test_numbers_beside_their_names(opened):
    rows = {"image": records(6), "label": [0, 1] * 3, "label_text": ["cat", "dog"] * 3}
    found = opened(rows, image=IMAGE, label=NUMBER, label_text=TEXT)
    assert counts(found) == {"train": {"cat": 3, "dog": 3}}
    assert re.search("numbers in its column label; their names are taken from label_text", found.remarks[0])


@pytest.mark.parametrize(("labels", "feature", "left_out"), [
    (["a", "b", None, "", " ", "a", "b"], TEXT, {"photos without a label": 3}),
    ([0, 1, -1, None, -1, 0, 1], NUMBER, {"photos without a label": 3}),
    ([0, 1, -1, None, -1, 0, 1], ClassLabel(names=["a", "b"]), {"photos without a label": 3}),
    ([0.0, 1.0, None, float("nan"), None, 0.0, 1.0], Value("float64"), {"photos without a label": 3}),
    ([["a"], ["b"], [], ["a", "b"], ["a", "b"], ["a"], ["b"]], List(TEXT),
     {"photos without a label": 1, "photos with several labels at once": 2}),
])  # fmt: skip
def test_rows_without_one_label_are_counted(opened, labels, feature, left_out):
    found = opened({"image": records(7), "label": labels}, image=IMAGE, label=feature)
    assert list(found.train.counts().values()) == [2, 2]
    assert found.left_out.counts == left_out


def test_rows_without_a_photo_are_counted(opened):
    rows = {"image": [[each] for each in records(4)] + [[], records(2)], "label": PAIRS}
    found = opened(rows, image=List(IMAGE), label=TEXT)
    assert counts(found) == {"train": {"a": 2, "b": 2}}
    assert found.left_out.counts == {"rows without a photo": 1, "rows with several photos": 1}


@pytest.mark.parametrize(("held", "features"), [
    ([jpeg(seed) for seed in range(6)], {"pixels": Value("binary"), "label": TEXT}),
    (records(6), {}),
    ([{"bytes": jpeg(seed)} for seed in range(6)], {}),
    ([base64.b64encode(jpeg(seed)).decode() for seed in range(6)], {"pixels": TEXT, "label": TEXT}),
    ([f"data:image/jpeg;base64,{base64.b64encode(jpeg(seed)).decode()}" for seed in range(6)], {}),
])  # fmt: skip
def test_photos_of_every_type(opened, held, features):
    assert counts(opened({"pixels": held, "label": PAIRS}, image_column="pixels", **features)) == BOTH
    assert counts(opened({"pixels": held, "label": PAIRS}, **features)) == BOTH


@pytest.mark.parametrize("as_record", [False, True])
def test_paths_from_the_folder_of_the_rows(tmp_path, opened, as_record):
    names = [f"images/{number}.jpg" for number in range(6)]
    held = [{"bytes": None, "path": name} for name in names] if as_record else names
    with pytest.raises(DataError, match=r"images/0.jpg is named in .*rows and does not exist(.|\n)*6 of 6 in its column image"):
        opened({"image": held, "label": PAIRS})
    photos(tmp_path / "rows", names)
    found = opened({"image": held, "label": PAIRS})
    assert counts(found) == BOTH
    assert found.train.paths[0] == tmp_path / "rows" / "images" / "0.jpg"  # not copied


@pytest.mark.parametrize(("rows", "words"), [
    ({"text": PAIRS, "label": PAIRS}, "has no column of photos: .* its columns are text, label"),
    ({"image": records(6), "caption": list("abcdef")}, "has no column of labels: .* its columns are image, caption"),
    ({"image": records(6), "shape": PAIRS, "colour": PAIRS}, "labels of .* may be in shape or colour: .* --label-column"),
    ({"front": records(6), "back": records(6), "label": PAIRS}, "photos of .* may be in front or back: .* --image-column"),
    ({"image": [f"https://x.org/{n}.jpg" for n in range(6)], "label": PAIRS}, "holds addresses of photos .* Download them"),
    ({"image": records(6), "label": [["a", "b"]] * 6}, "holds several labels at once for 6 of 6 photos"),
    ({"image": records(6), "label": [0.5, 1.5] * 3}, r"holds numbers with fractions \(0.5\)"),
    ({"image": records(6), "label": [{"id": 1}] * 6}, r"holds records \(id\)"),
    ({"image": records(6), "label": [None] * 6}, "has no (row with a photo and its label|column of labels)"),
])  # fmt: skip
def test_columns_that_do_not_serve_are_named(opened, rows, words):
    with pytest.raises(DataError, match=words):
        opened(rows)


def test_columns_that_are_named(opened):
    rows = {"front": records(6), "back": records(6), "shape": PAIRS, "colour": ["r", "r", "r", "g", "g", "g"]}
    assert counts(opened(rows, "colour", "back")) == {"train": {"r": 3, "g": 3}}
    with pytest.raises(DataError, match="no column 'size' for --label-column; its columns are front, back, shape, colour"):
        opened(rows, "size", "back")
    with pytest.raises(DataError, match="the column shape of .* holds no photos but string; front, back may"):
        opened(rows, "colour", "shape")


def test_the_obvious_of_several_columns_is_taken_and_said(opened):
    found = opened({"mask": records(6), "image": records(6), "class": PAIRS, "label": ["x", "y"] * 3})
    assert counts(found) == {"train": {"x": 3, "y": 3}}
    assert any("in its column label; class could be meant too (--label-column)" in remark for remark in found.remarks)


def test_a_test_set_without_labels_is_left_aside(tmp_path):
    folder = parquet(tmp_path / "rows" / "train-00000-of-00001.parquet", {"image": records(6), "label": PAIRS})
    parquet(folder / "test-00000-of-00001.parquet", {"image": records(6)})
    found = open_data(folder, tmp_path / "unpacked")
    assert counts(found) == BOTH
    assert any("the split test of" in remark and "has no labels" in remark for remark in found.remarks)


@pytest.mark.parametrize(("names", "parts", "words"), [
    (("train", "validation", "test"), {"train", "valid", "test"}, None),
    (("test",), {"train"}, "has no split called train: test is"),
    (("all",), {"train"}, None),
])  # fmt: skip
def test_splits_by_any_name(tmp_path, names, parts, words):
    for name in names:
        folder = parquet(tmp_path / "rows" / f"{name}.parquet", {"image": records(6), "label": PAIRS})
    found = open_data(folder, tmp_path / "unpacked")
    assert set(found.parts) == parts
    assert words is None or any(words in remark for remark in found.remarks)


@pytest.mark.parametrize("is_saved", [False, True])
def test_a_column_of_splits_in_rows(tmp_path, is_saved):
    rows = {"image": records(8), "label": [*PAIRS, "a", "b"], "split": [*["train"] * 4, "test", "test", "extra", None]}
    rows["label"][:4] = "abab"
    if is_saved:
        types = datasets.Features({"image": IMAGE, "label": TEXT, "split": TEXT})
        Dataset.from_dict(rows, features=types).save_to_disk(tmp_path / "rows")
    else:
        parquet(tmp_path / "rows" / "pets.parquet", rows)
    found = open_data(tmp_path / "rows", tmp_path / "unpacked")
    assert {split: sum(held.values()) for split, held in counts(found).items()} == {"train": 4, "test": 2}
    assert found.left_out.counts == {
        "photos without a split, where others have one": 1,
        "photos of splits that are not used (extra)": 1,
    }


def test_unknown_words_and_flags_in_rows(tmp_path):
    rows = {"image": records(6), "label": [*"ababab"], "split": [0, 0, 0, 0, 1, 1]}
    folder = parquet(tmp_path / "rows" / "pets.parquet", rows)
    with pytest.raises(DataError, match="should say the split of each photo, and holds 0, 1: write train"):
        open_data(folder, tmp_path / "unpacked")
    rows["is_test"] = rows.pop("split")
    flags = parquet(tmp_path / "flags" / "pets.parquet", rows)
    assert counts(open_data(flags, tmp_path / "unpacked")) == {"train": {"a": 2, "b": 2}, "test": {"a": 1, "b": 1}}


def test_one_file_without_a_split_has_none_to_speak_of(tmp_path):
    folder = parquet(tmp_path / "rows" / "data.parquet", {"image": records(6), "label": PAIRS})
    assert open_data(folder, tmp_path / "unpacked").remarks == []
    empty = parquet(tmp_path / "empty" / "data.parquet", {"image": [], "label": []}, image=IMAGE, label=TEXT)
    with pytest.raises(DataError, match="has no rows"):
        open_data(empty, tmp_path / "unpacked")


def test_a_class_that_is_called_none(opened):
    held = {"image": records(6), "label": [0, 0, 0, 1, 1, 1]}
    found = opened(held, image=IMAGE, label=ClassLabel(names=["None", "mask"]))
    assert counts(found) == {"train": {"None": 3, "mask": 3}}


def test_one_file_and_what_datasets_saved(tmp_path):
    rows = {"image": records(6), "label": PAIRS}
    parquet(tmp_path / "rows" / "pets.parquet", rows)
    assert counts(open_data(tmp_path / "rows" / "pets.parquet", tmp_path / "unpacked")) == BOTH
    table = Dataset.from_dict(rows, features=datasets.Features({"image": IMAGE, "label": TEXT}))
    DatasetDict({"train": table, "test": table}).save_to_disk(tmp_path / "saved")
    assert counts(open_data(tmp_path / "saved", tmp_path / "unpacked")) == BOTH | {"test": BOTH["train"]}


def test_answers_beside_photos_are_no_dataset(tmp_path):
    folder = photos(tmp_path / "data", ["a/0.jpg", "a/1.jpg", "b/0.jpg", "b/1.jpg"])
    parquet(folder / "answers.parquet", {"path": ["a/0.jpg", "b/0.jpg"], "label": ["b", "a"]})
    assert counts(open_data(folder, tmp_path / "unpacked")) == {"train": {"a": 2, "b": 2}}


def test_a_damaged_file(tmp_path):
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "train.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(DataError, match="rows could not be read as a dataset: Parquet magic bytes not found"):
        open_data(tmp_path / "rows", tmp_path / "unpacked")
    assert not list(tmp_path.glob("unpacked/*"))


def test_files_with_different_columns(tmp_path):
    folder = parquet(tmp_path / "rows" / "part1.parquet", {"image": records(2), "label": ["a", "b"]})
    parquet(folder / "part2.parquet", {"photo": records(2), "kind": ["a", "b"]})
    with pytest.raises(DataError, match="its files have different columns"):
        open_data(folder, tmp_path / "unpacked")


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A Hub on this machine, which `datasets` speaks to."""
    with running_hub() as server:
        log_in(server, monkeypatch, tmp_path)
        monkeypatch.setattr("datasets.config.HF_ENDPOINT", server.url)
        yield server


def test_text_labels_on_the_hub(hub, tmp_path):
    folder = parquet(tmp_path / "rows" / "train.parquet", {"image": records(6), "label": PAIRS}, image=IMAGE, label=TEXT)
    hub.add("datasets/alice/pets", {"README.md": b"---\n---\n", "data/train.parquet": (folder / "train.parquet").read_bytes()})
    assert counts(open_data("alice/pets", tmp_path / "unpacked")) == BOTH


def test_configurations_on_the_hub(hub, tmp_path):
    card = "".join(f"- config_name: {name}\n  data_files: {name}/*.parquet\n" for name in ("cats", "dogs"))
    files = {"README.md": f"---\nconfigs:\n{card}---\n".encode()}
    for name in ("cats", "dogs"):
        rows = {"image": records(6), "label": [f"{name} {label}" for label in PAIRS]}
        folder = parquet(tmp_path / name / "0.parquet", rows, image=IMAGE, label=TEXT)
        files[f"{name}/train.parquet"] = (folder / "0.parquet").read_bytes()
    hub.add("datasets/alice/pets", files)
    assert counts(open_data("alice/pets:dogs", tmp_path / "unpacked")) == {"train": {"dogs a": 3, "dogs b": 3}}
    for name, words in (("alice/pets", "has several configurations: cats, dogs. Name one .* --data alice/pets:cats"),
                        ("alice/pets:birds", "has no such configuration; there are: cats, dogs")):  # fmt: skip
        with pytest.raises(DataError, match=words):
            open_data(name, tmp_path / "unpacked")


def test_photos_with_metadata_on_the_hub(hub, tmp_path):
    rows = [f'{{"file_name": "{number}.jpg", "label": "{label}"}}\n' for number, label in enumerate(PAIRS)]
    files = {f"train/{number}.jpg": jpeg(number) for number in range(6)}
    files["train/metadata.jsonl"] = "".join(rows).encode()
    hub.add("datasets/alice/pets", files | {"README.md": b"---\n---\n"})
    found = open_data("alice/pets", tmp_path / "unpacked")
    assert counts(found) == BOTH
    assert {path.read_bytes() for path in found.train.paths} == {jpeg(number) for number in range(6)}


def test_what_the_hub_does_not_give(hub, tmp_path):
    rows = {"image": [f"images/{number}.jpg" for number in range(6)], "label": PAIRS}
    files = {"train.parquet": (parquet(tmp_path / "rows" / "0.parquet", rows) / "0.parquet").read_bytes()}
    hub.add("datasets/alice/paths", files | {"README.md": b"---\n---\n"})
    hub.add("datasets/alice/script", {"README.md": b"---\n---\n", "script.py": b"import os"})
    for name, words in (("alice/paths", r"holds paths of photos \(images/0.jpg\).* hf download alice/paths"),
                        ("alice/script", "comes with a loading script, .* hf download alice/script"),
                        ("alice/none", "could not be loaded as a dataset from the Hub")):  # fmt: skip
        with pytest.raises(DataError, match=words):
            open_data(name, tmp_path / "unpacked")
    assert not list(tmp_path.glob("unpacked/*"))
