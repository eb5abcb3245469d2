"""Create or update a Space that serves a published model, wait until it runs, and ask it once.

    python -m training.space USER/SPACE USER/MODEL [--revision v1] [--private] [--hardware cpu-basic]

`python -m training.publish MODEL USER/NAME --space USER/SPACE` publishes the model first.
"""

from __future__ import annotations

from dataclasses import dataclass

from model.hub.client import PublishError
from model.hub.serving import publish_space
from training.options import option, parse
from training.settings import SpaceOut


@dataclass(frozen=True, kw_only=True)
class Settings(SpaceOut):
    """What can be chosen."""

    space: str = option(help="the Space on the Hub; created if needed", positional=True, metavar="USER/SPACE")
    model: str = option(help="the repository of a published model", positional=True, metavar="USER/MODEL")
    revision: str = option("main", "commit, tag or branch of the model")


def main() -> None:
    """Publish the Space that the command line names."""
    settings = parse(Settings, "space", __doc__)
    try:
        publish_space(
            settings.space,
            settings.model,
            settings.revision,
            hardware=settings.hardware,
            private=settings.private,
            wait_minutes=settings.wait_minutes,
        )
    except PublishError as error:
        raise SystemExit(f"Cannot publish: {error}") from None
    except KeyboardInterrupt:
        raise SystemExit("Interrupted: the Space goes on building; run this again to wait for it") from None


if __name__ == "__main__":
    main()
