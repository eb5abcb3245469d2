"""What people call a network, told from the names in its pickle."""

from __future__ import annotations

from pathlib import Path

import pytest
import timm
import torch
import torchvision
from torch import nn

from model.fastai_export.architecture_name import architecture_name
from model.fastai_export.torch_file import TorchFile


def name_of(network: nn.Module, path: Path) -> str:
    torch.save(network, path)
    return architecture_name(TorchFile(path).value)


@pytest.mark.parametrize(
    ("version", "name"),
    [
        ("resnet18", "resnet18"),
        ("resnet34", "resnet34"),
        ("resnet50", "resnet50"),
        ("mobilenet_v2", "mobilenet_v2"),
        ("mobilenet_v3_small", "mobilenet_v3"),
        ("squeezenet1_1", "squeezenet"),
    ],
)
def test_networks_of_torchvision(tmp_path, version, name):
    assert name_of(torchvision.models.get_model(version), tmp_path / "a.pkl") == name


def test_networks_of_timm_know_their_name(tmp_path):
    assert name_of(timm.create_model("test_resnet"), tmp_path / "a.pkl") == "timm test_resnet"


def test_a_body_without_its_head_is_told_too(tmp_path):
    body = nn.Sequential(*list(torchvision.models.resnet34().children())[:-2])
    assert name_of(nn.Sequential(body, nn.Linear(512, 2)), tmp_path / "a.pkl") == "resnet34"


def test_what_no_name_gives_away_is_a_custom_network(tmp_path):
    assert name_of(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), tmp_path / "a.pkl") == "custom network"
