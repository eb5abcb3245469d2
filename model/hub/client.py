"""Speaking with the Hub: who may write where, one commit of listed files, and every failure as one sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_session, hf_hub_url
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    LocalTokenNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)

from model.errors import ModelError

TIMEOUTS = httpx2.Timeout(60, connect=10, read=300)  # seconds; the client's own default is to wait for ever
NEW_REPOSITORY_FILES = {".gitattributes", "README.md"}  # what a repository may hold that nobody has filled yet

File = Path | bytes


class PublishError(Exception):
    """Something that could not be published. The message says what, why, and the way out."""


@contextmanager
def talking_to_hub(subject: str, done: str, *, token: str | None = None) -> Iterator[HfApi]:
    """An `HfApi` whose failures become one sentence: "SUBJECT cannot be DONE: what is wrong, and what to do".

    Args:
        token: of a visitor who signed in; None: the one that huggingface_hub finds, in HF_TOKEN or where `hf auth login`
            left it.

    Raises:
        PublishError: something failed inside the block.
    """
    api = HfApi(token=token)
    get_session().timeout = TIMEOUTS
    try:
        yield api
    except (PublishError, ModelError):
        raise
    except Exception as error:  # the HTTP clients and the upload library each have error types of their own
        raise PublishError(f"{subject} cannot be {done}: {_problem(error, api)}") from error


def check_access(repo: str, repo_type: str = "model", *, token: str | None = None) -> None:
    """Whether what follows can be published at all: there is a valid token, and it may write to `repo`.

    Args:
        repo: `user/name`; it need not exist yet.
        repo_type: `model` or `space`.
        token: as `talking_to_hub` takes it.

    Raises:
        PublishError: no.
    """
    if repo.count("/") != 1:
        raise PublishError(f"{repo!r} is not the name of a repository on the Hub: write USER/NAME")
    with talking_to_hub(repo, "published", token=token) as api:
        hf_hub_url(repo, "README.md")  # checks the name and asks nobody
        who = api.whoami()
        rights = who.get("auth", {}).get("accessToken") or {}  # of a visitor's token nothing is said
        if rights.get("role") == "read":
            raise PublishError(f"the token {rights.get('displayName')!r} may only read: {_new_token(api)}")
        try:
            api.auth_check(repo, repo_type=repo_type, write=True)
        except RepositoryNotFoundError:
            _check_namespace(repo.split("/")[0], who, api.endpoint)


def check_ours(repo: str, names: Iterable[str], marks: set[str], what: str) -> None:
    """Refuse a repository that somebody filled with something else: publishing would mix the two.

    Args:
        names: the files it holds.
        marks: the files by which one of ours is known.
        what: what it should be, for the message.

    Raises:
        PublishError: it is neither new nor ours.
    """
    names_there = set(names)
    if not marks <= names_there and not names_there <= NEW_REPOSITORY_FILES:
        raise PublishError(f"{repo} exists and is not {what} of this project: choose another name, or delete it there first")


def commit_files(
    api: HfApi,
    repo: str,
    files: Mapping[str, File],
    obsolete: Iterable[str],
    *,
    parent: str | None,
    message: str,
    repo_type: str = "model",
) -> str:
    """Upload exactly `files`, and delete `obsolete`, in one commit on main: all of it happens, or nothing.

    Args:
        files: content by name in the repository.
        obsolete: names of files there that go.
        parent: the commit that main was at when `obsolete` was found out; if main has moved on, nothing happens.

    Returns:
        The commit (40 hex digits); `parent` where nothing differs.
    """
    operations: list[CommitOperationAdd | CommitOperationDelete] = [
        *(CommitOperationAdd(name, content) for name, content in files.items()),
        *(CommitOperationDelete(name) for name in sorted(obsolete)),
    ]
    return str(api.create_commit(repo, operations, commit_message=message, repo_type=repo_type, parent_commit=parent).oid)


def _check_namespace(namespace: str, who: dict[str, Any], endpoint: str) -> None:
    """Raise `PublishError` where the owner of a token, or the token itself, may not create repositories in `namespace`."""
    writable = {who["name"], *(org["name"] for org in who.get("orgs", []) if org.get("roleInOrg") != "read")}
    if namespace.casefold() not in {name.casefold() for name in writable}:
        names = ", ".join(sorted(writable))
        raise PublishError(f"{who['name']} may not create repositories in {namespace!r}, only in {names}: check the name")
    token = who.get("auth", {}).get("accessToken") or {}
    if token.get("role") == "fineGrained":
        rights = token.get("fineGrained", {})
        granted = set(rights.get("global", []))
        for scope in rights.get("scoped", []):
            if scope["entity"]["name"].casefold() == namespace.casefold():
                granted.update(scope["permissions"])
        if "repo.write" not in granted:
            raise PublishError(
                f"the token {token.get('displayName')!r} may not write to repositories in {namespace!r}: "
                f"give it that right at {endpoint}/settings/tokens"
            )


def _problem(error: BaseException, api: HfApi) -> str:
    """What went wrong and what to do about it, without a full stop; what caused `error` says it where `error` cannot."""
    endpoint = api.endpoint
    cause: BaseException | None = error
    while cause is not None:
        match cause:
            case LocalTokenNotFoundError():
                return f"there is no token: {_new_token(api)}"
            case OfflineModeIsEnabled():
                return "HF_HUB_OFFLINE is set: unset it"
            case HFValidationError():
                return f"its name is not valid: {_one_line(cause)}"
            case HfHubHTTPError():
                return _refusal(cause, api)
            case httpx2.ConnectError() | httpx2.ConnectTimeout() | httpx2.UnsupportedProtocol():
                return f"{endpoint} cannot be reached: check the network, or HF_ENDPOINT where one is set"
            case httpx2.TimeoutException():
                return f"{endpoint} did not answer in time: try again later"
            case httpx2.TransportError():
                return f"the connection to {endpoint} was cut ({_one_line(cause)}): run this again"
        cause = cause.__cause__
    return _one_line(error)


def _refusal(error: HfHubHTTPError, api: HfApi) -> str:
    """What an error status of the Hub means."""
    status, endpoint = error.response.status_code, api.endpoint
    said = f" ({_one_line(error.server_message)})" if error.server_message else ""
    match status:
        case 401 if not isinstance(error, RepositoryNotFoundError):
            return f"the token is wrong, expired or revoked{said}: {_new_token(api)}"
        case 402:
            return f"the Hub asks for a payment or a plan{said}: see {endpoint}/settings/billing, or free some space"
        case 403 if re.search("storage|limit|quota", said, re.IGNORECASE):
            return f"a quota is used up{said}: free some space or see {endpoint}/settings/billing"
        case 403:
            return f"the token may not do this{said}: {_new_token(api)}, or choose another name"
        case 401 | 404:
            return f"there is no such repository, revision or file, or the token may not see it{said}: check the name"
        case 409 | 412:
            return f"somebody else changed it at the same time, or the name is taken{said}: look at it, then run this again"
        case 413:
            return f"a file is too large for the Hub{said}"
        case 429:
            return f"too many requests{said}: try again in {_wait(error.response.headers)}"
        case _ if status >= 500:
            return f"the Hub has a problem of its own (status {status}){said}: try again later"
        case _:
            return f"the Hub answered with status {status}{said}"


def _wait(headers: Mapping[str, str]) -> str:
    """How long to wait after a 429: its Retry-After in seconds where there is one."""
    seconds = headers.get("Retry-After", "")
    return f"{seconds} seconds" if seconds.isdigit() else "some minutes"


def _new_token(api: HfApi) -> str:
    """How to come by a token that may write, or, where it is that of a visitor, by a new one."""
    if api.token is not None:
        return "sign out, then sign in again"
    return f"make one with the role 'write' at {api.endpoint}/settings/tokens and set HF_TOKEN to it, or run `hf auth login`"


def _one_line(text: object) -> str:
    return " ".join(str(text).split()).rstrip(".") or type(text).__name__
