"""Tables of photos and labels as people have them, and the metadata files of folders."""

from __future__ import annotations

import re
import zipfile

import pytest

from tests.training.data.rows import counts, jpeg, photos
from training.data.photos import DataError
from training.data.sources import open_data

NAMES = ("a/0.jpg", "a/1.jpg", "b/0.jpg", "b/1.jpg")
ROWS = "a/0.jpg,a\na/1.jpg,a\nb/0.jpg,b\nb/1.jpg,b\n"
PLAIN = "path,label\n" + ROWS
BOTH = {"train": {"a": 2, "b": 2}}


@pytest.fixture
def shelf(tmp_path):
    """A folder with four photos; and a function that writes a table there and opens it."""
    photos(tmp_path / "shelf", NAMES)

    def opened(content: str | bytes, name: str = "photos.csv", **options: str):
        file = tmp_path / "shelf" / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return open_data(file, tmp_path / "unpacked", **options)

    return opened


@pytest.mark.parametrize("content", [
    PLAIN, "\ufeff" + PLAIN, PLAIN.encode("utf-16"), PLAIN.replace("\n", "\r\n"), PLAIN + "\n\n", PLAIN.replace("a/", "a\\"),
    PLAIN.replace("a/", "./b/../a/"), "file_name,class\n" + ROWS, "Image Path,Category\n" + ROWS, ",path,label\n" + "".join(
        f"{number},{row}\n" for number, row in enumerate(ROWS.split())
    ), "where,kind\n" + ROWS, "label,ImageID\n" + "".join(",".join(row.split(",")[::-1]) + "\n" for row in ROWS.split()),
])  # fmt: skip
def test_tables_as_programs_write_them(shelf, content):
    assert counts(shelf(content)) == BOTH


@pytest.mark.parametrize(("content", "name", "words"), [
    (PLAIN.replace(",", ";"), "photos.csv", "separated by semicolons"),
    (PLAIN.replace(",", "\t"), "photos.csv", "separated by tabs"),
    ("path,kind\n" + ROWS, "photos.csv", "labels of .*photos.csv are taken from its column kind"),
    ("path,class,label\n" + ROWS.replace(",", ",x,"), "photos.csv", "column label; class could be meant too"),
    (PLAIN + "./a/0.jpg,a\n", "photos.csv", r"left out, photos that are named again: 1 \(0.jpg, line 6\)"),
    (PLAIN + ",a\n", "photos.csv", r"left out, rows that name no photo: 1 \(line 6\)"),
    (PLAIN + "a/2.jpg,\n", "photos.csv", r"left out, photos without a label: 1 \(a/2.jpg, line 6\)"),
])  # fmt: skip
def test_what_was_understood_and_left_out_is_said(shelf, tmp_path, content, name, words):
    photos(tmp_path / "shelf", ["a/2.jpg"])
    found = shelf(content, name)
    assert counts(found) == BOTH
    assert re.search(words, "\n".join(found.remarks))


def test_a_table_that_is_not_utf_8(shelf):
    found = shelf(PLAIN.replace(",a\n", ",Jäger\n").replace(",b\n", ",Hündin\n").encode("latin-1"))
    assert counts(found) == {"train": {"Jäger": 2, "Hündin": 2}}
    assert any("is not UTF-8 and was read as" in remark for remark in found.remarks)


