"""Publish a model folder on the Hub, as a version that was downloaded again and found identical.

    python -m training.publish MODEL USER/NAME [--version v1] [--private] [--space USER/NAME] [--hardware cpu-basic]

The repository is created if needed. Of what lies in MODEL, only the four files of a model folder, background.npz, model.pkl
and the files of report/ that training.evaluate writes are uploaded, all in one commit; the version's tag is set last.
`--space` then creates or updates a Space that serves this version.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from model.errors import ModelError
from model.hub.client import PublishError
from model.hub.models import push
from model.hub.serving import publish_space
from model.hub.spaces import check_space
from training.options import option, parse
from training.settings import SpaceOut


@dataclass(frozen=True, kw_only=True)
class Settings(SpaceOut):
    """What can be chosen."""

    model: Path = option(help="a model folder", positional=True, metavar="MODEL")
    repo: str = option(help="the model's repository on the Hub; created if needed", positional=True, metavar="USER/NAME")
    version: str | None = option(None, "the tag to publish under (default: the next of v1, v2...)")
    space: str | None = option(None, "also create or update this Space, and call it once", metavar="USER/NAME")


def publish_trained(out: Path, repo: str | None, space: str | None, private: bool) -> None:
    """Publish a folder that was just written, where a repository is named, and the app with it, where a Space is.

    Raises:
        SystemExit: it is written, but not published; the message says why, and how to publish it later.
    """
    if not repo:
        return
    try:
        version = push(out, repo, private=private)
        if space:
            publish_space(space, repo, version.commit, private=private)
    except (ModelError, PublishError) as error:
        again = f"python -m training.publish {out} {repo}" + (f" --space {space}" if space else "")
        raise SystemExit(f"The model is written, but not published: {error}\nTo publish it later: {again}") from None


def main() -> None:
    """Publish what the command line names."""
    settings = parse(Settings, "publish", __doc__)
    try:
        if settings.space:
            check_space(settings.space, private=settings.private)
        version = push(settings.model, settings.repo, version=settings.version, private=settings.private)
        if settings.space:
            publish_space(
                settings.space,
                settings.repo,
                version.commit,
                hardware=settings.hardware,
                private=settings.private,
                wait_minutes=settings.wait_minutes,
            )
    except (ModelError, PublishError) as error:
        raise SystemExit(f"Cannot publish: {error}") from None
    except KeyboardInterrupt:
        raise SystemExit("Interrupted: no version was tagged that is not complete; run this again to go on") from None


if __name__ == "__main__":
    main()
