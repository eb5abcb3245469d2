"""Where a model comes from: a folder, a fastai export, a Hub repository at a commit, or the starter beside this file.

What is asked for is what is loaded, or there is a clear failure; one model never stands in for another.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from model.classifier import Classifier
from model.errors import ModelError, first_line
from model.fastai_export.apart import try_apart
from model.fastai_export.load import EXPORTS, find_export, load_learner
from model.fastai_export.options import NO_OPTIONS, ExportOptions
from model.folder import BACKGROUND, CONFIG, ONNX, SERVING_FILES, load_folder

STARTER = Path(__file__).parent / "starter"
EMBEDDED = "embedded"


def load(
    source: str | Path | None = None,
    revision: str | None = None,
    options: ExportOptions = NO_OPTIONS,
    *,
    apart: bool = False,
) -> Classifier:
    """The classifier of a model folder, of a fastai export, of a Hub repository, or the embedded starter.

    Args:
        source: a model folder, a fastai export or a folder with nothing else, a Hub repository `user/name` of either
            kind, or None for the starter.
        revision: commit, tag or branch of a Hub repository; `main` by default.
        options: what the export does not say itself; a model folder says it all.
        apart: whether a process of its own opens an export first, with a clock; see `model.fastai_export.apart`. Its work
            is counted in any case.

    Raises:
        ModelError: there is no such model, it cannot be reached or it is damaged; the message says which and what to do.
    """
    path, version, name = (STARTER, EMBEDDED, None) if source is None else locate(source, revision)
    if path.is_file():
        if apart and not options.trust:
            try_apart(path, options)
        return load_learner(path, options, version, name)
    said = options.said
    if said:
        listed = [part for option in said for part in (", ", option)][1:]
        raise ModelError(
            f"{source or 'the starter'} is a model folder, which names its own labels and size; only an export takes others: "
            "leave out ", *listed,
        )  # fmt: skip
    return load_folder(path, version)


def locate(source: str | Path, revision: str | None = None) -> tuple[Path, str, str | None]:
    """Where a model is on this disk, after it was downloaded if need be.

    Returns:
        A model folder or the file of an export; its revision; for a Hub repository its name, else None.

    Raises:
        ModelError: see `load`.
    """
    path = Path(source)
    if path.exists():
        if revision:
            kind = "folder" if path.is_dir() else "file"
            raise ModelError(f"{source} is a {kind} and has no revision {revision!r}; name a revision only with user/name")
        return _model_in(path), "local", None
    repo = str(source)
    if repo.count("/") != 1 or repo.startswith((".", "/", "~")) or repo.endswith(("/", ".pkl", ".pth")):
        raise ModelError(f"there is no model folder or export {repo}, and it is not the name of a Hub repository (user/name)")
    folder, commit = download(repo, revision)
    return _model_in(folder), commit, repo.partition("/")[2]


def model_folder(source: str | Path | None, revision: str | None = None) -> tuple[Path, str]:
    """Where the model folder `source` is on this disk, and its revision, for what works on model folders alone.

    Raises:
        ModelError: see `load`; or it is a fastai export, which must be converted first.
    """
    if source is None:
        return STARTER, EMBEDDED
    path, version, _ = locate(source, revision)
    if path.is_file():
        raise ModelError(f"{source} is a fastai export; make a model folder of it first: python -m model convert {source} OUT")
    return path, version


def _model_in(path: Path) -> Path:
    """The export, where that is all a folder has; else `path`."""
    if not path.is_dir() or (path / CONFIG).exists():
        return path
    return find_export(path) or path


def download(repo: str, revision: str | None = None) -> tuple[Path, str]:
    """Fetch the files that serve from a Hub repository, all at one commit; files already here are not fetched again.

    Returns:
        The folder they lie in, and the commit (40 hex digits).

    Raises:
        ModelError: see `load`.
    """
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    was_here = _is_here(repo, revision)
    try:
        folder, commit = _fetch(repo, revision, SERVING_FILES)
        with suppress(EntryNotFoundError):  # not every model has one beside it
            _fetch(repo, commit, (BACKGROUND,), here_only=was_here)
        return folder, commit
    except LocalEntryNotFoundError:
        raise ModelError(_problem(repo, revision, _UNREACHABLE)) from None
    except EntryNotFoundError as error:
        missing = error
    for name in EXPORTS:  # the layout of push_to_hub_fastai: no config.json
        try:
            return _fetch(repo, revision, (name,))
        except EntryNotFoundError:
            continue
    lacks = ONNX if f"/{ONNX}" in str(missing) else f"{CONFIG} and no {EXPORTS[0]}"
    raise ModelError(_problem(repo, revision, f"has no {lacks}, so it is nothing that this version can open"))


_UNREACHABLE = "cannot be reached and is not in the local cache: check the network, or HF_ENDPOINT where one is set"


def _is_here(repo: str, revision: str | None) -> bool:
    """Whether the network of a repository is in the local cache, so that nothing need be asked."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        return isinstance(try_to_load_from_cache(repo, ONNX, revision=revision), str)
    except HFValidationError:
        return False


def _fetch(repo: str, revision: str | None, names: Sequence[str], here_only: bool = False) -> tuple[Path, str]:
    """Download `names`, all at one commit; or find them where they lie already, if `here_only`.

    Raises:
        EntryNotFoundError: the repository has no such file. ModelError: anything else.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    commit = revision
    try:
        for name in names:
            path = Path(hf_hub_download(repo, name, revision=commit, local_files_only=here_only))
            commit = path.parent.name  # .../snapshots/<commit>/<file>: what `revision` stood for when the first file came
        return path.parent, str(commit)
    except EntryNotFoundError:
        raise
    except GatedRepoError:
        problem = "asks for permission first: request access on its page, and set HF_TOKEN"
    except RepositoryNotFoundError:
        problem = "does not exist, or is private and HF_TOKEN is missing or has no access to it"
    except RevisionNotFoundError:
        problem = f"has no commit, tag or branch {revision!r}"
    except HFValidationError as error:
        problem = f"is not a valid repository name: {first_line(error)}"
    except HfHubHTTPError as error:
        problem = f"cannot be downloaded: {first_line(error)}"
    except Exception as error:  # the HTTP client has error types of its own, for a wrong HF_ENDPOINT for one
        problem = f"cannot be downloaded: {first_line(error)}"
    raise ModelError(_problem(repo, revision, problem))


def _problem(repo: str, revision: str | None, problem: str) -> str:
    at = f" at {revision}" if revision else ""
    return f"the Hub repository {repo}{at} {problem}"
