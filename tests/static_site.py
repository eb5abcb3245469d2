"""web/ as a site would serve it: a copy with what npm installs, and a plain server for static files."""

from __future__ import annotations

import functools
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from model.source import STARTER
from tests.running import ROOT

WEB = ROOT / "web"


def install(folder: Path) -> Path:
    """A copy of web/ in `folder`, with its npm packages and with the starter in vendor/; skips where npm cannot."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("needs Node and npm (https://nodejs.org)")
    site = folder / "web"
    shutil.copytree(WEB, site, ignore=shutil.ignore_patterns("node_modules", "vendor"))
    installed = subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=site, capture_output=True, text=True
    )
    if installed.returncode:
        problem = installed.stderr.strip().splitlines()[-1:]
        pytest.skip(f"npm cannot install the packages of web/package.json: {problem}")
    subprocess.run([node, "vendor.mjs", str(STARTER)], cwd=site, check=True)
    return site


@dataclass
class Site:
    """A static site; `localhost` and `127.0.0.1` are two origins of it."""

    port: int
    requests: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def other_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def serving(folder: Path) -> Iterator[Site]:
    """Serve `folder` on a free port until the block ends."""

    class Handler(SimpleHTTPRequestHandler):
        extensions_map = SimpleHTTPRequestHandler.extensions_map | {".mjs": "text/javascript", ".wasm": "application/wasm"}

        def log_message(self, format: str, *values: object) -> None:
            site.requests.append(f"{self.command} {self.path}")

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
    site = Site(server.server_port)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
