"""A small Hub on this machine: the endpoints that the real huggingface_hub client publishes to and downloads from.

The paths and bodies are those of huggingface_hub 2.4 (`hf_api.py`, `_commit_api.py`, `lfs.py`, `file_download.py`). A Space's
visitors sign in by OpenID Connect, as Gradio's `oauth.py` wants it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

COMMIT = "a" * 40
OLD_COMMIT = "b" * 40
TOKEN = "hf_write"
VISITOR = "hf_oauth_visitor"  # what a visitor who signs in gives a Space: a token of the scope contribute-repos
SLOW_SECONDS = 2
_SIGNING_KEY = b"signs who somebody is, for a test"
LFS_SUFFIXES = (".onnx", ".safetensors", ".pkl", ".png", ".jpg", ".npz")


@dataclass
class Fault:
    """What is done instead of answering.

    Attributes:
        status: an error status, with `code` in X-Error-Code and `message` in X-Error-Message, and `headers`.
        way: without a status: `cut` the connection before the work, `lose` the answer after it, be `slow`; of a download,
            `truncate` it, serve a `short` file, or `corrupt` its bytes; of a commit, let somebody else's come first (`race`).
        times: how often, before all is well again.
    """

    status: int = 0
    code: str = ""
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    way: str = ""
    times: int = 1_000_000


@dataclass
class Repository:
    """A model, a dataset, or a Space.

    Attributes:
        commits: the files of every commit, by name.
        head: what main points at.
        stages: a Space's stages; each question for its runtime moves on to the next, and the last one stays.
        runtime: what else its runtime says, as `errorMessage`.
        host: where a Space's app answers.
        creator: the token that created it: that of a visitor may write to nothing else.
    """

    commits: dict[str, dict[str, bytes]]
    head: str
    private: bool = False
    tags: dict[str, str] = field(default_factory=dict)
    sdk: str | None = None
    variables: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    stages: list[str] = field(default_factory=lambda: ["RUNNING"])
    runtime: dict[str, Any] = field(default_factory=dict)
    hardware: str = "cpu-basic"
    host: str = ""
    creator: str | None = None

    @property
    def files(self) -> dict[str, bytes]:
        """What main holds."""
        return self.commits[self.head]

    def commit(self, revision: str) -> str | None:
        """The commit that a branch, a tag or a commit stands for."""
        commit = self.head if revision == "main" else self.tags.get(revision, revision)
        return commit if commit in self.commits else None


def whoami(role: str = "write", **token: Any) -> dict[str, Any]:
    """What /api/whoami-v2 says about a token of alice, who may write to the organisation pets and read from zoo."""
    return {
        "type": "user",
        "name": "alice",
        "orgs": [{"name": "pets", "roleInOrg": "write"}, {"name": "zoo", "roleInOrg": "read"}],
        "auth": {"accessToken": {"displayName": "a token", "role": role} | token},
    }


def whoami_signed_in() -> dict[str, Any]:
    """What it says about a token that alice gave by signing in: no organisations, and nothing of its rights."""
    return {"type": "user", "name": "alice", "orgs": [], "auth": {"type": "oauth"}}


@dataclass
class Hub:
    """What the server holds and what was asked of it.

    Attributes:
        repositories: by `user/name`, Spaces by `spaces/user/name`, datasets by `datasets/user/name`.
        faults: by endpoint (`commit`, `upload`...; a function's name in `_Answers`), or by repository for its downloads.
            (status, code), a way or a `Fault`.
        tokens: what `whoami` says, by token.
        tokens_seen: those that came with requests; None where there was none.
        objects: what was uploaded by the LFS protocol, by SHA-256.
        refused_objects: why no more objects are taken.
    """

    url: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    faults: dict[str, Fault | tuple[int, str] | str] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    tokens: dict[str, dict[str, Any]] = field(default_factory=lambda: {TOKEN: whoami(), VISITOR: whoami_signed_in()})
    tokens_seen: set[str | None] = field(default_factory=set)
    objects: dict[str, bytes] = field(default_factory=dict)
    refused_objects: str = ""

    def add(self, repo: str, files: dict[str, bytes], commit: str = COMMIT) -> Repository:
        """Put files into a repository; the commit that was added first is main."""
        repository = self.repositories.setdefault(repo, Repository({}, commit))
        repository.commits.setdefault(commit, {}).update(files)
        return repository

    def fault(self, *names: str) -> Fault | None:
        """The fault that strikes now, if any."""
        for name in names:
            found = self.faults.get(name)
            if isinstance(found, tuple):
                return Fault(*found)
            if isinstance(found, str):
                return Fault(way=found)
            if found is not None and found.times > 0:
                found.times -= 1
                return found
        return None

    def asked(self, *parts: str) -> list[str]:
        """The requests whose line holds all of `parts`."""
        return [line for line in self.requests if all(part in line for part in parts)]


@dataclass
class Answer:
    """An HTTP answer."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class Refused(Exception):
    """An answer with an error status, as the Hub words it."""

    def __init__(
        self, status: int, code: str, message: str = "", headers: dict[str, str] | None = None, body: object = None
    ) -> None:
        self.answer = _json(body or {})
        self.answer.status = status
        self.answer.headers |= {"X-Error-Code": code, "X-Error-Message": message or code} | (headers or {})


def _json(document: Any) -> Answer:
    return Answer(json.dumps(document).encode(), headers={"Content-Type": "application/json"})


def _is_lfs(name: str) -> bool:
    return name.endswith(LFS_SUFFIXES)


def _git_hash(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class _Answers:
    """One method per endpoint: its name is what faults are filed under."""

    def __init__(self, hub: Hub, token: str | None, body: bytes) -> None:
        self.hub, self.token, self.body = hub, token, body

    def whoami(self) -> Answer:
        return _json(self._who())

    def openid(self) -> Answer:
        paths = {"authorization_endpoint": "/oauth/authorize", "token_endpoint": "/oauth/token", "jwks_uri": "/oauth/jwks"}
        addresses = {name: self.hub.url + path for name, path in paths.items()}
        return _json({"issuer": self.hub.url, "id_token_signing_alg_values_supported": ["HS256"]} | addresses)

    def jwks(self) -> Answer:
        return _json({"keys": [{"kty": "oct", "k": _base64url(_SIGNING_KEY)}]})

    def sign_in(self) -> Answer:
        """The token of alice, who has agreed; the code is the nonce of the request that she agreed to."""
        client = base64.b64decode((self.token or "").removeprefix("Basic ")).decode().partition(":")[0]
        (nonce,) = parse_qs(self.body.decode())["code"]
        now = int(time.time())
        about = {"sub": "62a", "name": "Alice", "preferred_username": "alice", "profile": "", "picture": ""}
        claims = about | {"iss": self.hub.url, "aud": client, "nonce": nonce, "iat": now, "exp": now + 600}
        signed = ".".join(_base64url(json.dumps(part).encode()) for part in ({"alg": "HS256"}, claims))
        signature = _base64url(hmac.digest(_SIGNING_KEY, signed.encode(), "sha256"))
        token = {"access_token": VISITOR, "token_type": "bearer", "expires_in": 28800, "scope": "contribute-repos"}
        return _json(token | {"id_token": f"{signed}.{signature}"})

    def create(self) -> Answer:
        wish = json.loads(self.body)
        self._may_write(wish["organization"])
        kind = {"space": "spaces/", "dataset": "datasets/"}.get(wish.get("type", "model"), "")
        name = f"{wish['organization']}/{wish['name']}"
        if kind + name in self.hub.repositories:
            raise Refused(409, "", "You already created this repo", body={"url": f"{self.hub.url}/{kind}{name}"})
        first = hashlib.sha1(name.encode()).hexdigest()
        self.hub.repositories[kind + name] = Repository(
            {first: {".gitattributes": b"*.onnx filter=lfs\n"}},
            first,
            private=wish.get("visibility") == "private",
            sdk=wish.get("sdk"),
            hardware=wish.get("hardware", "cpu-basic"),
            variables={variable["key"]: variable["value"] for variable in wish.get("variables", [])},
            stages=["BUILDING"],
            creator=self.token,
        )
        return _json({"url": f"{self.hub.url}/{kind}{name}"})

    def validate_yaml(self) -> Answer:
        is_valid = json.loads(self.body)["content"].startswith("---\n")
        document = {"errors": [] if is_valid else [{"message": "no metadata"}], "warnings": []}
        return Answer(json.dumps(document).encode(), status=200 if is_valid else 400)

    def auth_check(self, key: str) -> Answer:
        self._repository(key)
        self._writable(key)
        return _json({})

    def info(self, key: str, revision: str = "main") -> Answer:
        repository = self._repository(key)
        commit = self._commit(repository, revision)
        name = _name(key)
        return _json(
            {
                "id": name,
                "modelId": name,
                "sha": commit,
                "private": repository.private,
                "siblings": [{"rfilename": path, "size": len(file)} for path, file in repository.commits[commit].items()],
                "sdk": repository.sdk,
                "host": repository.host,
            }
        )

    def refs(self, key: str) -> Answer:
        repository = self._repository(key)
        tags = [{"name": n, "ref": f"refs/tags/{n}", "targetCommit": c} for n, c in repository.tags.items()]
        branches = [{"name": "main", "ref": "refs/heads/main", "targetCommit": repository.head}]
        return _json({"branches": branches, "tags": tags, "converts": []})

    def preupload(self, key: str) -> Answer:
        repository = self._writable(key)
        files = []
        for asked in json.loads(self.body)["files"]:
            known = repository.files.get(asked["path"])
            is_lfs = _is_lfs(asked["path"])
            oid = None if known is None else hashlib.sha256(known).hexdigest() if is_lfs else _git_hash(known)
            mode = "lfs" if is_lfs else "regular"
            files.append({"path": asked["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        return _json({"files": files})

    def batch(self, key: str) -> Answer:
        self._writable(key)
        objects = []
        for wanted in json.loads(self.body)["objects"]:
            if self.hub.refused_objects:
                wanted["error"] = {"code": 507, "message": self.hub.refused_objects}
            elif wanted["oid"] not in self.hub.objects:
                wanted["actions"] = {
                    "upload": {"href": f"{self.hub.url}/upload/{wanted['oid']}"},
                    "verify": {"href": f"{self.hub.url}/verify/{wanted['oid']}"},
                }
            objects.append(wanted)
        return _json({"transfer": "basic", "objects": objects})

    def upload(self, oid: str) -> Answer:
        if hashlib.sha256(self.body).hexdigest() != oid:
            raise Refused(400, "BadDigest", "the checksum does not match")
        self.hub.objects[oid] = self.body
        return Answer()

    def verify(self, oid: str) -> Answer:
        wanted = json.loads(self.body)
        if len(self.hub.objects.get(oid, b"")) != wanted["size"]:
            raise Refused(404, "", "no such object")
        return _json({})

    def commit(self, key: str) -> Answer:
        repository = self._writable(key)
        lines = [json.loads(line) for line in self.body.splitlines()]
        parent = lines[0]["value"].get("parentCommit")
        if parent not in (None, repository.head):
            raise Refused(412, "", "A commit has happened since. Please refresh and try again.")
        files = dict(repository.files)
        for line in lines[1:]:
            value = line["value"]
            match line["key"]:
                case "file":
                    files[value["path"]] = base64.b64decode(value["content"])
                case "lfsFile":
                    files[value["path"]] = self.hub.objects[value["oid"]]
                case "deletedFile":
                    del files[value["path"]]
        commit = hashlib.sha1(repository.head.encode() + self.body).hexdigest()
        repository.commits[commit] = files
        repository.head = commit
        return _json({"commitUrl": f"{self.hub.url}/{key}/commit/{commit}", "commitOid": commit})

    def tag(self, key: str, revision: str) -> Answer:
        repository = self._writable(key)
        name = json.loads(self.body)["tag"]
        if name in repository.tags:
            raise Refused(409, "", f"Tag {name} already exists")
        repository.tags[name] = self._commit(repository, revision)
        return _json({})

    def variables(self, key: str) -> Answer:
        repository = self._writable(key)
        if self.body:
            wish = json.loads(self.body)
            repository.variables[wish["key"]] = wish["value"]
        return _json({name: {"value": value} for name, value in repository.variables.items()})

    def secrets(self, key: str) -> Answer:
        return _json({name: {} for name in self._writable(key).secrets})

    def hardware(self, key: str) -> Answer:
        repository = self._writable(key)
        repository.hardware = json.loads(self.body)["flavor"]
        return self.runtime(key)

    def runtime(self, key: str) -> Answer:
        repository = self._repository(key)
        stage = repository.stages.pop(0) if len(repository.stages) > 1 else repository.stages[0]
        hardware = {"current": None, "requested": repository.hardware}
        return _json({"stage": stage, "hardware": hardware, "sha": repository.head} | repository.runtime)

    def resolve(self, key: str, revision: str, name: str) -> Answer:
        repository = self._repository(key)
        commit = self._commit(repository, revision)
        content = repository.commits[commit].get(name)
        if content is None:
            raise Refused(404, "EntryNotFound")
        etag = hashlib.sha256(content).hexdigest() if _is_lfs(name) else _git_hash(content)
        return Answer(content, headers={"X-Repo-Commit": commit, "ETag": f'"{etag}"'})

    def tree(self, key: str, revision: str, name: str = "") -> Answer:
        """All that lies below a folder, at every depth: what it was asked for and more."""
        repository = self._repository(key)
        files = repository.commits[self._commit(repository, revision)]
        inside = [path for path in files if path.startswith(f"{name}/" if name else "")]
        return _json([_path_info(files, path) for path in _with_folders(inside) if path != name and path.startswith(name)])

    def _who(self) -> dict[str, Any]:
        if self.token not in self.hub.tokens:
            raise Refused(401, "", "Invalid credentials in Authorization header")
        return self.hub.tokens[self.token]

    def _may_write(self, namespace: str) -> None:
        who = self._who()
        names = {who["name"], *(org["name"] for org in who["orgs"] if org["roleInOrg"] == "write")}
        if namespace not in names or who["auth"].get("accessToken", {}).get("role") == "read":
            raise Refused(403, "", f"You don't have the rights to write to {namespace}")

    def _is_foreign(self, repository: Repository) -> bool:
        """Whether the token is of a visitor, and the repository was not created with it."""
        return self.token in self.hub.tokens and self._who()["auth"].get("type") == "oauth" and repository.creator != self.token

    def _repository(self, key: str) -> Repository:
        repository = self.hub.repositories.get(key)
        if repository is None or (repository.private and (self.token not in self.hub.tokens or self._is_foreign(repository))):
            raise Refused(404, "RepoNotFound")
        return repository

    def _writable(self, key: str) -> Repository:
        self._may_write(_name(key).split("/")[0])
        repository = self._repository(key)
        if self._is_foreign(repository):
            raise Refused(403, "", f"This app may not write to {_name(key)}")
        return repository

    def _commit(self, repository: Repository, revision: str) -> str:
        commit = repository.commit(revision)
        if commit is None:
            raise Refused(404, "RevisionNotFound")
        return commit


def _with_folders(paths: Iterable[str]) -> list[str]:
    """The paths, and those of all folders that they lie in."""
    return sorted({"/".join(path.split("/")[:depth]) for path in paths for depth in range(1, path.count("/") + 2)})


def _path_info(files: dict[str, bytes], path: str) -> dict[str, Any]:
    content = files.get(path)
    if content is None:
        return {"type": "directory", "path": path, "oid": "0" * 40}
    return {"type": "file", "path": path, "oid": _git_hash(content), "size": len(content)}


def _name(key: str) -> str:
    """`user/name` of a repository of any kind."""
    return key.removeprefix("spaces/").removeprefix("datasets/")


_REPO = r"(?P<kind>models|datasets|spaces)/(?P<name>[^/]+/[^/]+)"
ROUTES: list[tuple[str, str, Callable[..., Answer]]] = [
    ("GET", r"/api/whoami-v2", _Answers.whoami),
    ("GET", r"/\.well-known/openid-configuration", _Answers.openid),
    ("GET", r"/oauth/jwks", _Answers.jwks),
    ("POST", r"/oauth/token", _Answers.sign_in),
    ("POST", r"/api/repos/create", _Answers.create),
    ("POST", r"/api/validate-yaml", _Answers.validate_yaml),
    ("GET", rf"/api/{_REPO}/auth-check/write", _Answers.auth_check),
    ("GET", rf"/api/{_REPO}", _Answers.info),
    ("GET", rf"/api/{_REPO}/revision/(?P<revision>[^/]+)", _Answers.info),
    ("GET", rf"/api/{_REPO}/refs", _Answers.refs),
    ("GET", rf"/api/{_REPO}/tree/(?P<revision>[^/]+)(/(?P<file>.+))?", _Answers.tree),
    ("POST", rf"/api/{_REPO}/preupload/main", _Answers.preupload),
    ("POST", rf"/api/{_REPO}/commit/main", _Answers.commit),
    ("POST", rf"/api/{_REPO}/tag/(?P<revision>[^/]+)", _Answers.tag),
    ("GET|POST", rf"/api/{_REPO}/variables", _Answers.variables),
    ("GET", rf"/api/{_REPO}/secrets", _Answers.secrets),
    ("POST", rf"/api/{_REPO}/hardware", _Answers.hardware),
    ("GET", rf"/api/{_REPO}/runtime", _Answers.runtime),
    ("POST", r"/(?P<key>((spaces|datasets)/)?[^/]+/[^/]+)\.git/info/lfs/objects/batch", _Answers.batch),
    ("PUT", r"/upload/(?P<oid>[0-9a-f]{64})", _Answers.upload),
    ("POST", r"/verify/(?P<oid>[0-9a-f]{64})", _Answers.verify),
    ("GET|HEAD", r"/(?P<key>((spaces|datasets)/)?[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<file>.+)", _Answers.resolve),
]


def _find(method: str, path: str) -> tuple[Callable[..., Answer], dict[str, str]]:
    """The endpoint for a request and its arguments: `key` is the repository's, as in `Hub.repositories`."""
    for methods, pattern, endpoint in ROUTES:
        if method in methods.split("|") and (match := re.fullmatch(pattern, path)):
            arguments = {name: value for name, value in match.groupdict().items() if value is not None}
            if "kind" in arguments:
                kind = arguments.pop("kind")
                arguments["key"] = ("" if kind == "models" else f"{kind}/") + arguments.pop("name")
            if "file" in arguments:
                arguments["name"] = arguments.pop("file").replace("%2F", "/")
            return endpoint, arguments
    raise Refused(404, "EntryNotFound", f"this Hub does not know {method} {path}", {"Connection": "close"})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or every answer waits for 40 ms
    hub: Hub

    def log_message(self, *arguments: object) -> None:
        self.hub.requests.append(f"{self.command} {self.path}")

    def handle(self) -> None:
        with suppress(ConnectionError):  # the client hung up
            super().handle()

    def do_GET(self) -> None:
        way = ""
        try:
            endpoint, arguments = _find(self.command, self.path.split("?")[0])
            fault = self.hub.fault(endpoint.__name__, *([arguments["key"]] if endpoint is _Answers.resolve else []))
            way = fault.way if fault else ""
            if way == "cut":
                self.rfile.read(int(self.headers.get("Content-Length", 0)) // 2)
                return self._cut()
            body = self._body()
            if fault and fault.status:
                raise Refused(fault.status, fault.code, fault.message, fault.headers)
            if way == "slow":
                time.sleep(SLOW_SECONDS)
            if way == "race":
                repository = self.hub.repositories[arguments["key"]]
                repository.commits[COMMIT] = repository.files | {"notes.md": b"by somebody else"}
                repository.head = COMMIT
            token = self.headers.get("Authorization", "").removeprefix("Bearer ") or None
            self.hub.tokens_seen.add(token)
            answer = endpoint(_Answers(self.hub, token, body), **arguments)
        except Refused as refused:
            answer = refused.answer
        if way == "lose":
            return self._cut()
        return self._send(answer, way)

    do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815 - the names that http.server looks for

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _send(self, answer: Answer, way: str) -> None:
        if way == "short":
            answer.body = answer.body[: len(answer.body) // 2]
        self.send_response(answer.status)
        for name, value in ({"Content-Length": str(len(answer.body))} | answer.headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        match way:
            case "truncate":
                self.wfile.write(answer.body[: len(answer.body) // 2])
                self.close_connection = True
            case "corrupt":
                self.wfile.write(answer.body[:-2] + b"  ")
            case _:
                self.wfile.write(answer.body)

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def running_hub() -> Iterator[Hub]:
    """A `Hub` that answers at `hub.url` until the block ends."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def log_in(hub: Hub, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Let this process's huggingface_hub speak to `hub` with a token that may write, and wait little before it tries again.

    It uploads by the LFS protocol: hf_xet needs a storage service that this Hub is not.
    """
    import huggingface_hub.hf_api
    from huggingface_hub.utils import http_backoff

    monkeypatch.setenv("HF_TOKEN", TOKEN)
    constants = "huggingface_hub.constants."
    monkeypatch.setattr(constants + "ENDPOINT", hub.url)
    monkeypatch.setattr(constants + "HUGGINGFACE_CO_URL_TEMPLATE", hub.url + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants + "HF_HUB_CACHE", str(home / "cache"))
    monkeypatch.setattr(constants + "HF_TOKEN_PATH", str(home / "token"))
    monkeypatch.setattr(constants + "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(huggingface_hub.hf_api.api, "endpoint", hub.url)  # the one that gradio_client uses
    monkeypatch.setitem(http_backoff.__kwdefaults__, "base_wait_time", 0.01)
    monkeypatch.setitem(http_backoff.__kwdefaults__, "max_wait_time", 0.01)


def space_environment(hub: Hub, space: str, folder: Path) -> dict[str, str]:
    """Lay out the Space's files as its container has them; the environment it gives the app."""
    made = hub.repositories[f"spaces/{space}"]
    for name, content in made.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return made.variables | {"HF_ENDPOINT": hub.url, "HF_HOME": str(folder / "home"), "HF_HUB_DISABLE_XET": "1"}