@pytest.mark.parametrize(("content", "name", "words"), [
    (ROWS, "p.csv", "has no header: its first line names a photo, a/0.jpg"),
    ("", "p.csv", "has no rows"),
    ("path,label\n", "p.csv", "has no rows"),
    ("x,label\n1,a\n", "p.csv", "has no column of photos: .*--image-column names; its columns are x, label"),
    ("path,x\n" + "".join(f"{name},{name}\n" for name in NAMES), "p.csv", "no column of labels: .* columns are path, x"),
    (PLAIN + "b/1.jpg\nb/1.jpg,b,c\n", "p.csv", r"line 6: 1 cells.*\n.*line 7: 3 cells, where the header has 2"),
    ("path,label,label\n" + ROWS.replace("\n", ",x\n"), "p.csv", "has the column label more than once"),
    (PLAIN + "a/0.jpg,b\n", "p.csv", r"a/0.jpg has two labels in .*: a \(line 2\) and b \(line 6\)"),
    (PLAIN + "a/9.jpg,a\n", "p.csv", "a/9.jpg is named in .* and does not exist"),
    ("path,sex,breed\na/0.jpg,f,x\na/1.jpg,m,y\nb/0.jpg,f,y\nb/1.jpg,m,x\n", "p.csv", "may be in sex or breed: say which"),
    ("path,label\nhttps://x.org/0.jpg,a\nhttps://x.org/1.jpg,b\n", "p.csv", "holds addresses of photos .*img2dataset"),
    ("path,label\na/0.jpg,0.5\na/1.jpg,0.7\n", "p.csv", r"numbers with fractions \(0.5\)"),
    ("path,x,z\na/0.jpg,1,1\na/1.jpg,1,1\n", "p.csv", "are 0 and 1, and most rows have several"),
    ('{"path": "a/0.jpg"}\n[]\nnothing\n', "p.jsonl", r"line 2: not a JSON object\n.*line 3: not a JSON object"),
    ('{"path": "a/0.jpg", "label": ["a", "b"]}\n', "p.jsonl", "holds several labels at once for 1 of 1 photos"),
    ('{"path": "a/0.jpg", "label": {"name": "b"}}\n', "p.jsonl", r"holds records \(name\)"),
])  # fmt: skip
def test_what_cannot_be_read_is_said(shelf, content, name, words):
    with pytest.raises(DataError, match="(?s)" + words):
        shelf(content, name)


def test_many_missing_photos_are_a_list_with_a_hint(shelf):
    with pytest.raises(DataError) as caught:
        shelf(PLAIN + "".join(f"c/{number}.jpg,a\n" for number in range(30)))
    told = str(caught.value)
    assert told.count("does not exist") == 20
    assert "and 10 more" in told
    assert "where the table lies; 30 of 34 in its column path lead nowhere" in told


def test_columns_that_were_named(shelf):
    table = "path,copy,sex,breed\na/0.jpg,a/1.jpg,f,x\na/1.jpg,a/0.jpg,m,x\nb/0.jpg,b/1.jpg,f,y\nb/1.jpg,b/0.jpg,m,y\n"
    found = shelf(table, label_column="Breed", image_column="copy")
    assert counts(found) == {"train": {"x": 2, "y": 2}}
    assert found.train.paths[0].as_posix().endswith("a/1.jpg")
    with pytest.raises(DataError, match="no column 'race' for --label-column; its columns are path, copy, sex, breed"):
        shelf(table, label_column="race")
    with pytest.raises(DataError, match="no column 'photo' for --image-column; its columns are path"):
        shelf(table, image_column="photo")


@pytest.mark.parametrize("name", ["labels.csv", "train.csv", "train_labels.csv"])
def test_ids_find_their_photos(tmp_path, name):
    folder = photos(tmp_path / "kaggle", [f"{split}/{number}.png" for split in ("train", "test") for number in range(4)])
    (folder / name).write_text("id,breed\n0,pug\n1,pug\n2,beagle\n3,beagle\n", "utf-8")
    found = open_data(folder / name, tmp_path / "unpacked")
    assert counts(found) == {"train": {"pug": 2, "beagle": 2}}
    assert {path.parent.name for path in found.train.paths} == {"train"}
    assert any("found by the names in its column id, as train/" in remark for remark in found.remarks)


def test_an_id_that_fits_several_photos(tmp_path):
    folder = photos(tmp_path / "shelf", ["old/0.jpg", "new/0.jpg", "new/1.jpg"])
    (folder / "labels.csv").write_text("id,label\n0,a\n1,b\n", "utf-8")
    with pytest.raises(DataError, match="0, line 2 of .* may be any of 2 photos: new/0.jpg, old/0.jpg"):
        open_data(folder / "labels.csv", tmp_path / "unpacked")


