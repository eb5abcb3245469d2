"""Datasets of rows: what cannot be had is said, whatever the library's error says."""

from __future__ import annotations

import pytest
import torchvision

from training.data.dataset_rows import hub_rows, torchvision_rows
from training.data.photos import DataError


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RuntimeError(""), r"could not be downloaded \(RuntimeError\)"),
        (OSError("\nno route\nto host"), r"could not be downloaded \(no route\)"),
    ],
)
def test_a_download_that_fails_is_said_even_where_the_error_is_silent(tmp_path, monkeypatch, error, words):
    def fail(*args, **options):
        raise error

    monkeypatch.setattr(torchvision.datasets, "CIFAR10", fail)
    with pytest.raises(DataError, match=rf"torchvision:CIFAR10 {words}; name a folder"):
        list(torchvision_rows("torchvision:CIFAR10", tmp_path))


@pytest.mark.parametrize(("error", "words"), [(ValueError("\n"), "ValueError$"), (ValueError("odd\nmore"), "odd$")])
def test_a_dataset_that_cannot_be_loaded_is_said(monkeypatch, error, words):
    def fail(name):
        raise error

    monkeypatch.setattr("datasets.load_dataset", fail)
    with pytest.raises(DataError, match=f"someone/pets is not a folder here.*: {words}"):
        list(hub_rows("someone/pets"))


def test_another_name_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(DataError, match="torchvision:Pets is not known; there are torchvision:CIFAR10, "):
        list(torchvision_rows("torchvision:Pets", tmp_path))
