"""The files of a Space that serves a published model, and where they go."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi, RepoCard, SpaceHardware, SpaceInfo, SpaceRuntime
from huggingface_hub.errors import RepositoryNotFoundError

from model.folder import CONFIG, ONNX
from model.hub.client import File, PublishError, check_access, check_ours, commit_files, talking_to_hub

ROOT = Path(__file__).resolve().parents[2]
# what a Space gets, beside its README.md and requirements.txt; no starter, it loads a published model
PATTERNS = (
    "app.py",
    "LICENSE",
    *(f"model/**/*.{kind}" for kind in ("py", "npz")),
    *(f"ui/**/*.{kind}" for kind in ("py", "json", "jpg", "svg", "css", "js", "html", "txt")),
)


@dataclass(frozen=True)
class Space:
    """A Space whose files are on the Hub, whether it runs yet or not.

    Attributes:
        name: `user/name`.
        url: its page on the Hub.
        commit: of its files, 40 hex digits.
        model_commit: of the model it serves.
        needs_token: the model is private, and the Space has no secret HF_TOKEN yet to read it with.
    """

    name: str
    url: str
    commit: str
    model_commit: str
    needs_token: bool


def create_space(
    space: str,
    model_repo: str,
    revision: str,
    *,
    hardware: str | None = None,
    private: bool = False,
    secret_later: bool = False,
    token: str | None = None,
) -> Space:
    """Create or update the Space `space`, so that it will serve `model_repo` at `revision`, without waiting for it.

    Args:
        space: `user/name` of the Space; created if it does not exist.
        model_repo: `user/name` of a published model.
        revision: commit, tag or branch of it; the Space is given the commit it stands for.
        hardware: the Hub's name of a machine, as `cpu-basic` or `zero-a10g`; None leaves the Space's as it is.
        private: make a new Space private; an existing public one is refused.
        secret_later: a Space that lacks the secret HF_TOKEN, which it needs for a private model, is not refused: it starts
            when its owner has added the secret.
        token: as `talking_to_hub` takes it.

    Raises:
        PublishError: it could not be published; the message says why.
    """
    check_access(space, "space", token=token)
    with talking_to_hub(f"the model {model_repo} at {revision}", "served", token=token) as api:
        model = api.model_info(model_repo, revision=revision)
        if not {CONFIG, ONNX} <= {sibling.rfilename for sibling in model.siblings or []}:
            raise PublishError(f"{model_repo} at {revision} is not a model of this project: it has no {CONFIG} or no {ONNX}")
    with talking_to_hub(f"the Space {space}", "published", token=token) as api:
        info = _replaceable(api, space, private)
        if info is None:
            machine = SpaceHardware(hardware) if hardware else None
            api.create_repo(space, repo_type="space", space_sdk="gradio", space_hardware=machine, private=private or None)
            info = api.space_info(space)
        names = {sibling.rfilename for sibling in info.siblings or []}
        url = f"{api.endpoint}/spaces/{space}"
        needs_token = bool(model.private) and "HF_TOKEN" not in api.get_space_secrets(space)
        if needs_token and not secret_later:
            raise PublishError(
                f"the model {model_repo} is private, and the Space {space} has no token to read it with: add the secret "
                f"HF_TOKEN, with a token that may read the model, at {url}/settings, then run this again"
            )
        _set_variables(api, space, {"MODEL_REPO": model_repo, "MODEL_REVISION": str(model.sha)})
        files = space_files(model_repo)
        obsolete = {name for name in names if name.startswith(("model/", "ui/"))} - files.keys()
        print(f"the Space {space}: uploading {len(files)} files")
        commit = commit_files(
            api, space, files, obsolete, parent=info.sha, message=f"Serve {model_repo} at {revision}", repo_type="space"
        )
        if hardware and hardware not in _hardware(api.get_space_runtime(space)):
            api.request_space_hardware(space, SpaceHardware(hardware))
    return Space(space, url, commit, str(model.sha), needs_token)


def check_space(space: str, *, private: bool = False, token: str | None = None) -> bool:
    """Whether the Space `space` exists, before anything is published; one that cannot be published is refused.

    Raises:
        PublishError: the token may not write there, or the place is taken by something else.
    """
    check_access(space, "space", token=token)
    with talking_to_hub(f"the Space {space}", "published", token=token) as api:
        return _replaceable(api, space, private) is not None


def _replaceable(api: HfApi, space: str, private: bool) -> SpaceInfo | None:
    """What the Hub says about a Space that is new or ours; None where there is none.

    Raises:
        PublishError: it is something else, or public and should be private.
    """
    try:
        info = api.space_info(space)
    except RepositoryNotFoundError:
        return None
    if private and not info.private:
        raise PublishError(f"the Space {space} exists and is public: make it private there, or publish without 'private'")
    names = (sibling.rfilename for sibling in info.siblings or [])
    check_ours(f"the Space {space}", names, {"app.py", "model/classifier.py"}, "the app")
    return info


def space_files(model_repo: str) -> dict[str, File]:
    """What the Space gets: content by name. No weights, no training, nothing that is not listed in `PATTERNS`.

    On a Space it is the Space's own files, where requirements-serve.txt has become requirements.txt.
    """
    files: dict[str, File] = {
        path.relative_to(ROOT).as_posix(): path for pattern in PATTERNS for path in sorted(ROOT.glob(pattern))
    }
    card = RepoCard((ROOT / "README.md").read_text("utf-8"))
    card.data["models"] = [model_repo]
    files["README.md"] = str(card).encode()
    serving = ROOT / "requirements-serve.txt"
    files["requirements.txt"] = serving if serving.is_file() else ROOT / "requirements.txt"
    return files


def _set_variables(api: HfApi, space: str, variables: dict[str, str]) -> None:
    """Set what differs: every change restarts the Space."""
    known = {name: variable.value for name, variable in api.get_space_variables(space).items()}
    for name, value in variables.items():
        if known.get(name) != value:
            api.add_space_variable(space, name, value)


def _hardware(runtime: SpaceRuntime) -> set[str | None]:
    """What a Space runs on or is about to run on."""
    return {runtime.requested_hardware or runtime.hardware}