def test_letters_that_are_composed_otherwise_on_the_disk(tmp_path):
    folder = photos(tmp_path / "shelf", ["cafe\u0301/0.jpg", "tea/0.jpg", "cafe\u0301/1.jpg", "tea/1.jpg"])
    rows = "".join(f"{label}/{number}.jpg,{label}\n" for label in ("caf\u00e9", "tea") for number in range(2))
    (folder / "photos.csv").write_text("path,label\n" + rows, "utf-8")
    assert counts(open_data(folder / "photos.csv", tmp_path / "unpacked")) == {"train": {"caf\u00e9": 2, "tea": 2}}


@pytest.mark.parametrize(("header", "values", "parts"), [
    ("split", ("train", "train", "test", "test"), {"train", "test"}),
    ("Data Set", ("Training", "Training", "validation", "validation"), {"train", "valid"}),
    ("is_valid", ("False", "False", "True", "True"), {"train", "valid"}),
    ("split", ("train", "train", "", "test"), {"train", "test"}),
    ("split", ("", "", "test", "test"), {"train", "test"}),
    ("split", ("", "", "", ""), {"train"}),
    ("subset", ("1", "2", "3", "4"), {"train"}),
    ("is_training_image", ("1", "1", "0", "0"), {"train", "test"}),
    ("is_test", ("no", "no", "yes", "yes"), {"train", "test"}),
    ("is_train,is_valid", ("1,0", "1,0", "0,1", "0,0"), {"train", "valid", "test"}),
    ("is_train,is_test", ("1,0", "1,0", "0,0", "0,1"), {"train", "valid", "test"}),
    ("fold", ("1", "2", "3", "4"), {"train"}),
])  # fmt: skip
def test_a_column_of_splits(shelf, tmp_path, header, values, parts):
    photos(tmp_path / "more", NAMES)
    rows = list(zip(("a/0.jpg,a", "b/0.jpg,b", "a/1.jpg,a", "b/1.jpg,b"), values, strict=True))
    lines = [f"{folder}{row},{value}\n" for row, value in rows for folder in ("", "../more/")]
    assert set(shelf(f"path,label,{header}\n" + "".join(lines)).parts) == parts


def test_rows_of_no_known_split_are_left_out_and_counted(shelf, tmp_path):
    photos(tmp_path / "shelf", ["a/2.jpg", "b/2.jpg", "b/3.jpg"])
    rows = "a/0.jpg,a,train\na/1.jpg,a,train\nb/0.jpg,b,train\nb/1.jpg,b,train\na/2.jpg,a,\nb/2.jpg,b,extra\nb/3.jpg,b,test\n"
    found = shelf("path,label,split\n" + rows)
    assert counts(found) == BOTH | {"test": {"b": 1}}
    assert found.left_out.counts == {
        "photos without a split, where others have one": 1,
        "photos of splits that are not used (extra)": 1,
    }


@pytest.mark.parametrize("words", [("alpha", "beta"), ("0", "1")])
def test_a_split_column_of_unknown_words_is_refused(shelf, words):
    rows = "".join(f"{row},{words[number % 2]}\n" for number, row in enumerate(ROWS.split()))
    with pytest.raises(DataError, match=f"holds {', '.join(words)}: write train, valid .* and test, or take the column away"):
        shelf("path,label,split\n" + rows)
    assert counts(shelf("path,label,other\n" + rows)) == BOTH
    assert counts(shelf("path,split\n" + ROWS, label_column="split")) == BOTH


def test_folds_are_no_labels_and_no_splits(shelf):
    found = shelf("path,kind,fold\na/0.jpg,a,0\na/1.jpg,a,1\nb/0.jpg,b,0\nb/1.jpg,b,1\n")
    assert counts(found) == BOTH
    assert any("the column fold of" in remark and "is not used" in remark for remark in found.remarks)


