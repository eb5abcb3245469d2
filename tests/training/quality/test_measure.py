from __future__ import annotations

import pytest

from tests.training.colours import colours
from training.data.photos import DataError, Photos
from training.quality.measure import collect_logits, latency, measure, sizes


def only(photos: Photos, *answers: str) -> Photos:
    return photos.take(index for index, answer in enumerate(photos.answers) if answer in answers)


def test_one_mistake_in_thirty_photos(photos):
    result = measure(colours(), photos, "counting")
    assert (result.photos, result.neither_photos) == (30, 5)
    assert result.accuracy == pytest.approx(29 / 30)
    assert result.error_rate == pytest.approx(1 / 30)
    assert result.accuracy_95_interval[0] < result.accuracy < result.accuracy_95_interval[1]
    assert result.accuracy_per_label == {"blue": 1, "red": 0.9}
    assert result.per_label["blue"].precision == pytest.approx(20 / 21)
    red = result.per_label["red"]
    assert (red.photos, red.precision, red.recall, red.f1) == (10, 1, 0.9, pytest.approx(18 / 19))
    assert 0.9 < result.roc_auc < 1
    assert (result.neither_accuracy, result.neither_auroc, result.neither_false_accepts_at_95) == (1, 1, 0)
    assert result.neither_score == "p(neither)"


def test_a_label_without_photos_and_one_with_a_single_photo(photos):
    blue = measure(colours(), only(photos, "blue"), "blue only")
    assert blue.accuracy_per_label == {"blue": 1}
    assert blue.per_label["red"].recall is None
    assert blue.roc_auc is None
    single = measure(colours(), photos.take([0, 25]), "one each")
    assert (single.photos, single.roc_auc, single.neither_photos) == (2, 1, None)


def test_a_model_without_neither_is_judged_by_how_unsure_it_is(photos):
    result = measure(colours(neither=False), photos, "counting")
    assert result.neither_score == "1 - highest probability"
    assert result.neither_accuracy is None
    assert result.neither_auroc > 0.9  # green is as far from blue as from red


def test_photos_that_a_model_cannot_be_measured_on(photos):
    with pytest.raises(DataError, match="none of the photos shows blue or red"):
        measure(colours(), only(photos, "neither"), "others")
    with pytest.raises(DataError, match="of blue, red, but the model knows Cat, Dog, neither"):
        measure(colours(labels=("Cat", "Dog")), photos, "others")
    with pytest.raises(DataError, match="no photos"):
        collect_logits(colours(), photos.take([]), "nothing")


def test_latency_is_of_as_many_photos_as_it_says(photos):
    timing = latency(colours(), photos.paths[:3], n=20)
    assert timing.photos == 20
    assert 0 < timing.middle_90_ms[0] <= timing.median_ms <= timing.middle_90_ms[1]


def test_the_size_of_a_model_is_that_of_its_files(tmp_path):
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "report.html").write_bytes(b"12345678")
    (tmp_path / "model.onnx").write_bytes(b"123")
    assert sizes(tmp_path) == {"model.onnx": 3}
