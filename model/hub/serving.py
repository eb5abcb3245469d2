"""A Space that serves a published model: create or update it, wait until it runs, and ask it once."""

from __future__ import annotations

import time

import httpx2
from gradio_client import Client, handle_file
from huggingface_hub import HfApi, get_session, get_token
from tqdm.auto import tqdm

from model.hub.client import PublishError, talking_to_hub
from model.hub.spaces import ROOT, Space, create_space

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
    token: str | None = None,
) -> str:
    """Create or update a Space as `create_space` does, wait until it serves the model, and ask it once.

    Args:
        wait_minutes: how long it may take until the new version answers; all else is as `create_space` takes it.

    Returns:
        The URL of its page on the Hub.

    Raises:
        PublishError: it could not be published, does not run or does not answer; the message says why.
    """
    made = create_space(space, model_repo, revision, hardware=hardware, private=private, token=token)
    with talking_to_hub(f"the Space {space}", "published", token=token) as api:
        _wait_until_it_serves(api, made, wait_minutes)
    _ask(made, token)
    return made.url


def _wait_until_it_serves(api: HfApi, space: Space, minutes: float) -> None:
    """Wait until the Space runs the files of its commit and its /health names the commit of its model.

    Raises:
        PublishError: it ended with an error, or took longer than `minutes`.
    """
    started = time.monotonic()
    with tqdm(bar_format="{desc} ({elapsed})", leave=False) as progress:
        while True:
            runtime = api.get_space_runtime(space.name)
            stage = str(getattr(runtime.stage, "value", runtime.stage))
            # a runtime names the commit it was built from; where it does not, it is taken at its word
            is_current = runtime.raw.get("sha") in (None, space.commit)
            progress.set_description_str(f"the Space {space.name}: {stage}")
            if stage == "RUNNING" and is_current and _model_served(api, space.name) == space.model_commit:
                return
            seconds = time.monotonic() - started
            if stage in _ENDED and (is_current or seconds > STALE_SECONDS):
                raise PublishError(_failure(space, stage, runtime.raw.get("errorMessage")))
            if seconds > minutes * 60:
                raise PublishError(
                    f"the Space {space.name} does not serve the new version after {minutes:g} minutes (stage {stage}): "
                    f"look at {space.url}?logs=container, or wait longer with --wait-minutes"
                )
            time.sleep(POLL_SECONDS)


def _failure(space: Space, stage: str, message: str | None) -> str:
    """The sentence for a Space that ended."""
    said = f" ({' '.join(message.split())})" if message else ""
    if stage in ("PAUSED", "STOPPED", "DELETING"):
        return f"the Space {space.name} is updated, but it is {stage.lower()}{said}: start it at {space.url}/settings"
    return f"the Space {space.name} does not run: {stage}{said}; its log is at {space.url}?logs={_LOGS.get(stage, 'build')}"


def _model_served(api: HfApi, space: str) -> str | None:
    """The commit of the model that a running Space answers with; None while it does not answer."""
    info = api.space_info(space)
    headers = {"authorization": f"Bearer {api.token or get_token()}"} if info.private else {}
    try:
        response = get_session().get(f"{info.host}/health", headers=headers, timeout=30)
        revision = response.json()["revision"] if response.status_code == 200 else None
    except (httpx2.TransportError, ValueError, KeyError):
        return None
    return str(revision)


def _ask(space: Space, token: str | None) -> None:
    """One photo through Gradio's client, as a visitor's program would send it.

    Raises:
        PublishError: there is no answer.
    """
    with talking_to_hub(f"the Space {space.name}, which runs at {space.url},", "asked", token=token):
        client = Client(space.name, token=token, verbose=False, download_files=False, analytics_enabled=False)
        try:
            answer = client.submit(photo=handle_file(PHOTO), api_name="/classify").result(timeout=CALL_SECONDS)
        finally:
            client.close()
        best = max(answer["confidences"], key=lambda row: row["confidence"])
    print(f"the Space {space.name}: {space.url} answers {best['label']} ({best['confidence']:.1%}) to {PHOTO.name}")
