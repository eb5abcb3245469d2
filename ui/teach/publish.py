"""What a visitor taught, published in the visitor's own account: who is signed in, and what is made for them.

A Space whose README.md says `hf_oauth: true` lets visitors sign in, and Gradio does the rest. The token that it is given is
passed on to the Hub, and kept nowhere.
"""

from __future__ import annotations

import time
from importlib.util import find_spec
from pathlib import Path

import gradio as gr
from gradio import oauth
from gradio.utils import get_space
from starlette.requests import Request

from model.errors import ModelError
from model.hub.client import PublishError, check_access
from model.hub.models import push
from model.hub.spaces import check_space, create_space

__all__ = ["PublishError", "can_publish", "login_button", "publish", "signed_in"]

NEW_HARDWARE = "zero-a10g"  # ZeroGPU: accounts without a plan may not have Spaces on anything else


def can_publish() -> bool:
    """Whether visitors can sign in: this is a Space with OAuth, and there is what Gradio needs for it."""
    variables = (oauth.OAUTH_CLIENT_ID, oauth.OAUTH_CLIENT_SECRET, oauth.OAUTH_SCOPES, oauth.OPENID_PROVIDER_URL)
    return get_space() is not None and all(variables) and all(find_spec(name) for name in ("authlib", "itsdangerous"))


def login_button() -> None:
    """A button to sign in and out, where that is possible; Gradio has the routes for it only where one is on the page."""
    if can_publish():
        gr.LoginButton()


def signed_in(request: Request) -> tuple[str, str] | None:
    """The user name and the access token of the visitor who sent `request`; None where nobody is signed in any more.

    Browsers send Gradio's cookie along with what the pages of other sites ask for, too; there it counts for nothing.
    """
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return None
    match request.scope.get("session", {}).get("oauth_info"):
        case {"expires_at": float(end) | int(end)} if end <= time.time():
            return None
        case {"access_token": str(token), "userinfo": {"preferred_username": str(user)}} if token and user:
            return user, token
    return None


def publish(folder: Path, user: str, name: str, token: str, *, private: bool) -> dict[str, str]:
    """Publish a model folder as `user/name`, and put the app that serves it beside it, as the Space `user/name-app`.

    Both are created, or get a new version. The Space starts some minutes after this returns.

    Args:
        folder: a model folder; it may lack model.safetensors, as what is taught on a Space does: that loads what serves alone.
        user: who is signed in.
        name: letters, digits, `-`, `_` and `.`.
        token: of the visitor, as `signed_in` gives it.
        private: make both private; existing public ones are refused.

    Returns:
        `model` and `space`, the URLs of their pages; `version`, the model's tag, as `v1`; and `todo`, a sentence, where the
        Space cannot start before its owner has done something.

    Raises:
        PublishError: it could not be published; the message says what, why, and the way out.
    """
    repo, space = f"{user}/{name}", f"{user}/{name}-app"
    check_access(repo, token=token)
    is_new = not check_space(space, private=private, token=token)
    try:
        version = push(folder, repo, private=private, needs_weights=False, token=token)
    except ModelError as error:
        raise PublishError(f"{repo} cannot be published: {error}") from None
    hardware = NEW_HARDWARE if is_new else None
    try:
        made = create_space(space, repo, version.commit, hardware=hardware, private=private, secret_later=True, token=token)
    except PublishError as error:
        raise PublishError(f"{repo} is published as {version.tag}, but {error}") from None
    done = {"model": version.url, "space": made.url, "version": version.tag}
    if made.needs_token:
        done["todo"] = (
            f"The model is private: add the secret HF_TOKEN, with a token of yours that may read {repo}, "
            f"at {made.url}/settings, and the Space starts."
        )
    return done
