"""Publish a model folder on the Hub, as a version that was downloaded again and found identical."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from huggingface_hub.errors import RepositoryNotFoundError
from safetensors import SafetensorError, safe_open

from model.agreement import drawn_photos
from model.classifier import Classifier
from model.errors import ModelError
from model.folder import BACKGROUND, CARD, CONFIG, LEARNER, ONNX, REPORT, WEIGHTS, load_folder
from model.hub.client import File, PublishError, check_access, check_ours, commit_files, talking_to_hub

REQUIRED = (CONFIG, ONNX, WEIGHTS, CARD)
PICTURES = ("confusion", "reliability", "top_losses", "robustness", "curves", "predictions")
_REPORT_FILES = ("report.html", "metrics.json", *(f"{name}.png" for name in PICTURES))
OPTIONAL = (BACKGROUND, LEARNER, *(f"{REPORT}/{name}" for name in _REPORT_FILES))


@dataclass(frozen=True)
class Version:
    """A published version of a model.

    Attributes:
        tag: its name, as `v1`.
        commit: what it stands for, 40 hex digits.
        url: the page of the model on the Hub.
    """

    tag: str
    commit: str
    url: str


def push(
    folder: Path,
    repo: str,
    *,
    version: str | None = None,
    private: bool = False,
    needs_weights: bool = True,
    token: str | None = None,
) -> Version:
    """Publish a model folder as a version of the Hub repository `repo`.

    The files are committed at once, downloaded again, compared byte by byte, and the downloaded model must give the
    same logits, bit by bit, as the folder. Only then is the version tagged. Whatever fails, main is as it was or has
    the new files, and no tag is set.

    Args:
        folder: a model folder; of what lies in it, only `REQUIRED` and `OPTIONAL` are uploaded.
        repo: `user/name`; created if it does not exist.
        version: the tag; the next of v1, v2... by default.
        private: make a new repository private; an existing public one is refused.
        needs_weights: refuse a folder without model.safetensors, from which nobody could train on.
        token: as `talking_to_hub` takes it.

    Raises:
        ModelError: the folder is not a complete model folder.
        PublishError: it could not be published; the message says why.
    """
    ours, files = _read(folder, repo, needs_weights)
    if version is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", version):
        raise PublishError(f"{version!r} cannot be the name of a version: use letters, digits, dots, - and _, as in v1")
    check_access(repo, token=token)
    with talking_to_hub(repo, "published", token=token) as api:
        try:
            info = api.model_info(repo)
        except RepositoryNotFoundError:
            api.create_repo(repo, private=private or None)  # None: public, or what its organisation has chosen
            info = api.model_info(repo)
        if private and not info.private:
            raise PublishError(f"{repo} exists and is public: make it private there, or publish without 'private'")
        names = {sibling.rfilename for sibling in info.siblings or []}
        check_ours(repo, names, {CONFIG, ONNX}, "a model")
        refs = api.list_repo_refs(repo)
        version = _free_version(repo, version, {ref.name for ref in (*refs.tags, *refs.branches)})
        obsolete = names.intersection((*REQUIRED, *OPTIONAL)) - files.keys()
        print(f"{repo} {version}: uploading {', '.join(files)}")
        commit = commit_files(api, repo, files, obsolete, parent=info.sha, message=f"Publish {version}")
    _check_download(repo, commit, files, ours, token)
    with talking_to_hub(f"{repo} at {commit}", f"tagged {version}", token=token) as api:
        api.create_tag(repo, tag=version, revision=commit)
    url = f"{api.endpoint}/{repo}"
    print(f"{repo} {version}: {url}/tree/{version} (commit {commit}), downloaded again and identical")
    return Version(version, commit, url)


def _read(folder: Path, repo: str, needs_weights: bool) -> tuple[Classifier, dict[str, File]]:
    """The classifier in a model folder, and the content of every listed file that is there, by name.

    Raises:
        ModelError: a file is missing or damaged; the message names it.
    """
    classifier = load_folder(folder)
    missing = [name for name in REQUIRED if not (folder / name).is_file()]
    if missing and (needs_weights or missing != [WEIGHTS]):
        raise ModelError(f"{folder} is not a complete model folder: {', '.join(missing)} is missing")
    if WEIGHTS not in missing:
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


def _check_download(repo: str, commit: str, files: Mapping[str, File], ours: Classifier, token: str | None) -> None:
    """Download `files` at `commit` into an empty cache and compare them, and the answers they give, with ours.

    Raises:
        PublishError: something differs, or cannot be downloaded.
    """
    subject = f"{repo} at {commit}, which is not tagged as a version,"
    with tempfile.TemporaryDirectory(prefix="cat-or-dog-", ignore_cleanup_errors=True) as cache:
        with talking_to_hub(subject, "downloaded again", token=token) as api:
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
