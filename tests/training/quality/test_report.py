from __future__ import annotations

import json
import re

import numpy as np
import pytest
from PIL import Image

from tests.training.colours import colours, paint
from training.evaluate import open_photos, write_report
from training.quality.card import model_card
from training.quality.report import DARK, LIGHT, confusions, draw_confusion, tiles

HOSTILE = "<b>re&d $x^$"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    root = tmp_path_factory.mktemp("report")
    paint(root / "data" / "blue", "blue", 6)
    paint(root / "data" / HOSTILE, "red", 5)
    paint(root / "data" / HOSTILE, "blue", 1)
    paint(root / "others", "green", 3)
    classifier = colours(labels=("blue", HOSTILE))
    photos = open_photos(str(root / "data"), root / "others")
    write_report(classifier, photos, root / "out", "trial", robustness=4, against=(classifier, model(root / "model")))
    return root / "out"


def model(folder):
    """A folder with the one file whose size is told."""
    folder.mkdir()
    (folder / "model.onnx").write_bytes(b"123")
    return folder


def details(report) -> dict:
    return json.loads((report / "metrics.json").read_text("utf-8"))


def test_the_page_carries_everything_it_shows(report):
    page = (report / "report.html").read_text("utf-8")
    sources = re.findall(r'(?:src|srcset|href)="([^"]*)"', page)
    assert len(sources) > 30
    assert all(source.startswith("data:image/") for source in sources)
    assert "url(" not in page
    assert "@import" not in page
    assert len(re.findall(r"<img [^>]*alt=\"[^\"]+\"", page)) == page.count("<img ")


def test_names_are_text_and_not_markup(report):
    page = (report / "report.html").read_text("utf-8")
    assert "<b>re" not in page
    assert "&lt;b&gt;re&amp;d $x^$" in page


def test_the_page_says_what_was_measured(report):
    page = (report / "report.html").read_text("utf-8")
    found = details(report)
    for value in (f"{100 * found['accuracy']:.2f} %", f"{found['log_loss']:.4f}", f"{found['roc_auc']:.4f}", found["machine"]):
        assert value in page
    for heading in ("Confusion matrix", "Reliability diagram", "Neither", "Top losses", "Robustness", "Beside another model"):
        assert re.search(f"<h2>{heading}", page)
    assert found["comparison"]["sentence"] in page


@pytest.mark.parametrize("name", ["confusion", "reliability", "top_losses", "robustness"])
def test_the_pictures_show_something(report, name):
    with Image.open(report / f"{name}.png") as picture:
        pixels = np.asarray(picture.convert("RGB"))
    assert min(pixels.shape[:2]) > 300
    assert pixels.std() > 10
    assert (pixels[0, 0] == 255).all()


def test_a_confusion_matrix_is_as_dark_as_its_rows_are_certain():
    found = {"confusion": {"answers": [f"breed {n}" for n in range(40)], "counts": np.diag(range(40)).tolist()}}
    for palette, brighter in ((LIGHT, False), (DARK, True)):
        figure = draw_confusion(found, palette)
        figure.canvas.draw()
        image = figure.axes[0].images[0]
        certain, empty = image.to_rgba(image.get_array())[5, [5, 6], :3].sum(axis=1)
        assert (certain > empty) is np.bool_(brighter)
    assert confusions(found) == []


def test_the_most_frequent_confusions_come_first():
    found = {"confusion": {"answers": ["a", "b", "c"], "counts": [[5, 2, 0], [7, 1, 1], [0, 0, 3]]}}
    assert confusions(found) == [("b", "a", 7), ("a", "b", 2), ("b", "c", 1)]


def test_tiles_leave_out_what_was_not_measured(report):
    titles = [title for title, _, _ in tiles(details(report))]
    assert "Neither" in titles
    assert "Size" not in titles


@pytest.mark.filterwarnings("error")
def test_labels_in_any_script_can_be_drawn(tmp_path):
    paint(tmp_path / "data" / "猫", "blue", 3)
    paint(tmp_path / "data" / "собака с очень длинным именем и ещё", "red", 3)
    classifier = colours(labels=("собака с очень длинным именем и ещё", "猫"))
    write_report(classifier, open_photos(str(tmp_path / "data"), None), tmp_path / "out", "trial")
    assert "猫" in (tmp_path / "out" / "report.html").read_text("utf-8")


def test_the_card_shows_what_lies_beside_it(report, tmp_path, classifier):
    config = classifier.config
    plain = model_card(config, tmp_path)
    assert "report/" not in plain
    assert "model.pkl" not in plain
    report.rename(tmp_path / "report")
    (tmp_path / "model.pkl").write_bytes(b"")
    full = model_card(config, tmp_path)
    (tmp_path / "report").rename(report)
    for link in re.findall(r"\]\((report/[^)]*)\)", full):
        assert (report / link.removeprefix("report/")).is_file()
    assert full.count("](report/") == 5
    assert "`model.pkl`" in full
    assert model_card(config) == plain


def test_the_card_keeps_the_results_of_each_set_of_photos_apart(classifier):
    card = model_card(classifier.config)
    assert "(left out)" in card
    assert "(cats-dogs, test)" in card.split("---")[1]
    assert "timm tf_efficientnet_lite0" in card
    assert "5 for Cat, 118 for Dog, 877 for neither" in card
