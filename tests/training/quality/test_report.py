from __future__ import annotations

import os
import re
import shutil

import pytest

from model.errors import OutputError
from model.photo_files import shown
from tests.training.colours import colours, paint
from tests.training.data.test_check import ODD_NAMES
from tests.training.quality.reading import read_report
from training.data.photos import DataError, Photos
from training.quality.inputs import open_photos
from training.quality.measure import measure
from training.quality.report import write_report
from training.quality.rows import markdown
from training.quality.schema import BySource
from training.quality.tables import source_table


def test_the_report_names_the_worst_photo_first_and_returns_what_it_wrote(photos, tmp_path):
    returned = write_report(colours(), photos, tmp_path / "report", "counting", robustness=6)
    report = read_report(tmp_path / "report")
    assert report == returned
    everything = report.all_answers
    assert report.figures.model_copy(update={"all_answers": None}) == measure(colours(), photos, "again")
    assert (everything.photos, everything.accuracy) == (35, 34 / 35)  # those of neither, too
    assert not isinstance(everything, BySource)
    assert report.saved_again.photos == 6
    assert report.saved_again.shares["JPEG 40"] == 0  # colours stay colours
    assert report.confusion.answers == ("blue", "red", "neither")
    assert report.confusion.counts == ((20, 0, 0), (1, 9, 0), (0, 0, 5))
    worst = report.top_losses[0]
    assert (worst.file, worst.true, worst.predicted) == ("red/blue0.jpg", "red", "blue")
    assert worst.probability > worst.probability_of_true
    assert sum(bar.photos for bar in report.reliability) == 30
    assert report.robustness.photos == 6
    assert report.mistakes == 1


def test_sources_are_told_where_they_are_asked_for(photos, tmp_path):
    report = write_report(colours(), photos, tmp_path / "report", "counting", sources=True)
    assert {name: figures.photos for name, figures in report.all_answers.sources.items()} == {"all photos": 30, "others": 5}
    page = (tmp_path / "report" / "report.html").read_text("utf-8")
    rows = re.findall(r'<th scope="row">(all photos|others)</th><td>(\d+)</td><td>([\d.]+%)</td>', page)
    assert rows == [("all photos", "30", "96.67%"), ("others", "5", "100.00%"), ("all photos", "35", "97.14%")]


def test_a_label_without_photos_has_an_empty_row(photos, tmp_path):
    blue = photos.take(index for index, answer in enumerate(photos.answers) if answer == "blue")
    write_report(colours(), blue, tmp_path / "report", "blue only")
    assert read_report(tmp_path / "report").confusion.counts == ((20, 0, 0), (0, 0, 0), (0, 0, 0))


def test_a_model_without_neither_is_not_blamed_for_photos_of_it(photos, tmp_path):
    write_report(colours(neither=False), photos, tmp_path / "report", "counting", robustness=4)
    report = read_report(tmp_path / "report")
    assert report.confusion.answers == ("blue", "red", "neither")
    assert sum(report.confusion.counts[2]) == 5
    assert "neither" not in {loss.true for loss in report.top_losses}


def test_float32_weights_are_measured_beside(photos, tmp_path):
    report = write_report(colours(), photos, tmp_path / "report", "counting", reference=colours(scale=0.1))
    assert report.accuracy_fp32 == report.accuracy
    assert report.log_loss_fp32 > report.log_loss
    assert "The same weights in float32" in (tmp_path / "report" / "report.html").read_text("utf-8")


def test_a_report_replaces_only_a_report(photos, tmp_path):
    target = tmp_path / "report"
    target.mkdir()
    (target / "diary.txt").write_text("mine")
    with pytest.raises(OutputError, match="is not a report"):
        write_report(colours(), photos, target, "counting")
    (target / "diary.txt").unlink()
    write_report(colours(), photos, target, "first", robustness=2)
    write_report(colours(), photos, target, "second")
    assert read_report(target).name == "second"
    assert not (target / "robustness.png").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_a_damaged_photo_leaves_the_last_report_alone(photos, data, tmp_path):
    target = tmp_path / "report"
    write_report(colours(), photos, target, "first")
    shutil.copytree(data / "data", tmp_path / "photos")
    (tmp_path / "photos" / "red" / "broken.jpg").write_bytes(b"not a photo")
    with pytest.raises(DataError, match=r"broken.jpg: This is not a photo"):
        write_report(colours(), open_photos(str(tmp_path / "photos"), None), target, "second")
    assert read_report(target).name == "first"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photos", "report"]


@pytest.mark.skipif(os.name == "nt", reason="names are UTF-16 there")
def test_photos_and_sources_of_any_name_come_through(tmp_path):
    paths = []
    for index, name in enumerate(ODD_NAMES):
        folder = tmp_path / ("red" if index % 2 else "blue")
        paint(folder, folder.name, 1)
        path = folder / os.fsdecode(name)
        (folder / f"{folder.name}0.jpg").rename(path)
        paths.append(path)
    answers = tuple(path.parent.name for path in paths)
    sources = tuple(f"caf\udce9 | {index % 2}\n" for index in range(len(paths)))
    photos = Photos(tuple(paths), answers, ("blue", "red"), sources)
    write_report(colours(), photos, tmp_path / "report", "names", robustness=4, sources=True)
    report = read_report(tmp_path / "report")
    assert sorted(loss.file for loss in report.top_losses) == sorted(shown(f"{path.parent.name}/{path.name}") for path in paths)
    assert set(report.all_answers.sources) == {r"caf\xe9 | 0\n", r"caf\xe9 | 1\n"}
    page = (tmp_path / "report" / "report.html").read_text("utf-8")
    assert r"blue/caf\xe9.jpg" in page
    assert "<b>" not in page
    table = markdown(*source_table(report.all_answers))
    assert len({line.count("|") for line in table}) == 1