@pytest.mark.parametrize(("name", "content"), [
    ("classes.txt", "cat\ndog\n"), ("classes.txt", "# two kinds\n\ncat\ndog\n"), ("classes.txt", "1 dog\n0 cat\n"),
    ("labels.txt", "cat 0\ndog 1\n"), ("label_names.json", '["cat", "dog"]'), ("id2label.json", '{"0": "cat", "1": "dog"}'),
    ("class_to_idx.json", '{"cat": 0, "dog": 1}'),
])  # fmt: skip
def test_numbers_get_their_names_from_a_file_beside_the_table(shelf, tmp_path, name, content):
    numbers = PLAIN.replace(",a\n", ",0\n").replace(",b\n", ",1\n")
    assert counts(shelf(numbers)) == {"train": {"0": 2, "1": 2}}
    (tmp_path / "shelf" / name).write_text(content, "utf-8")
    found = shelf(numbers)
    assert counts(found) == {"train": {"cat": 2, "dog": 2}}
    assert any(f"their names are taken from {name}" in remark for remark in found.remarks)


ONE_TWO = PLAIN.replace(",a\n", ",1\n").replace(",b\n", ",2\n")


@pytest.mark.parametrize(("content", "names", "words"), [
    ("1 001.cat\n2 002.dog\n", {"001.cat", "002.dog"}, "taken from classes.txt$"),
    ("1: cat\n2: dog\n3: cow\n", {"cat", "dog"}, "taken from classes.txt$"),
    ("cat\ndog\n", {"cat", "dog"}, "taken from classes.txt, whose lines are counted from 1"),
    ("0 cat\n1 dog\n2 cow\n", {"dog", "cow"}, "taken from classes.txt$"),
])  # fmt: skip
def test_numbers_that_begin_at_one(shelf, tmp_path, content, names, words):
    (tmp_path / "shelf" / "classes.txt").write_text(content, "utf-8")
    found = shelf(ONE_TWO)
    assert set(found.train.labels) == names
    assert any(re.search(words, remark) for remark in found.remarks)


@pytest.mark.parametrize("content", ["cat\n", "0 cat\n1 dog\n", "cat\ndog\ncow\n", "cat\ncat\n", "1 cat\n1 dog\n"])
def test_names_that_do_not_fit_the_numbers_are_refused(shelf, tmp_path, content):
    (tmp_path / "shelf" / "classes.txt").write_text(content, "utf-8")
    if content == "1 cat\n1 dog\n":
        assert shelf(ONE_TWO).train.labels == ("1", "2")
        return
    with pytest.raises(DataError, match="labels from 1 to 2, and it is not clear which of the . names in .*classes.txt"):
        shelf(ONE_TWO)


@pytest.mark.parametrize(("name", "content"), [
    ("labels.json", "[" * 200_000), ("train_labels.txt", "a/0.jpg 1\na/1.jpg 2\n"), ("labels.txt", "x" * 400 + "\ny\n"),
])  # fmt: skip
def test_files_that_name_no_classes_leave_the_numbers(shelf, tmp_path, name, content):
    (tmp_path / "shelf" / name).write_text(content, "utf-8")
    found = shelf(ONE_TWO)
    assert found.train.labels == ("1", "2")
    assert any("are the numbers of its column label; a classes.txt beside it" in remark for remark in found.remarks)


def test_what_programs_write_for_nothing_is_no_label(shelf, tmp_path):
    empty = ("nan", "None", "N/A", "null")
    photos(tmp_path / "shelf", [f"c/{number}.jpg" for number in range(6)])
    rows = "".join(f"c/{number}.jpg,{value}\n" for number, value in enumerate((*empty, "none", "none")))
    found = shelf(PLAIN + rows)
    assert counts(found) == {"train": {"a": 2, "b": 2, "none": 2}}
    assert found.left_out.counts == {"photos without a label": 4}
    assert any("N/A, None, nan, null in the column label of" in remark for remark in found.remarks)


@pytest.mark.parametrize("photo", ['{"bytes": null, "path": "a/0.jpg"}', '["a/0.jpg"]'])
def test_a_photo_that_is_no_path(shelf, photo):
    with pytest.raises(DataError, match=r"column path of .* holds a record or a list \(line 1\), where the path"):
        shelf(f'{{"path": {photo}, "label": "a"}}\n', "p.jsonl", image_column="path")


