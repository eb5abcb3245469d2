"""A small Hub on this machine: enough HTTP for the real huggingface_hub client to download from."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "a" * 40
OLD_COMMIT = "b" * 40


@dataclass
class Hub:
    """What the server holds and what was asked of it.

    Attributes:
        files: content by (repository, commit, file name).
        faults: an answer by repository that is given instead: (status, X-Error-Code), or "truncate".
    """

    url: str = ""
    files: dict[tuple[str, str, str], bytes] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=lambda: {"main": COMMIT})
    faults: dict[str, tuple[int, str] | str] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    def add(self, repo: str, files: dict[str, bytes], commit: str = COMMIT) -> None:
        """Put files into a repository."""
        self.files |= {(repo, commit, name): content for name, content in files.items()}


@contextmanager
def running_hub() -> Iterator[Hub]:
    """A `Hub` that answers at `hub.url` until the block ends."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments: object) -> None:
            hub.requests.append(f"{self.command} {self.path}")

        def do_HEAD(self) -> None:
            self._answer(send_body=False)

        def do_GET(self) -> None:
            self._answer(send_body=True)

        def _refuse(self, status: int, code: str) -> None:
            self.send_response(status)
            self.send_header("X-Error-Code", code)
            self.send_header("X-Error-Message", code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _answer(self, send_body: bool) -> None:
            parts = self.path.split("?")[0].strip("/").split("/")
            if len(parts) < 5 or parts[2] != "resolve":
                return self._refuse(404, "EntryNotFound")
            repo, revision, name = "/".join(parts[:2]), parts[3], "/".join(parts[4:])
            fault = hub.faults.get(repo)
            if isinstance(fault, tuple):
                return self._refuse(*fault)
            if not any(repo == known for known, _, _ in hub.files):
                return self._refuse(404, "RepoNotFound")
            commit = hub.branches.get(revision, revision)
            if not any((repo, commit) == known[:2] for known in hub.files):
                return self._refuse(404, "RevisionNotFound")
            content = hub.files.get((repo, commit, name))
            if content is None:
                return self._refuse(404, "EntryNotFound")
            self.send_response(200)
            self.send_header("X-Repo-Commit", commit)
            self.send_header("ETag", f'"{hashlib.sha1(content).hexdigest()}"')
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if send_body:
                self.wfile.write(content[: len(content) // 2] if fault == "truncate" else content)
                if fault == "truncate":
                    self.close_connection = True
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
