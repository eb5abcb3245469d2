"""Create or update a Space that serves a published model, wait until it runs, and ask it once."""

from __future__ import annotations

import time
from pathlib import Path

import httpx2
from gradio_client import Client, handle_file
from huggingface_hub import HfApi, RepoCard, SpaceHardware, SpaceRuntime, get_session, get_token
from huggingface_hub.errors import RepositoryNotFoundError
from tqdm.auto import tqdm

from model.folder import CONFIG, ONNX
from training.hub.client import File, PublishError, check_access, check_ours, commit_files, talking_to_hub

ROOT = Path(__file__).resolve().parents[2]
# what a Space gets, beside its README.md and requirements.txt; no starter, it loads a published model
PATTERNS = ("app.py", "LICENSE", "model/**/*.py", *(f"ui/**/*.{kind}" for kind in ("py", "json", "jpg", "css", "js", "html")))
PHOTO = ROOT / "ui" / "examples" / "cat.jpg"
WAIT_MINUTES = 20
POLL_SECONDS = 5.0
# for so long after an update the Space may still report how the version before it ended
STALE_SECONDS = 60.0
CALL_SECONDS = 120
_LOGS = {"BUILD_ERROR": "build", "RUNTIME_ERROR": "container"}
_ENDED = {*_LOGS, "CONFIG_ERROR", "NO_APP_FILE", "PAUSED", "STOPPED", "DELETING"}


def publish_space(
    space: str,
    model_repo: str,
    revision: str,
    *,
    hardware: str | None = None,
    private: bool = False,
    wait_minutes: float = WAIT_MINUTES,
) -> str:
    """Create or update the Space `space`, so that it serves `model_repo` at `revision`; wait for it and ask it once.

    Args:
        space: `user/name` of the Space; created if it does not exist.
        model_repo: `user/name` of a published model.
        revision: commit, tag or branch of it; the Space is given the commit it stands for.
        hardware: the Hub's name of a machine, as `cpu-basic` or `zero-a10g`; None leaves the Space's as it is.
        private: make a new Space private; an existing public one is refused.
        wait_minutes: how long it may take until the new version answers.

    Returns:
        The URL of its page on the Hub.

    Raises:
        PublishError: it could not be published, does not run or does not answer; the message says why.
    """
    check_access(space, "space")
    with talking_to_hub(f"the model {model_repo} at {revision}", "served") as api:
        model = api.model_info(model_repo, revision=revision)
        if not {CONFIG, ONNX} <= {sibling.rfilename for sibling in model.siblings or []}:
            raise PublishError(f"{model_repo} at {revision} is not a model of this project: it has no {CONFIG} or no {ONNX}")
    with talking_to_hub(f"the Space {space}", "published") as api:
        try:
            info = api.space_info(space)
        except RepositoryNotFoundError:
            machine = SpaceHardware(hardware) if hardware else None
            api.create_repo(space, repo_type="space", space_sdk="gradio", space_hardware=machine, private=private or None)
            info = api.space_info(space)
        if private and not info.private:
            raise PublishError(f"the Space {space} exists and is public: make it private there, or leave out --private")
        names = {sibling.rfilename for sibling in info.siblings or []}
        check_ours(f"the Space {space}", names, {"app.py", "model/classifier.py"}, "the app")
        url = f"{api.endpoint}/spaces/{space}"
        if model.private and "HF_TOKEN" not in api.get_space_secrets(space):
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
        _wait_until_it_serves(api, space, url, commit, str(model.sha), wait_minutes)
    _ask(space, url)
    return url


def space_files(model_repo: str) -> dict[str, File]:
    """What the Space gets: content by name. No weights, no training, nothing that is not listed in `PATTERNS`."""
    files: dict[str, File] = {
        path.relative_to(ROOT).as_posix(): path for pattern in PATTERNS for path in sorted(ROOT.glob(pattern))
    }
    card = RepoCard((ROOT / "README.md").read_text("utf-8"))
    card.data["models"] = [model_repo]
    files["README.md"] = str(card).encode()
    files["requirements.txt"] = ROOT / "requirements-serve.txt"
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


def _wait_until_it_serves(api: HfApi, space: str, url: str, commit: str, model_commit: str, minutes: float) -> None:
    """Wait until the Space runs its files at `commit` and its /health names `model_commit`.

    Raises:
        PublishError: it ended with an error, or took longer than `minutes`.
    """
    started = time.monotonic()
    with tqdm(bar_format="{desc} ({elapsed})", leave=False) as progress:
        while True:
            runtime = api.get_space_runtime(space)
            stage = str(getattr(runtime.stage, "value", runtime.stage))
            # a runtime names the commit it was built from; where it does not, it is taken at its word
            is_current = runtime.raw.get("sha") in (None, commit)
            progress.set_description_str(f"the Space {space}: {stage}")
            if stage == "RUNNING" and is_current and _model_served(api, space) == model_commit:
                return
            seconds = time.monotonic() - started
            if stage in _ENDED and (is_current or seconds > STALE_SECONDS):
                raise PublishError(_failure(space, url, stage, runtime.raw.get("errorMessage")))
            if seconds > minutes * 60:
                raise PublishError(
                    f"the Space {space} does not serve the new version after {minutes:g} minutes (stage {stage}): "
                    f"look at {url}?logs=container, or wait longer with --wait-minutes"
                )
            time.sleep(POLL_SECONDS)


def _failure(space: str, url: str, stage: str, message: str | None) -> str:
    """The sentence for a Space that ended."""
    said = f" ({' '.join(message.split())})" if message else ""
    if stage in ("PAUSED", "STOPPED", "DELETING"):
        return f"the Space {space} is updated, but it is {stage.lower()}{said}: start it at {url}/settings"
    return f"the Space {space} does not run: {stage}{said}; its log is at {url}?logs={_LOGS.get(stage, 'build')}"


def _model_served(api: HfApi, space: str) -> str | None:
    """The commit of the model that a running Space answers with; None while it does not answer."""
    info = api.space_info(space)
    headers = {"authorization": f"Bearer {get_token()}"} if info.private else {}
    try:
        response = get_session().get(f"{info.host}/health", headers=headers, timeout=30)
        revision = response.json()["revision"] if response.status_code == 200 else None
    except (httpx2.TransportError, ValueError, KeyError):
        return None
    return str(revision)


def _ask(space: str, url: str) -> None:
    """One photo through Gradio's client, as a visitor's program would send it.

    Raises:
        PublishError: there is no answer.
    """
    with talking_to_hub(f"the Space {space}, which runs at {url},", "asked"):
        client = Client(space, verbose=False, download_files=False, analytics_enabled=False)
        try:
            answer = client.submit(photo=handle_file(PHOTO), api_name="/classify").result(timeout=CALL_SECONDS)
        finally:
            client.close()
        best = max(answer["confidences"], key=lambda row: row["confidence"])
    print(f"the Space {space}: {url} answers {best['label']} ({best['confidence']:.1%}) to {PHOTO.name}")
