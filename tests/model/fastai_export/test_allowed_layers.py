"""Which classes may become layers."""

from __future__ import annotations

from pathlib import Path

import pytest
from torch import nn

from model.fastai_export.allowed_layers import LayerError, callers_class, library_class

PATH = Path("model.pkl")


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("torch.nn.modules.conv.Conv2d", nn.Conv2d),
        ("fastai.layers.LinBnDrop", nn.Sequential),
        ("torch.nn.modules.container.Sequential", nn.Sequential),
    ],
)
def test_layers_of_the_libraries(name, cls):
    assert library_class(name, PATH) is cls


def test_layers_that_older_versions_defined_elsewhere():
    from timm.layers import ConvNormAct
    from torchvision.models.mobilenetv2 import MobileNetV2

    assert library_class("torchvision.models.mobilenet.MobileNetV2", PATH) is MobileNetV2
    assert library_class("timm.models.layers.conv_bn_act.ConvNormAct", PATH) is ConvNormAct


@pytest.mark.parametrize(
    "name",
    [
        "",
        "os.system",
        "torch.nn.functional.relu",  # no class
        "torch.nn.modules.conv.F.relu",  # a name of another module, reached through an allowed one
        "torch.nn.modules.conv.Parameter",  # a class, and no layer
        "torch.nn.modules.rnn.LSTM",  # its __setstate__ loops as often as the file says
        "torch.nn.modulesx.Linear",
        "torchvision.datasets.folder.ImageFolder",
        "fastai.learner.Learner",
        "tests.exports.layers.Scale",
    ],
)
def test_nothing_else_becomes_a_layer(name):
    assert library_class(name, PATH) is None


def test_a_library_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setattr("model.fastai_export.allowed_layers.LIBRARIES", ("no_such_library.layers",))
    with pytest.raises(LayerError, match=r"model\.pkl has layers of no_such_library, which is not installed: pip install"):
        library_class("no_such_library.layers.Swirl", PATH)


def test_a_class_of_the_callers_own():
    from tests.exports.layers import Scale

    assert callers_class("tests.exports.layers.Scale") is Scale


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("nowhere.Halve", "cannot be imported: No module named 'nowhere'"),
        ("pathlib.Path", "not a layer"),
        ("tests.exports.layers.Quarter", "cannot be imported"),
        ("Halve", "cannot be imported: Empty module name"),
    ],
)
def test_a_wrong_allowance_is_a_sentence(place, words):
    with pytest.raises(LayerError, match=words):
        callers_class(place)
