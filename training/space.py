"""Create or update a Space that serves a published model, wait until it runs, and ask it once.

    python -m training.space USER/SPACE USER/MODEL [--revision v1] [--private] [--hardware cpu-basic]

`python -m training.publish MODEL USER/NAME --space USER/SPACE` publishes the model first.
"""

from __future__ import annotations

import argparse

from huggingface_hub import SpaceHardware

from training.hub.client import PublishError
from training.hub.spaces import WAIT_MINUTES, publish_space


def add_space_options(parser: argparse.ArgumentParser) -> None:
    """The options that say how a Space runs."""
    machines = ", ".join(machine.value for machine in list(SpaceHardware)[:3])
    parser.add_argument(
        "--hardware", choices=[machine.value for machine in SpaceHardware], metavar="NAME",
        help=f"the machine of the Space: {machines}... (default: as it is; a new one gets the free CPU)",
    )  # fmt: skip
    parser.add_argument("--wait-minutes", type=float, default=WAIT_MINUTES, help="until it must answer (default: %(default)s)")


def main() -> None:
    """Publish the Space that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("space", metavar="USER/SPACE", help="the Space on the Hub; created if needed")
    parser.add_argument("model", metavar="USER/MODEL", help="the repository of a published model")
    parser.add_argument("--revision", default="main", help="commit, tag or branch of the model (default: %(default)s)")
    parser.add_argument("--private", action="store_true", help="create a private Space")
    add_space_options(parser)
    arguments = parser.parse_args()
    try:
        publish_space(
            arguments.space, arguments.model, arguments.revision, hardware=arguments.hardware, private=arguments.private,
            wait_minutes=arguments.wait_minutes,
        )  # fmt: skip
    except PublishError as error:
        raise SystemExit(f"Cannot publish: {error}") from None
    except KeyboardInterrupt:
        raise SystemExit("Interrupted: the Space goes on building; run this again to wait for it") from None


if __name__ == "__main__":
    main()
