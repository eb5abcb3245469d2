"""Everything that can be chosen for a training run, with values that work."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from training.options import at_least_one, check_out, count, minutes, rate, repository, share, side

EPOCHS, FREEZE_EPOCHS = 4, 1


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The settings of a run, from `arguments` or the command line. Ends the program where they make no sense."""
    parser = argparse.ArgumentParser(
        prog="fine_tune.py",
        description="Fine-tune an image classifier: photos in, a model folder out.",
        epilog="Without a GPU, --minutes 5 gives the best model that five minutes can buy.",
    )

    data = parser.add_argument_group("photos in")
    data.add_argument(
        "--data",
        required=True,
        help="a folder per class; train/, valid/ and test/ of such; a .zip or .tgz of either, or its address; a fastai dataset "
        "(pets); a Hub dataset (microsoft/cats_vs_dogs)",
    )
    data.add_argument(
        "--label-from",
        metavar="RULE",
        help="folder; name (capitalised file names are cats, others dogs); or a regular expression whose first group is the "
        "label in the file name (default: folder; name for pets)",
    )
    data.add_argument("--neither", type=Path, metavar="FOLDER", help="photos of other things, to answer 'neither'")
    data.add_argument("--neither-share", type=share, default=0.15, metavar="SHARE", help="their share of an epoch, repeated")
    data.add_argument("--valid", type=share, default=0.1, metavar="SHARE", help="photos to validate on (default: %(default)s)")
    data.add_argument(
        "--test",
        type=share,
        default=0.0,
        metavar="SHARE",
        help="photos to keep aside for the final report; --valid 0.2 --test 0.2 splits 60/20/20 (default: none)",
    )
    data.add_argument("--skip-bad", action="store_true", help="leave out photos that cannot be opened instead of stopping")

    out = parser.add_argument_group("model out")
    out.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="the model folder to write")
    out.add_argument("--name", help="the model's name in its card (default: the name of the folder)")
    out.add_argument("--licence", default="apache-2.0", help="the licence in the model card (default: %(default)s)")
    out.add_argument("--data-name", help="what the card calls the photos (default: the name after --data)")
    out.add_argument("--push", type=repository, metavar="USER/NAME", help="publish the model to this Hub repository")
    out.add_argument(
        "--space", type=repository, metavar="USER/NAME", help="publish the app with it to this Space (needs --push)"
    )
    out.add_argument("--private", action="store_true", help="make new repositories private")

    network = parser.add_argument_group("network")
    network.add_argument("--arch", default="resnet34", help="an architecture of torchvision or timm (default: %(default)s)")
    network.add_argument(
        "--weights", default="imagenet", help="imagenet (downloaded), none, or a state dict file (default: %(default)s)"
    )
    network.add_argument("--size", type=side, default=224, help="side of the network's input (default: %(default)s)")
    network.add_argument("--train-size", type=side, help="side while training; a smaller one is faster (default: --size)")

    schedule = parser.add_argument_group("schedule")
    schedule.add_argument(
        "--minutes",
        type=minutes,
        help="the fast path, made for CPUs: everything, from the start to the report, fits into so many minutes",
    )
    schedule.add_argument("--epochs", type=at_least_one, default=EPOCHS, help="of the whole network (default: %(default)s)")
    schedule.add_argument(
        "--freeze-epochs", type=count, default=FREEZE_EPOCHS, help="of the head alone before (default: %(default)s)"
    )
    schedule.add_argument(
        "--frozen-stages", type=count, default=0, metavar="N", help="first modules of the body that never train (default: 0)"
    )
    schedule.add_argument("--lr", type=rate, default=2e-3, help="fine_tune's base learning rate (default: %(default)s)")
    schedule.add_argument("--lr-find", action="store_true", help="look for the learning rate first, and use what is found")
    schedule.add_argument("--lr-mult", type=rate, default=10, help="how much slower the body learns (default: %(default)s)")
    schedule.add_argument("--batch-size", type=at_least_one, default=64, help="photos per step (default: %(default)s)")
    schedule.add_argument(
        "--patience", type=at_least_one, metavar="EPOCHS", help="stop when validation has not improved for so many epochs"
    )
    schedule.add_argument("--resume", action="store_true", help="go on where an interrupted run with these settings stopped")

    regular = parser.add_argument_group("regularisation")
    regular.add_argument("--min-scale", type=share, default=0.35, help="smallest share of a photo that a crop keeps")
    regular.add_argument("--class-weights", action="store_true", help="give every class the same say, however few its photos")
    regular.add_argument("--label-smoothing", type=share, default=0.0, metavar="SHARE", help="for example 0.1 (default: none)")
    regular.add_argument("--mixup", type=rate, metavar="ALPHA", help="train on mixtures of two photos, for example 0.2")

    machine = parser.add_argument_group("machine")
    machine.add_argument("--seed", type=count, default=42, help="of the split, the shuffling and the new weights")
    machine.add_argument("--workers", type=count, help="processes that decode photos (default: by the cores; 0 off Linux)")
    machine.add_argument("--compile", action="store_true", help="torch.compile the network; pays on a GPU and many epochs")

    settings = parser.parse_args(arguments)
    if settings.space and not settings.push:
        parser.error("--space needs --push USER/NAME: the Space loads the model from the Hub")
    if settings.valid + settings.test >= 1:
        parser.error(f"--valid {settings.valid} and --test {settings.test} leave nothing to train on")
    check_out(parser, settings)
    if settings.resume and settings.minutes:
        parser.error("--resume and --minutes exclude each other: start again, what was computed before is found again")
    return settings
