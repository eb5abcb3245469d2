"""What the album's scripts work out, run by Node."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from typing import Any

import pytest

from model.calibration import wilson_interval
from tests.running import ROOT
from ui.scripts import names_of

ANSWERS = ["Cat", "Dog", "neither"]


def javascript(script: str, call: str, *arguments: object) -> Any:
    """What a call gives; its arguments are A[0], A[1] and so on."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node (https://nodejs.org)")
    source = (ROOT / "ui" / "album" / script).read_text("utf-8")
    program = f"{source}\nconst A = JSON.parse(process.argv[1]);\nprocess.stdout.write(JSON.stringify({call}) ?? 'null');"
    done = subprocess.run([node, "-e", program, json.dumps(arguments)], capture_output=True, check=True, text=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("path", "truth"),
    [
        ("Cat/1.jpg", "Cat"), ("mine/cats/1.jpg", "Cat"), ("DOGS/1.jpg", "Dog"), ("dog/2024/1.jpg", "Dog"),
        ("cats/dogs/1.jpg", "Dog"), ("neither/1.jpg", "neither"), ("Katzen/1.jpg", "Cat"), ("perros/1.jpg", "Dog"),
        ("chiens/1.jpg", "Dog"), ("keins_davon/1.jpg", "neither"), ("a.zip/Hunde/1.jpg", "Dog"), ("cats.zip/1.jpg", "Cat"),
        ("fox/1.jpg", None), ("cat.jpg", None), ("category/cat.jpg", None), ("cat and dog/1.jpg", None),
    ],
)  # fmt: skip
def test_the_truth_is_the_nearest_folder_that_names_a_label(path, truth):
    assert (
        javascript("judge.js", "truthIn(A[0], foldersOf(A[1], A[2])) ?? null", path, ANSWERS, list(names_of(ANSWERS).items()))
        == truth
    )


@pytest.mark.parametrize(
    ("label", "folder"), [("Kätzchen", "Ka\u0308tzchen"), ("ångstro\u0308m", "A\u030angström"), ("한", "\u1112\u1161\u11ab")]
)
def test_a_folder_is_the_label_however_its_letters_are_composed(label, folder):
    names = list(names_of([label]).items())
    assert javascript("judge.js", "truthIn(A[0], foldersOf(A[1], A[2])) ?? null", f"{folder}/1.jpg", [label], names) == label


def test_a_label_itself_comes_before_the_plural_of_another():
    labels = ["bus", "buse", "berry", "pin", "pins"]
    names = list(names_of(labels).items())
    found = [
        javascript("judge.js", "truthIn(A[0], foldersOf(A[1], A[2])) ?? null", f"{folder}/1.jpg", labels, names)
        for folder in ("buses", "berries", "pins", "pin")
    ]
    assert found == ["bus", "berry", "pins", "pin"]


@pytest.mark.parametrize(("right", "n"), [(0, 1), (1, 1), (40, 43), (5, 9), (999, 1000), (0, 30)])
def test_the_interval_is_that_of_the_reports(right, n):
    assert javascript("judge.js", "wilsonInterval(A[0], A[1])", right, n) == pytest.approx(wilson_interval(right, n), abs=1e-12)


def test_the_judge_counts_what_has_a_truth_and_names_the_surest_mistakes_first():
    rows = [
        {"name": "a", "truth": "Cat", "labels": ["Cat"], "probability": 0.9},
        {"name": "b", "truth": "Cat", "labels": ["Dog"], "probability": 0.6},
        {"name": "c", "truth": "Dog", "labels": ["neither"], "probability": 0.8},
        {"name": "d", "truth": "Dog", "labels": ["Dog", "Cat"], "probability": 0.7},
        {"name": "e", "labels": ["Dog"], "probability": 1.0},
    ]
    call = "(({ pairs, ...all }) => ({ ...all, pairs: [...pairs].map(([t, line]) => [t, [...line]]) }))(judge(A[0]))"
    found = javascript("judge.js", call, rows)
    assert (found["n"], found["right"]) == (4, 1)
    assert [row["name"] for row in found["mistakes"]] == ["c", "d", "b"]
    assert found["pairs"] == [["Cat", [["Cat", 1], ["Dog", 1]]], ["Dog", [["neither", 1], ["Dog, Cat", 1]]]]
    assert javascript("judge.js", "judge(A[0])", rows[-1:]) is None


def test_csv_is_safe_for_spreadsheets():
    evil = ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1"]
    answer = {"labels": ["Cat"], "probability": 0.9, "probabilities": [0.9, 0.1, 0.0]}
    rows = [*({"name": name, "answer": answer, "problem": ""} for name in evil), {"name": 'bad,"name"', "problem": "=no"}]
    text = javascript("csv.js", "csvOf(A[0], A[1], false)", rows, ANSWERS)
    assert text.startswith("\ufeff")
    read = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert [each["file"] for each in read] == [*(f"'{name}" for name in evil), 'bad,"name"']
    assert read[0] | {"file": ""} == {
        "file": "", "answer": "Cat", "probability": "0.900000", "Cat": "0.900000", "Dog": "0.100000", "neither": "0.000000",
        "problem": "",
    }  # fmt: skip
    assert read[-1]["problem"] == "'=no"
    judged = javascript("csv.js", "csvOf(A[0], A[1], true)", [rows[0] | {"truth": "Dog"}, rows[-1]], ANSWERS)
    assert [each["truth"] for each in csv.DictReader(io.StringIO(judged.removeprefix("\ufeff"), newline=""))] == ["Dog", ""]
