from __future__ import annotations

import time

import numpy as np
import pytest
import torch
from fastai.callback.core import Callback
from fastai.data.core import DataLoaders
from fastai.data.load import DataLoader
from fastai.learner import Learner
from fastai.losses import CrossEntropyLossFlat
from PIL import Image
from torch import nn

from model.architecture import build
from model.config import Architecture, Config, Input
from tests.training.test_data import numbered
from training import fast
from training.data import Photos
from training.features import FeatureExtractor


def clouds(count: int, seed: int, features: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Two views of points of three classes that overlap a little."""
    dice = np.random.default_rng(seed)
    targets = np.arange(count) % 3
    centres = np.eye(3, features) * 2
    return np.stack([centres[targets] + dice.normal(size=(count, features)) for _ in range(2)]), targets


def test_the_head_is_as_good_as_scikit_learns():
    from sklearn.linear_model import LogisticRegression

    features, targets = clouds(300, seed=1)
    unseen, _ = clouds(900, seed=2)
    head = fast.fit_head(features, targets, np.full(300, 1 / 300), seed=0)
    flat, repeated = features.reshape(-1, 20), np.tile(targets, 2)
    theirs = LogisticRegression(C=1 / (head.decay * 600), max_iter=1000, tol=1e-8).fit(flat, repeated)
    ours = torch.softmax(torch.from_numpy(unseen[0]).float() @ head.weight.T + head.bias, 1).numpy()
    assert np.abs(ours - theirs.predict_proba(unseen[0])).max() < 0.01


def test_the_cross_validated_loss_is_that_of_photos_never_seen():
    features, targets = clouds(400, seed=3)
    unseen, unseen_targets = clouds(4000, seed=4)
    head = fast.fit_head(features, targets, np.full(400, 1 / 400), seed=0)
    probabilities = torch.softmax(torch.from_numpy(unseen[0]).float() @ head.weight.T + head.bias, 1).numpy()
    assert head.loss == pytest.approx(-np.log(probabilities[np.arange(4000), unseen_targets]).mean(), rel=0.15)
    training = torch.softmax(torch.from_numpy(features[0]).float() @ head.weight.T + head.bias, 1).numpy()
    assert head.loss > -np.log(training[np.arange(400), targets]).mean()


def test_features_that_say_nothing_get_the_largest_decay():
    dice = np.random.default_rng(7)
    targets = np.arange(200) % 2
    noise, signal = dice.normal(size=(2, 200, 30)), np.repeat(targets[None, :, None] * 6.0, 30, axis=2)
    uniform = np.full(200, 1 / 200)
    assert fast.fit_head(noise, targets, uniform, seed=0).decay == max(fast.WEIGHT_DECAYS)
    assert fast.fit_head(noise + signal, targets, uniform, seed=0).decay < max(fast.WEIGHT_DECAYS)


def test_importance():
    targets = np.array([0] * 6 + [1] * 2 + [2] * 2)
    assert fast.importance(targets, 0, class_weights=False) == pytest.approx(np.full(10, 0.1))
    assert np.bincount(targets, fast.importance(targets, 0, class_weights=True)) == pytest.approx([1 / 3] * 3)
    assert np.bincount(targets, fast.importance(targets, 0.5, class_weights=False)) == pytest.approx([0.375, 0.125, 0.5])
    assert np.bincount(targets, fast.importance(targets, 0.1, class_weights=False)) == pytest.approx([0.6, 0.2, 0.2])


def test_the_plan_fits_into_the_time():
    clock = fast.Clock(time.monotonic(), 600)
    plan = fast.plan(clock, views_per_second=100, training=9000, validation=1000)
    assert plan.photos == 9000
    assert plan.features == pytest.approx(190)
    assert plan.features + plan.polish + plan.rest == pytest.approx(600, abs=1)
    assert "polishing the last 4 of 19 stages: 5.5 min" in plan.text(10, "the last 4 of 19 stages")


def test_photos_that_do_not_fit_are_left_out_and_that_is_said():
    clock = fast.Clock(time.monotonic(), 600)
    plan = fast.plan(clock, views_per_second=10, training=9000, validation=100)
    assert 2 * plan.photos / 10 < 600 * fast.FEATURES_SHARE
    assert f"features of {plan.photos:,} photos (of 9,000: more do not fit into the time)" in plan.text(10, "")


def test_a_subset_keeps_the_share_of_every_class():
    photos = numbered({"a": 60, "b": 30, "c": 2})
    assert fast.subset(photos, 46, seed=1).counts() == {"a": 30, "b": 15, "c": 1}
    assert fast.subset(photos, 92, seed=1) is photos


def test_the_first_stages_stay_frozen():
    assert fast.stages_to_freeze(build("mobilenet_v2", 2)[0]) == 14
    assert fast.stages_to_freeze(build("resnet34", 2)[0]) == 6  # all but the last two


@pytest.fixture
def photos(tmp_path) -> Photos:
    dice = np.random.default_rng(5)
    for index in range(40):
        Image.fromarray(dice.integers(0, 256, (70, 90, 3), dtype=np.uint8)).save(tmp_path / f"{index}.png")
    return Photos(tuple(tmp_path / f"{index}.png" for index in range(40)), ("a", "b") * 20, ("a", "b"))


def test_features_are_those_of_the_body_and_are_kept(tmp_path, photos):
    torch.manual_seed(0)
    network = build("resnet18", 2).eval()
    config = Config(
        format_version=1, name="x", labels=("a", "b"), temperature=1, training={}, metrics={}, versions={},
        input=Input(height=64, width=64, resize="squish", mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)),
        architecture=Architecture(library="torchvision", name="resnet18"),
    )  # fmt: skip
    extract = FeatureExtractor(network, config, tmp_path / "cache")
    features = extract(photos, "features")
    assert (features.shape, features.dtype) == ((2, 40, 512), np.float16)
    with Image.open(photos.paths[33]) as photo:
        squeezed = photo.resize((64, 64), Image.Resampling.BILINEAR)
    for view, picture in enumerate((squeezed, squeezed.transpose(Image.Transpose.FLIP_LEFT_RIGHT))):
        pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None] / 127.5 - 1
        with torch.inference_mode():
            expected = network[0](pixels).mean(dim=(2, 3))[0].numpy()
        assert np.abs(features[view, 33] - expected).max() < 0.02 * np.abs(expected).max()
    stored = list((tmp_path / "cache").iterdir())
    assert len(stored) == 1
    again = FeatureExtractor(network, config, tmp_path / "cache")(photos, "features")
    assert np.array_equal(again, features)
    with torch.no_grad():
        next(network[0].parameters()).mul_(1.1)
    FeatureExtractor(network, config, tmp_path / "cache")(photos, "features")
    assert len(list((tmp_path / "cache").iterdir())) == 2  # another body, other features


def learner(steps_hurt: bool) -> Learner:
    """A learner on points, whose training labels are wrong where training should do harm."""
    features, targets = clouds(240, seed=6)
    points = [(torch.tensor(x, dtype=torch.float32), torch.tensor(y)) for x, y in zip(features[0], targets, strict=True)]
    wrong = [(x, (y + 1) % 3) for x, y in points] if steps_hurt else points
    dls = DataLoaders(DataLoader(wrong, bs=8, shuffle=True), DataLoader(points, bs=8), device=torch.device("cpu"))
    torch.manual_seed(1)
    network = nn.Sequential(nn.Linear(20, 30), nn.ReLU(), nn.Linear(30, 3))
    return Learner(
        dls, network, loss_func=CrossEntropyLossFlat(), splitter=lambda m: [list(m[0].parameters()), list(m[2].parameters())]
    )


def test_polishing_takes_the_time_it_has_and_lowers_the_loss():
    learn = learner(steps_hurt=False)
    rates: list[float] = []

    class Watch(Callback):
        def after_step(self) -> None:
            rates.append(self.learn.opt.hypers[-1]["lr"])

    learn.add_cb(Watch())
    started = time.monotonic()
    polished = fast.polish(learn, fast.Clock(started, 2))
    assert time.monotonic() - started >= 2
    assert polished.kept
    assert polished.steps > 100
    assert polished.loss < polished.before
    lrs = np.array(rates)
    assert lrs.max() == pytest.approx(fast.POLISH_LR, rel=0.01)
    assert lrs[-1] < 0.05 * fast.POLISH_LR  # the cycle was completed
    assert 0.1 < lrs.argmax() / len(lrs) < 0.5


def test_polishing_that_is_no_gain_is_undone():
    learn = learner(steps_hurt=True)
    before = {name: weight.clone() for name, weight in learn.model.state_dict().items()}
    polished = fast.polish(learn, fast.Clock(time.monotonic(), 1))
    assert not polished.kept
    assert polished.loss > polished.before
    assert all(torch.equal(weight, before[name]) for name, weight in learn.model.state_dict().items())
