from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

import pytest

from model import Classifier
from model.source import STARTER
from tests.running import running_app
from tests.static_site import Site, install, serving

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # programs that share the cores do not spin while they wait


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    """The embedded starter."""
    return Classifier.load()


@pytest.fixture(scope="session")
def app():
    """The real app in a process of its own, with the embedded starter."""
    with running_app() as server:
        yield server


@pytest.fixture
def interruptible():
    """Programs started by the test hear Ctrl-C, also where the tests run in the background of a shell, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def web(tmp_path_factory) -> Path:
    """A copy of web/ with its npm packages installed."""
    return install(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def site(web):
    """That copy, served as another site than the app's."""
    with serving(web) as site:
        yield site


@pytest.fixture(scope="session")
def open_app(site: Site):
    """An app that lets the pages of `site` call it."""
    with running_app({"CORS_ORIGINS": f"https://my.site,{site.url}"}) as server:
        yield server


@pytest.fixture
def folder(tmp_path) -> Path:
    """A copy of the starter that a test may damage."""
    return Path(shutil.copytree(STARTER, tmp_path / "model"))


@pytest.fixture
def config(folder):
    """The copy's config.json as a dictionary, and a function that writes it back."""
    path = folder / "config.json"
    return json.loads(path.read_text("utf-8")), lambda document: path.write_text(json.dumps(document), "utf-8")