def test_tables_have_a_limit(shelf, tmp_path):
    with pytest.raises(DataError, match="has 6,000,001 lines, and a table may have 5,000,000 lines and 200 MB"):
        shelf("path,label\n" + "\n" * 6_000_000)
    with pytest.raises(DataError, match=r"has 20,000 names in its 20,000 objects"):
        shelf("".join(f'{{"{number}": 1}}\n' for number in range(20_000)), "p.jsonl")
    with (tmp_path / "shelf" / "large.csv").open("wb") as file:
        file.truncate(300_000_000)
    with pytest.raises(DataError, match="large.csv has 300 MB, and a table may have"):
        open_data(tmp_path / "shelf" / "large.csv", tmp_path / "unpacked")


@pytest.mark.parametrize("table", ["HAM_metadata.csv", "HAM_part_1/_classes.csv"])
def test_a_table_that_names_the_photos_in_folders_is_pointed_at(tmp_path, table):
    names = [f"HAM_part_{1 + number % 2}/ISIC_{number}.jpg" for number in range(8)]
    folder = photos(tmp_path / "ham", names)
    rows = "".join(f"ISIC_{number},{'nv' if number < 4 else 'mel'}\n" for number in range(8))
    (folder / table).write_text("image_id,dx\n" + rows, "utf-8")
    (folder / "scores.csv").write_text("step,loss\n" + "".join(f"{number},0.5\n" for number in range(8)), "utf-8")
    said = [remark for remark in open_data(folder, tmp_path / "unpacked").remarks if "that names these photos" in remark]
    assert len(said) == 1
    assert re.search(rf"there is a table .*{table} that names these photos; --data .*{table} takes its labels", said[0])


def test_a_table_in_an_archive_is_pointed_at(tmp_path):
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        for seed, name in enumerate(NAMES):
            archive.writestr(f"data/{name}", jpeg(seed))
        archive.writestr("data/labels.csv", METADATA)
    words = "data.zip holds data/labels.csv beside its photos: .* unpack data.zip, and --data labels.csv takes its labels"
    for _ in range(2):  # also where it is unpacked already
        assert any(re.search(words, remark) for remark in open_data(tmp_path / "data.zip", tmp_path / "unpacked").remarks)


def test_one_column_per_class(shelf):
    found = shelf("path,rust,scab\na/0.jpg,1,0\na/1.jpg,1,0\nb/0.jpg,0,1\nb/1.jpg,0,1\n")
    assert counts(found) == {"train": {"rust": 2, "scab": 2}}


METADATA = "file_name,label\na/0.jpg,x\na/1.jpg,y\nb/0.jpg,x\nb/1.jpg,y\n"


def test_metadata_counts_more_than_folders(tmp_path):
    folder = photos(tmp_path / "data", [*NAMES, "b/2.jpg"])
    (folder / "metadata.csv").write_text(METADATA, "utf-8")
    found = open_data(folder, tmp_path / "unpacked")
    assert counts(found) == {"train": {"x": 2, "y": 2}}
    assert found.remarks == [
        "the labels are those of metadata.csv, not the folders' names (--label-from folder takes these)",
        "left out, photos that no row names: 1 (b/2.jpg)",
    ]
    assert counts(open_data(folder, tmp_path / "unpacked", "folder")) == {"train": {"a": 2, "b": 3}}


def test_metadata_without_labels_leaves_it_to_the_folders(tmp_path):
    folder = photos(tmp_path / "data", NAMES)
    (folder / "metadata.jsonl").write_text('{"file_name": "a/0.jpg", "text": "one"}\n', "utf-8")
    found = open_data(folder, tmp_path / "unpacked")
    assert counts(found) == BOTH
    assert any("metadata.jsonl has no column of labels" in remark and "are the classes" in remark for remark in found.remarks)
    photos(tmp_path / "flat", ["0.jpg", "1.jpg"])
    (tmp_path / "flat" / "metadata.csv").write_text("file_name,text\n0.jpg,one\n1.jpg,two\n", "utf-8")
    with pytest.raises(DataError, match="has no column of labels: .* its columns are file_name, text"):
        open_data(tmp_path / "flat", tmp_path / "unpacked")


