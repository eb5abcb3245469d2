"""Every snippet for programs is run as it stands; only the address is another. Those for pages: tests/browser/test_web.py."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys

import pytest

from model import Classifier
from tests.running import ROOT
from tests.snippets import ADDRESS, snippets

TEACH = snippets("bash", "curl --output my-model.zip")
CURL = [snippet for snippet in snippets("bash", "curl ") if snippet not in TEACH]
PYTHON, JAVASCRIPT = snippets("python"), snippets("javascript")


def named(snippet) -> str:
    return snippet.where


def output(command: list[str]) -> str:
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=120)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_there_are_snippets_of_every_kind():
    text = "".join(snippet.code for snippet in [*PYTHON, *JAVASCRIPT, *snippets("html")])
    assert len(CURL) >= 2
    assert len(TEACH) >= 1
    for client in (
        "requests",
        "InferenceClient",
        "gradio_client",
        "mcp",
        "@gradio/client",
        "fetch(",
        "model import Classifier",
    ):
        assert client in text
    assert all(ADDRESS in snippet.code for snippet in [*CURL, *TEACH, *JAVASCRIPT])


@pytest.mark.parametrize("snippet", CURL, ids=named)
def test_curl(snippet, app):
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    assert '"label":"Cat"' in output([*shlex.split(snippet.against(app.url)), "--silent", "--fail"])


@pytest.mark.parametrize("snippet", TEACH, ids=named)
def test_what_curl_taught_is_a_model(snippet, app, tmp_path):
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    target = tmp_path / "my-model.zip"
    code = snippet.against(app.url).replace("my-model.zip", str(target)).replace("\\\n", " ")
    output([*shlex.split(code), "--silent", "--show-error", "--fail-with-body"])
    shutil.unpack_archive(target, tmp_path)
    photo = ROOT / "ui" / "inside" / "patches" / "drawn-stripes-red-green.jpg"
    assert Classifier.load(tmp_path / "my-model").classify([photo])[0].label == "stripes"


@pytest.mark.parametrize("snippet", PYTHON, ids=named)
def test_python(snippet, app):
    if "import mcp" in snippet.code or "from mcp" in snippet.code:
        pytest.importorskip("mcp", reason='needs pip install "gradio[mcp]"')
    assert "Cat" in output([sys.executable, "-W", "error", "-c", snippet.against(app.url)])


@pytest.mark.parametrize("snippet", JAVASCRIPT, ids=named)
def test_javascript_in_node(snippet, app, web):
    script = web / "snippet.mjs"  # beside node_modules, where Node looks for packages
    script.write_text(snippet.against(app.url), "utf-8")
    label, score = output(["node", str(script)]).split()
    assert label == "Cat"
    assert float(score) > 0.99
