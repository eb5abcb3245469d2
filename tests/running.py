"""Start an app as its users do, in a process of its own, and wait until it answers."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 180
Result = TypeVar("Result")


@dataclass(frozen=True)
class RunningApp:
    """A server that answers at `url`."""

    url: str
    pid: int
    log: Path


def run_alone(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """What a coroutine gives, on a thread of its own: the browser tests leave an event loop running on this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def free_port() -> int:
    """A TCP port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_app(
    environment: dict[str, str] | None = None, command: list[str] | None = None, path: str = "/health"
) -> Iterator[RunningApp]:
    """Run `python app.py`, or another command, on a free port until the block ends.

    Args:
        environment: variables to add.
        command: arguments of Python; `["app.py"]` by default.
        path: what is asked for until it answers 200.

    Raises:
        RuntimeError: the server ended, or did not answer within three minutes; its output is in the message.
    """
    port = free_port()
    variables = os.environ | {"GRADIO_SERVER_PORT": str(port), "GRADIO_ANALYTICS_ENABLED": "False"} | (environment or {})
    with tempfile.TemporaryDirectory(prefix="cat-or-dog-") as folder:
        log = Path(folder) / "app.log"
        variables.setdefault("GRADIO_TEMP_DIR", str(Path(folder) / "uploads"))
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, *(command or ["app.py"])], cwd=ROOT, env=variables, stdout=output, stderr=output
            )
        try:
            _wait(process, f"http://127.0.0.1:{port}{path}", log)
            yield RunningApp(f"http://127.0.0.1:{port}", process.pid, log)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the app ended with status {process.returncode}:\n{log.read_text('utf-8', 'replace')}")
        try:
            with urllib.request.urlopen(url, timeout=30) as response:
                if response.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.02)
    raise RuntimeError(f"no answer from {url}:\n{log.read_text('utf-8', 'replace')}")
