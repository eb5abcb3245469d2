from __future__ import annotations

import re

import pytest

from tests.training.colours import colours, paint
from tests.training.quality.reading import read_report
from training.quality.card import model_card
from training.quality.inputs import open_photos
from training.quality.page import compared, confusions, tiles
from training.quality.report import write_report
from training.quality.report_schema import Confusion

HOSTILE = "<b>re&d $x^$"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A report of everything, on a label with a name that is hard to write."""
    root = tmp_path_factory.mktemp("report")
    paint(root / "data" / "blue", "blue", 6)
    paint(root / "data" / HOSTILE, "red", 5)
    paint(root / "data" / HOSTILE, "blue", 1)
    paint(root / "others", "green", 3)
    (root / "model").mkdir()
    (root / "model" / "model.onnx").write_bytes(b"123")
    classifier = colours(labels=("blue", HOSTILE))
    photos = open_photos(str(root / "data"), root / "others")
    write_report(classifier, photos, root / "out", "trial", robustness=4, against=(classifier, root / "model"), sources=True)
    return root / "out"


@pytest.fixture(scope="module")
def page(folder):
    return (folder / "report.html").read_text("utf-8")


def test_the_page_carries_everything_it_shows(page):
    sources = re.findall(r'(?:src|srcset|href)="([^"]*)"', page)
    assert len(sources) > 30
    assert all(source.startswith("data:image/") for source in sources)
    assert "url(" not in page
    assert "@import" not in page
    assert len(re.findall(r"<img [^>]*alt=\"[^\"]+\"", page)) == page.count("<img ")


def test_names_are_text_and_not_markup(page):
    assert "<b>re" not in page
    assert "&lt;b&gt;re&amp;d $x^$" in page


def test_the_page_says_what_was_measured(folder, page):
    report = read_report(folder)
    for value in (f"{report.accuracy:.2%}", f"{report.log_loss:.4f}", f"{report.roc_auc:.4f}", report.machine):
        assert value in page
    headings = ("Confusion matrix", "Reliability diagram", "Neither", "Top losses", "By source", "Saved again", "Robustness",
                "Beside another model")  # fmt: skip
    for heading in headings:
        assert re.search(f"<h2>{heading}", page)
    assert report.comparison.sentence in page
    assert "None" not in re.sub(r'"data:[^"]*"', "", page)


def test_a_row_of_a_table_has_a_cell_for_every_heading(page):
    tables = re.findall(r"<thead>(.*?)</thead>\s*<tbody>(.*?)</tbody>", page, re.DOTALL)
    assert len(tables) >= 6
    for head, body in tables:
        for row in re.findall(r"<tr>.*?</tr>", body, re.DOTALL):
            assert len(re.findall(r"<t[hd][ >]", row)) == len(re.findall(r"<th[ >]", head))


def test_the_most_frequent_confusions_come_first():
    confusion = Confusion(answers=("a", "b", "c"), counts=((5, 2, 0), (7, 1, 1), (0, 0, 3)))
    assert confusions(confusion) == [("b", "a", 7), ("a", "b", 2), ("b", "c", 1)]


def test_tiles_leave_out_what_was_not_measured(folder):
    titles = [title for title, _, _ in tiles(read_report(folder))]
    assert titles == ["Accuracy", "Error rate", "Log loss", "Calibration error", "F1", "ROC AUC", "Neither", "Latency"]


def test_two_models_stand_side_by_side(folder):
    report = read_report(folder)
    rows = {name: (a, b) for name, a, b in compared(report, report.comparison)}
    assert rows["accuracy"] == (f"{report.accuracy:.2%}",) * 2
    assert rows["median latency"][1] == f"{report.comparison.latency.median_ms:.1f} ms"
    assert "model.onnx" not in rows  # the size of the first is not known


@pytest.mark.filterwarnings("error")
def test_labels_in_any_script_can_be_drawn(tmp_path):
    paint(tmp_path / "data" / "猫", "blue", 3)
    paint(tmp_path / "data" / "собака с очень длинным именем и ещё", "red", 3)
    classifier = colours(labels=("собака с очень длинным именем и ещё", "猫"))
    write_report(classifier, open_photos(str(tmp_path / "data"), None), tmp_path / "out", "trial")
    assert "猫" in (tmp_path / "out" / "report.html").read_text("utf-8")


def test_the_card_shows_the_pictures_of_the_report_beside_it(folder, tmp_path, classifier):
    folder.rename(tmp_path / "report")
    card = model_card(classifier.config, tmp_path)
    (tmp_path / "report").rename(folder)
    links = re.findall(r"\]\((report/[^)]*)\)", card)
    assert len(links) == 5
    assert all((folder / link.removeprefix("report/")).is_file() for link in links)
