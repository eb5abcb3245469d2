"""On a ZeroGPU Space the package `spaces` looks for a marked function when the app starts; elsewhere there is none."""

from __future__ import annotations

import subprocess
import sys

from tests.running import ROOT

FAKE = "marked = []\n\ndef GPU(function):\n    marked.append(function.__name__)\n    return function\n"


def test_the_app_marks_a_function_where_the_package_is(tmp_path):
    (tmp_path / "spaces.py").write_text(FAKE, "utf-8")
    code = f"import sys; sys.path[:0] = {[str(ROOT), str(tmp_path)]!r}; import app, spaces; print(spaces.marked)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "['on_gpu']"
