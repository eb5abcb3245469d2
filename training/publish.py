"""Publish a model folder on the Hub, as a version that was downloaded again and found identical.

    python -m training.publish MODEL USER/NAME [--version v1] [--private] [--space USER/NAME] [--hardware cpu-basic]

The repository is created if needed. Of what lies in MODEL, only the four files of a model folder, model.pkl and the
files of report/ that training.evaluate writes are uploaded, all in one commit; the version's tag is set last.
`--space` then creates or updates a Space that serves this version.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from model.errors import ModelError
from training.hub.client import PublishError, check_access
from training.hub.models import push
from training.hub.spaces import publish_space
from training.options import option, parse
from training.settings import SpaceOut


@dataclass(frozen=True, kw_only=True)
class Settings(SpaceOut):
    """What can be chosen."""

    model: Path = option(help="a model folder", positional=True, metavar="MODEL")
    repo: str = option(help="the model's repository on the Hub; created if needed", positional=True, metavar="USER/NAME")
    version: str | None = option(None, "the tag to publish under (default: the next of v1, v2...)")
    space: str | None = option(None, "also create or update this Space, and call it once", metavar="USER/NAME")


def main() -> None:
    """Publish what the command line names."""
    settings = parse(Settings, "publish", __doc__)
    try:
        if settings.space:
            check_access(settings.space, "space")
        commit = push(settings.model, settings.repo, version=settings.version, private=settings.private)
        if settings.space:
            publish_space(
                settings.space,
                settings.repo,
                commit,
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