def test_metadata_of_each_split(tmp_path):
    folder = photos(tmp_path / "data", [f"{split}/photos/{number}.jpg" for split in ("train", "test") for number in range(4)])
    rows = [(f"photos/{number}.jpg", "xy"[number % 2]) for number in range(4)]
    (folder / "train" / "metadata.tsv").write_text("".join(f"{a}\t{b}\n" for a, b in [("file_name", "label"), *rows]), "utf-8")
    lines = "".join(f'{{"file_name": "{name}", "label": "{label}"}}\n' for name, label in rows[:3])
    (folder / "test" / "metadata.jsonl").write_text(lines, "utf-8")
    found = open_data(folder, tmp_path / "unpacked")
    assert counts(found) == {"train": {"x": 2, "y": 2}, "test": {"x": 2, "y": 1}}
    assert found.left_out.counts == {"photos that no row names": 1}


def test_one_metadata_file_for_folders_of_splits(tmp_path):
    folder = photos(tmp_path / "data", [f"{split}/{number}.jpg" for split in ("train", "val") for number in range(4)])
    rows = [f"{split}/{number}.jpg,{'xy'[number % 2]}\n" for split in ("train", "val") for number in range(4)]
    (folder / "metadata.csv").write_text("file_name,label\n" + "".join(rows), "utf-8")
    assert counts(open_data(folder, tmp_path / "unpacked")) == {"train": {"x": 2, "y": 2}, "valid": {"x": 2, "y": 2}}


def test_an_archive_brings_its_metadata_along(tmp_path):
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        for seed, name in enumerate(NAMES):
            archive.writestr(f"data/{name}", jpeg(seed))
        archive.writestr("data/metadata.csv", METADATA)
    assert counts(open_data(tmp_path / "data.zip", tmp_path / "unpacked")) == {"train": {"x": 2, "y": 2}}


def test_tables_are_sources(shelf, tmp_path):
    shelf(PLAIN)
    (tmp_path / "shelf" / "more.csv").write_text("path,label,source\na/1.jpg,a,phone\nb/1.jpg,b,\n", "utf-8")
    found = open_data([str(tmp_path / "shelf" / name) for name in ("photos.csv", "more.csv")], tmp_path / "unpacked")
    assert found.train.by_source() == {"more": {"b": 1}, "phone": {"a": 1}, "photos": {"a": 2, "b": 2}}


def test_a_test_set_without_labels_in_its_metadata(tmp_path):
    folder = photos(tmp_path / "data", [f"{split}/{number}.jpg" for split in ("train", "test") for number in range(4)])
    rows = "".join(f"{number}.jpg,{'xy'[number % 2]}\n" for number in range(4))
    (folder / "train" / "metadata.csv").write_text("file_name,label\n" + rows, "utf-8")
    (folder / "test" / "metadata.csv").write_text("file_name\n" + "".join(f"{number}.jpg\n" for number in range(4)), "utf-8")
    found = open_data(folder, tmp_path / "unpacked")
    assert counts(found) == {"train": {"x": 2, "y": 2}}
    assert any("test/metadata.csv has no column of labels" in remark and "left aside" in remark for remark in found.remarks)


def test_options_that_say_nothing_of_the_data(shelf, tmp_path):
    with pytest.raises(DataError, match="--image-column are for tables and datasets, and .*shelf is none"):
        open_data(tmp_path / "shelf", tmp_path / "unpacked", label_column="label")
    found = shelf(PLAIN, label_from=r"(\d)")
    assert "--label-from says nothing of photos.csv, which has a column of labels" in found.remarks


def test_a_table_beside_photos_without_folders_of_classes(tmp_path):
    folder = photos(tmp_path / "kaggle", [f"train/{number}.jpg" for number in range(4)])
    (folder / "labels.csv").write_text("id,breed\n0,pug\n1,pug\n2,beagle\n3,beagle\n", "utf-8")
    with pytest.raises(DataError, match="there is a table beside the photos: --data .*labels.csv takes the labels from it"):
        open_data(folder, tmp_path / "unpacked")
