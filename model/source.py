"""Where a model comes from: a folder, a Hub repository at a commit, or the starter that lies beside this file.

What is asked for is what is loaded, or there is a clear failure; one model never stands in for another.
"""

from __future__ import annotations

from pathlib import Path

from model.classifier import Classifier
from model.config import ModelError
from model.folder import CONFIG, SERVING_FILES, load_folder

STARTER = Path(__file__).parent / "starter"
EMBEDDED = "embedded"


def load(source: str | Path | None = None, revision: str | None = None) -> Classifier:
    """The classifier of a model folder, of a Hub repository, or the embedded starter.

    Args:
        source: a model folder, a Hub repository `user/name`, or None for the starter.
        revision: commit, tag or branch of a Hub repository; `main` by default.

    Raises:
        ModelError: there is no such model, it cannot be reached or it is damaged; the message says which and what to do.
    """
    if source is None:
        return load_folder(STARTER, EMBEDDED)
    folder = Path(source)
    if folder.is_dir():
        if revision:
            raise ModelError(f"{source} is a folder and has no revision {revision!r}; name a revision only with user/name")
        return load_folder(folder)
    name = str(source)
    if name.count("/") != 1 or name.startswith((".", "/", "~")) or name.endswith("/"):
        raise ModelError(f"there is no model folder {name}, and it is not the name of a Hub repository (user/name)")
    downloaded, commit = download(name, revision)
    return load_folder(downloaded, commit)


def download(repo: str, revision: str | None = None) -> tuple[Path, str]:
    """Fetch the files that serve from a Hub repository, all at one commit; files already here are not fetched again.

    Returns:
        The folder they lie in, and the commit (40 hex digits).

    Raises:
        ModelError: see `load`.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    at = f" at {revision}" if revision else ""
    commit = revision
    name = CONFIG
    try:
        for name in SERVING_FILES:
            path = Path(hf_hub_download(repo, name, revision=commit))
            commit = path.parent.name  # .../snapshots/<commit>/<file>: what `revision` stood for when the first file came
        return path.parent, str(commit)
    except GatedRepoError:
        problem = "asks for permission first: request access on its page, and set HF_TOKEN"
    except RepositoryNotFoundError:
        problem = "does not exist, or is private and HF_TOKEN is missing or has no access to it"
    except RevisionNotFoundError:
        problem = f"has no commit, tag or branch {revision!r}"
    except LocalEntryNotFoundError:
        problem = "cannot be reached and is not in the local cache: check the network, or HF_ENDPOINT where one is set"
    except EntryNotFoundError:
        problem = f"has no {name}, so it is not a model folder that this version can open"
    except HFValidationError as error:
        problem = f"is not a valid repository name: {error}"
    except HfHubHTTPError as error:
        problem = f"cannot be downloaded: {str(error).splitlines()[0]}"
    except Exception as error:  # the HTTP client has error types of its own, for a wrong HF_ENDPOINT for one
        problem = f"cannot be downloaded: {error}"
    raise ModelError(f"the Hub repository {repo}{at} {problem}")
