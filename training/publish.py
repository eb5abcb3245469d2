"""Publish a model folder on the Hub, as a version that was downloaded again and found identical.

    python -m training.publish MODEL USER/NAME [--version v1] [--private] [--space USER/NAME] [--hardware cpu-basic]

The repository is created if needed. Of what lies in MODEL, only the four files of a model folder, model.pkl and the
files of report/ that training.evaluate writes are uploaded, all in one commit; the version's tag is set last.
`--space` then creates or updates a Space that serves this version.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from model.errors import ModelError
from training.hub.client import PublishError, check_access
from training.hub.models import push
from training.hub.spaces import publish_space
from training.space import add_space_options


def main() -> None:
    """Publish what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, metavar="MODEL", help="a model folder")
    parser.add_argument("repo", metavar="USER/NAME", help="the model's repository on the Hub; created if needed")
    parser.add_argument("--version", help="the tag to publish under (default: the next of v1, v2...)")
    parser.add_argument("--private", action="store_true", help="create private repositories")
    parser.add_argument("--space", metavar="USER/NAME", help="also create or update this Space, and call it once")
    add_space_options(parser)
    arguments = parser.parse_args()
    try:
        if arguments.space:
            check_access(arguments.space, "space")
        commit = push(arguments.model, arguments.repo, version=arguments.version, private=arguments.private)
        if arguments.space:
            publish_space(
                arguments.space, arguments.repo, commit, hardware=arguments.hardware, private=arguments.private,
                wait_minutes=arguments.wait_minutes,
            )  # fmt: skip
    except (ModelError, PublishError) as error:
        raise SystemExit(f"Cannot publish: {error}") from None
    except KeyboardInterrupt:
        raise SystemExit("Interrupted: no version was tagged that is not complete; run this again to go on") from None


if __name__ == "__main__":
    main()
