"""The app starts without what only later steps need, so that the first answer is there soon."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.pictures import CAT
from tests.running import ROOT

FIRST_ANSWER = """
import asyncio, sys
import app
settings = app.Settings.from_environment({})
service = app.Service(app.Classifier.load())
app.build(service, settings)
app.app_options(service, settings)
print(asyncio.run(service.answer(sys.argv[1])).label, *sys.modules, sep="\\n")
"""
LATER = ["torch", "torchvision", "fastai", "timm", "onnx", "scipy", "contourpy", "pillow_heif", "matplotlib", "training"]


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """The packages that are loaded when the first photo was answered."""
    command = [sys.executable, "-c", FIRST_ANSWER, str(CAT)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    answer, *modules = done.stdout.split()
    assert answer == "Cat"
    return {module.partition(".")[0] for module in modules}


def test_the_first_answer_needs_onnxruntime(loaded):
    assert {"onnxruntime", "gradio", "model", "ui"} <= loaded


@pytest.mark.parametrize("package", LATER)
def test_what_only_later_steps_need_is_not_loaded(loaded, package):
    assert package not in loaded
