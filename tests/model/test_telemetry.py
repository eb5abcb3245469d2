"""Nothing that serves or trains reports to anybody what it does."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.running import ROOT


def test_onnx_runtime_keeps_no_identifier_and_sends_nothing(tmp_path):
    places = {name: str(tmp_path) for name in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA", "APPDATA", "USERPROFILE")}
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"} | places
    asked = "import os; from model import Classifier; Classifier.load(); print(os.environ['ORT_DISABLE_TELEMETRY'])"
    done = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"
    assert not [path for path in tmp_path.rglob("*") if "onnxruntime" in path.name]
