"""Everything that can be chosen for `fine_tune.py` and `head.py`, with values that work."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from training.options import (
    LEAVE_SOURCES_OUT,
    at_least_one,
    check_out,
    count,
    minutes,
    rate,
    repository,
    share,
    share_or_sources,
    side,
)

EPOCHS, FREEZE_EPOCHS = 4, 1
VIEWS = 6


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The settings of `fine_tune.py`, from `arguments` or the command line. Ends the program where they make no sense."""
    parser = argparse.ArgumentParser(
        prog="fine_tune.py",
        description="Fine-tune an image classifier: photos in, a model folder out.",
        epilog="Without a GPU, training/head.py is minutes instead of hours, and often the better model.",
    )
    data = _add_data(parser)
    data.add_argument("--neither-share", type=share, default=0.15, metavar="SHARE", help="their share of an epoch, repeated")
    data.add_argument(
        "--valid",
        type=share_or_sources,
        metavar="SHARE",
        help=f"photos to validate on; with {LEAVE_SOURCES_OUT}, whole sources that make up about a tenth (default: that with "
        "3 sources and more, else 0.1)",
    )
    _add_out(parser)

    network = _add_network(parser, "resnet34")
    network.add_argument("--train-size", type=side, help="side while training; a smaller one is faster (default: --size)")

    schedule = parser.add_argument_group("schedule")
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
    regular.add_argument(
        "--one-format",
        dest="formats",
        action="store_false",
        help="leave photos in the format they have: for data whose classes share one, and that will only see that one",
    )
    regular.add_argument("--class-weights", action="store_true", help="every class weighs the same, however small")
    regular.add_argument("--label-smoothing", type=share, default=0.0, metavar="SHARE", help="for example 0.1 (default: none)")
    regular.add_argument("--mixup", type=rate, metavar="ALPHA", help="train on mixtures of two photos, for example 0.2")

    machine = parser.add_argument_group("machine")
    machine.add_argument("--seed", type=count, default=42, help="of the split, the shuffling and the new weights")
    machine.add_argument("--workers", type=count, help="processes that decode photos (default: by the cores; 0 off Linux)")
    machine.add_argument("--compile", action="store_true", help="torch.compile the network; pays on a GPU and many epochs")

    settings = _checked(parser, arguments)
    if isinstance(settings.valid, float) and settings.valid + settings.test >= 1:
        parser.error(f"--valid {settings.valid} and --test {settings.test} leave nothing to train on")
    return settings


def parse_head(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The settings of `head.py`, from `arguments` or the command line. Ends the program where they make no sense."""
    parser = argparse.ArgumentParser(
        prog="head.py",
        description="Fit a head to a frozen body: photos in, a model folder out, in minutes and without a GPU.",
        epilog="Photos of several sources (several --data, or a folder per source) make a model that is right elsewhere too.",
    )
    data = _add_data(parser)
    data.add_argument(
        "--valid",
        choices=(LEAVE_SOURCES_OUT, "cross"),
        help="what is left out to choose by: one source after the other, or fifths of the photos (default: sources, where "
        "there are 3 and more)",
    )
    _add_out(parser)
    network = _add_network(parser, "tf_efficientnet_lite0")
    network.add_argument(
        "--resize", choices=("crop", "squish", "pad"), default="crop", help="how photos become square (default: %(default)s)"
    )
    head = parser.add_argument_group("head")
    head.add_argument(
        "--like",
        nargs="+",
        default=[],
        metavar="LABEL=CLASSES",
        help="the ImageNet classes that a label starts from, by number, WordNet id or name: Cat=281-285 (default: by its name)",
    )
    head.add_argument(
        "--plain", action="store_true", help="start from zeros, with one row for each answer: forget what ImageNet's head knew"
    )
    head.add_argument(
        "--no-neither", dest="knows_neither", action="store_false", help="answer with one of the labels, whatever is shown"
    )
    head.add_argument(
        "--views",
        type=at_least_one,
        default=VIEWS,
        help="how often each photo is looked at: as it is, flipped, then in random formats (default: %(default)s)",
    )
    head.add_argument("--minutes", type=minutes, help="everything is to fit into so many minutes: fewer views, fewer photos")
    head.add_argument("--seed", type=count, default=42, help="of the folds and of what is drawn")
    settings = _checked(parser, arguments)
    settings.like = tuple(settings.like)
    return settings


def _add_data(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    data = parser.add_argument_group("photos in")
    data.add_argument(
        "--data",
        required=True,
        nargs="+",
        help="a folder per class; train/, valid/ and test/ of such; a folder per source with a folder per class in each; a "
        ".tsv of path, label and source; a .zip or .tgz of photos, or its address; a fastai dataset (pets); a Hub dataset "
        "(microsoft/cats_vs_dogs). Several are several sources: data of one origin and one format each",
    )
    data.add_argument(
        "--layout",
        choices=("guess", "classes", "sources"),
        default="guess",
        help="whether the folders in --data are classes or sources; guessed to be sources where folders in them share names",
    )
    data.add_argument(
        "--labels", nargs="+", default=[], metavar="CLASS", help="take these classes alone (default: all folders)"
    )
    data.add_argument(
        "--label-from",
        metavar="RULE",
        help="folder; name (capitalised file names are cats, others dogs); or a regular expression whose first group is the "
        "label in the file name (default: folder; name for pets)",
    )
    data.add_argument(
        "--neither",
        type=Path,
        nargs="+",
        default=[],
        metavar="FOLDER",
        help="photos of other things, to answer 'neither'; a folder of that name beside the classes is one already",
    )
    data.add_argument(
        "--test",
        type=share,
        default=0.0,
        metavar="SHARE",
        help="photos to keep aside for the final report; --valid 0.2 --test 0.2 splits 60/20/20 (default: none)",
    )
    data.add_argument("--skip-bad", action="store_true", help="leave out photos that cannot be opened instead of stopping")
    return data


def _add_out(parser: argparse.ArgumentParser) -> None:
    out = parser.add_argument_group("model out")
    out.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="the model folder to write")
    out.add_argument("--name", help="the model's name in its card (default: the name of the folder)")
    out.add_argument("--licence", default="apache-2.0", help="the licence in the model card (default: %(default)s)")
    out.add_argument("--data-name", help="what the card calls the photos (default: the names after --data)")
    out.add_argument("--push", type=repository, metavar="USER/NAME", help="publish the model to this Hub repository")
    out.add_argument(
        "--space", type=repository, metavar="USER/NAME", help="publish the app with it to this Space (needs --push)"
    )
    out.add_argument("--private", action="store_true", help="make new repositories private")


def _add_network(parser: argparse.ArgumentParser, architecture: str) -> argparse._ArgumentGroup:
    network = parser.add_argument_group("network")
    network.add_argument("--arch", default=architecture, help="an architecture of torchvision or timm (default: %(default)s)")
    network.add_argument(
        "--weights", default="imagenet", help="imagenet (downloaded), none, or a state dict file (default: %(default)s)"
    )
    network.add_argument("--size", type=side, default=224, help="side of the network's input (default: %(default)s)")
    return network


def _checked(parser: argparse.ArgumentParser, arguments: Sequence[str] | None) -> argparse.Namespace:
    settings = parser.parse_args(arguments)
    if settings.space and not settings.push:
        parser.error("--space needs --push USER/NAME: the Space loads the model from the Hub")
    for data in settings.data:
        check_out(parser, settings.out, data)
    settings.data_name = settings.data_name or ", ".join(Path(data).name for data in settings.data)
    return settings
