"""Forty photos of two things, no GPU, one command: a model folder, a report, a published model and a running Space."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import httpx
import pytest

from model import Classifier
from tests.hub import TOKEN, running_hub, space_environment
from tests.running import ROOT, running_app
from tests.training.test_fine_tune import plain

MODEL, SPACE = "alice/colours", "alice/colours-app"


@pytest.mark.slow
def test_one_command_from_forty_photos_to_a_space(tmp_path):
    plain(tmp_path / "photos" / "red", (200, 40, 40), 20)
    plain(tmp_path / "photos" / "blue", (40, 40, 200), 20)
    command = [sys.executable, "-m", "training.fine_tune", "--data", str(tmp_path / "photos"), "--out", str(tmp_path / "model")]
    command += ["--arch", "resnet18", "--weights", "none", "--size", "64", "--epochs", "1"]
    command += ["--push", MODEL, "--space", SPACE]
    log = tmp_path / "log.txt"
    with running_hub() as hub, log.open("wb") as output:
        account = {"HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN, "HF_HOME": str(tmp_path / "home"), "HF_HUB_DISABLE_XET": "1"}
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | account, stdout=output, stderr=subprocess.STDOUT)
        try:
            while not hub.asked("/runtime") and process.poll() is None:
                time.sleep(0.1)
            assert process.poll() is None, log.read_text("utf-8")
            with running_app(space_environment(hub, SPACE, tmp_path / "space"), [str(tmp_path / "space" / "app.py")]) as app:
                made = hub.repositories[f"spaces/{SPACE}"]
                made.host, made.stages = app.url, ["RUNNING"]
                assert process.wait(300) == 0, log.read_text("utf-8")
                photo = (tmp_path / "photos" / "red" / "0.jpg").read_bytes()
                served = httpx.post(f"{app.url}/api/classify", content=photo).json()
        finally:
            process.kill()
            process.wait()
        published = hub.repositories[MODEL]
    assert "report/report.html" in published.files
    assert {"config.json", "model.onnx", "model.safetensors", "model.pkl", "README.md"} < published.files.keys()
    assert list(published.tags) == ["v1"]
    assert made.variables == {"MODEL_REPO": MODEL, "MODEL_REVISION": published.head}
    assert f"{SPACE} answers" in log.read_text("utf-8")
    ours = Classifier.load(str(tmp_path / "model")).classify([tmp_path / "photos" / "red" / "0.jpg"])[0]
    assert served[0]["label"] == ours.label
    assert abs(served[0]["score"] - ours.probability) < 1e-9
