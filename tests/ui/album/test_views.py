from __future__ import annotations

import csv
import io

from model.classifier import Prediction
from ui.album.views import Row, csv_name, gallery, problems, table, write_csv

ANSWERS = ("Cat", "Dog", "neither")


def row(name: str, cat: float) -> Row:
    return Row(name, Prediction(ANSWERS, (cat, 1 - cat, 0.0)), b"jpeg")


def test_csv_is_safe_for_spreadsheets():
    evil = ["=1+1", "+1", "-1", "@A1", "\t=1"]
    rows = [*(row(name, 0.9) for name in evil), Row('bad,"name"', problem="=no")]
    data = write_csv(rows, ANSWERS, "en")
    assert data.startswith(b"\xef\xbb\xbf")
    read = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert [each["file"] for each in read] == [*(f"'{name}" for name in evil), 'bad,"name"']
    assert read[0] | {"file": ""} == {
        "file": "", "answer": "Cat", "probability": "0.900000", "Cat": "0.900000", "Dog": "0.100000", "neither": "0.000000",
        "problem": "",
    }  # fmt: skip
    assert read[-1]["problem"] == "'=no"
    assert csv_name("Cat/Dog: β", "embedded") == "Cat-Dog-embedded.csv"


def test_the_gallery_shows_a_part_and_says_so():
    rows = [row(f"{n}.jpg", 0.5 + n / 1000) for n in range(1, 400)] + [row("dog.jpg", 0.1), Row("bad", problem="bad")]
    html = gallery(rows, "en")
    assert html.count("<img") == 61
    assert "The first 60 of 399 are shown" in html
    assert html.index("1.jpg: Cat") < html.index("2.jpg: Cat") < html.index("dog.jpg: Dog")


def test_names_are_text_in_html():
    evil = '<script>alert(1)</script>" onload="x'
    for html in (gallery([row(evil, 0.9)], "en"), problems([(evil, evil)], 0, "en")):
        assert "<script" not in html
        assert '" onload' not in html


def test_a_table_of_many_answers_has_no_column_for_each():
    many = tuple(f"label {n}" for n in range(50))
    found = table([Row("a", Prediction(many, (1.0, *(0.0 for _ in many[1:]))))], many, "en")
    assert found["headers"] == ["file", "answer", "probability"]
    assert found["data"] == [["a", "label 0", 1.0]]
