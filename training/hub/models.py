"""Publish a model folder on the Hub, as a version that was downloaded again and found identical."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from huggingface_hub.errors import RepositoryNotFoundError
from safetensors import SafetensorError, safe_open

from model.agreement import drawn_photos
from model.classifier import Classifier
from model.errors import ModelError
from model.folder import CARD, CONFIG, ONNX, WEIGHTS, load_folder
from training.hub.client import File, PublishError, check_access, check_ours, commit_files, talking_to_hub
from training.hub.spaces import publish_space
from training.quality.card import LEARNER, PICTURES, REPORT

REQUIRED = (CONFIG, ONNX, WEIGHTS, CARD)
OPTIONAL = (LEARNER, *(f"{REPORT}/{name}" for name in ("report.html", "metrics.json", *PICTURES)))


def push(folder: Path, repo: str, *, version: str | None = None, private: bool = False) -> str:
    """Publish a model folder as a version of the Hub repository `repo`.

    The files are committed at once, downloaded again, compared byte by byte, and the downloaded model must give the
    same logits, bit by bit, as the folder. Only then is the version tagged. Whatever fails, main is as it was or has
    the new files, and no tag is set.

    Args:
        folder: a model folder; of what lies in it, only `REQUIRED` and `OPTIONAL` are uploaded.
        repo: `user/name`; created if it does not exist.
        version: the tag; the next of v1, v2... by default.
        private: make a new repository private; an existing public one is refused.

    Returns:
        The commit (40 hex digits).

    Raises:
        ModelError: the folder is not a complete model folder.
        PublishError: it could not be published; the message says why.
    """
    ours, files = _read(folder, repo)
    if version is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", version):
        raise PublishError(f"{version!r} cannot be the name of a version: use letters, digits, dots, - and _, as in v1")
    check_access(repo)
    with talking_to_hub(repo, "published") as api:
        try:
            info = api.model_info(repo)
        except RepositoryNotFoundError:
            api.create_repo(repo, private=private or None)  # None: public, or what its organisation has chosen
            info = api.model_info(repo)
        if private and not info.private:
            raise PublishError(f"{repo} exists and is public: make it private there, or leave out --private")
        names = {sibling.rfilename for sibling in info.siblings or []}
        check_ours(repo, names, {CONFIG, ONNX}, "a model")
        refs = api.list_repo_refs(repo)
        version = _free_version(repo, version, {ref.name for ref in (*refs.tags, *refs.branches)})
        obsolete = names.intersection(OPTIONAL) - files.keys()
        print(f"{repo} {version}: uploading {', '.join(files)}")
        commit = commit_files(api, repo, files, obsolete, parent=info.sha, message=f"Publish {version}")
    _check_download(repo, commit, files, ours)
    with talking_to_hub(f"{repo} at {commit}", f"tagged {version}") as api:
        api.create_tag(repo, tag=version, revision=commit)
    print(f"{repo} {version}: {api.endpoint}/{repo}/tree/{version} (commit {commit}), downloaded again and identical")
    return commit


def _read(folder: Path, repo: str) -> tuple[Classifier, dict[str, File]]:
    """The classifier in a model folder, and the content of every listed file that is there, by name.

    Raises:
        ModelError: a file is missing or damaged; the message names it.
    """
    classifier = load_folder(folder)
    if missing := [name for name in REQUIRED if not (folder / name).is_file()]:
        raise ModelError(f"{folder} is not a complete model folder: {', '.join(missing)} is missing")
    try:
        with safe_open(folder / WEIGHTS, "numpy"):
            pass
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{folder / WEIGHTS} is not a safetensors file: {error}") from None
    files: dict[str, File] = {name: folder / name for name in (*REQUIRED, *OPTIONAL) if (folder / name).is_file()}
    card = (folder / CARD).read_text("utf-8")
    files[CARD] = re.sub(r'(?<=Classifier\.load\(")[^"\n]*(?="\))', lambda _: repo, card).encode()
    return classifier, files


def _free_version(repo: str, version: str | None, taken: set[str]) -> str:
    """`version`, or the next of v1, v2...

    Raises:
        PublishError: `version` is taken.
    """
    if version is None:
        return f"v{max((int(name[1:]) for name in taken if re.fullmatch('v[0-9]{1,9}', name)), default=0) + 1}"
    if version in taken:
        raise PublishError(f"{repo} has a {version} already: leave out --version, or name another one")
    return version


def _check_download(repo: str, commit: str, files: Mapping[str, File], ours: Classifier) -> None:
    """Download `files` at `commit` into an empty cache and compare them, and the answers they give, with ours.

    Raises:
        PublishError: something differs, or cannot be downloaded.
    """
    subject = f"{repo} at {commit}, which is not tagged as a version,"
    with tempfile.TemporaryDirectory(prefix="cat-or-dog-", ignore_cleanup_errors=True) as cache:
        with talking_to_hub(subject, "downloaded again") as api:
            paths = {name: Path(api.hf_hub_download(repo, name, revision=commit, cache_dir=cache)) for name in files}
        for name, path in paths.items():
            if _sha256(path) != _sha256(files[name]):
                raise PublishError(f"{subject} came back with a {name} that differs from what was sent: run this again")
        try:
            theirs = load_folder(paths[CONFIG].parent, commit)
        except ModelError as error:
            raise PublishError(f"{subject} cannot be opened: {error}") from None
        photos = drawn_photos()
        expected, again = ([model.logits([model.prepare(photo)]) for photo in photos] for model in (ours, theirs))
        if not np.array_equal(expected, again):
            raise PublishError(f"{subject} gives other answers than the folder does: run this again")


def _sha256(content: File) -> str:
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def publish_trained(out: Path, repo: str | None, space: str | None, private: bool) -> None:
    """Publish a folder that was just written, where a repository is named, and the app with it, where a Space is.

    Raises:
        SystemExit: it is written, but not published; the message says why, and how to publish it later.
    """
    if not repo:
        return
    try:
        commit = push(out, repo, private=private)
        if space:
            publish_space(space, repo, commit, private=private)
    except (ModelError, PublishError) as error:
        again = f"python -m training.publish {out} {repo}" + (f" --space {space}" if space else "")
        raise SystemExit(f"The model is written, but not published: {error}\nTo publish it later: {again}") from None
