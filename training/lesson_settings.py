"""What can be chosen for the two small lessons, `from_scratch.py` and `transfer.py`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from training.options import at_least_one, at_least_two, check_out, count, minutes, rate, share, small_side


def parse_from_scratch(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The settings of `from_scratch.py`, from `arguments` or the command line. Ends the program where they make no sense."""
    parser = _parser(
        "from_scratch.py",
        "Train a small network from nothing: small pictures in, a model folder out.",
        "Without a GPU, --minutes 4 says how long everything may take; the network learns as much as it can in that time.",
        data="torchvision:CIFAR10 (downloaded), a folder per class, train/ and test/ of such, a .zip or .tgz of either, or a "
        "Hub dataset (uoft-cs/cifar10)",
    )
    parser.add_argument(
        "--recipe", choices=("fast", "lesson"), default="fast", help="how to train; both are in the script (default: fast)"
    )
    long = parser.add_mutually_exclusive_group()
    long.add_argument("--epochs", type=at_least_one, help="times that every picture is trained on (default: the recipe's)")
    long.add_argument(
        "--minutes", type=minutes, help="instead: train until everything, to the report, fits into so many minutes"
    )
    parser.add_argument("--width", type=at_least_one, help="channels of the first layer (default: the recipe's)")
    parser.add_argument("--lr", type=rate, help="the highest learning rate; less for long training (default: the recipe's)")
    parser.add_argument(
        "--no-mirror", dest="mirror", action="store_false", help="for digits, letters and whatever else has a right side"
    )
    parser.add_argument("--size", type=small_side, default=32, help="side that pictures are brought to (default: %(default)s)")
    return _checked(parser, arguments)


def parse_transfer(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The settings of `transfer.py`, from `arguments` or the command line. Ends the program where they make no sense."""
    parser = _parser(
        "transfer.py",
        "Train a new head on a frozen base, in plain PyTorch and with fastai: photos in, a model folder out.",
        "A few hundred photos are enough: the base has learned to see from a million others.",
        data="a folder per class, train/ and test/ of such, a .zip or .tgz of either, a fastai dataset (pets), or a Hub "
        "dataset",
    )
    parser.add_argument("--arch", default="resnet34", help="a convolutional network of torchvision (default: %(default)s)")
    parser.add_argument(
        "--weights", default="imagenet", help="imagenet (downloaded), none, or a state dict file (default: %(default)s)"
    )
    parser.add_argument("--epochs", type=at_least_one, default=5, help="of the head (default: %(default)s)")
    parser.add_argument("--batch-size", type=at_least_one, default=64, help="photos per step (default: %(default)s)")
    parser.add_argument("--lr", type=rate, default=1e-3, help="learning rate (default: %(default)s)")
    parser.add_argument("--size", type=small_side, default=224, help="side of the network's input (default: %(default)s)")
    parser.add_argument(
        "--no-fastai", dest="fastai", action="store_false", help="leave out the fastai call that comes to the same"
    )
    return _checked(parser, arguments)


def _parser(name: str, description: str, epilog: str, data: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=name, description=description, epilog=epilog)
    parser.add_argument("--data", required=True, help=data)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="the model folder to write")
    parser.add_argument(
        "--valid", type=share, default=0.1, metavar="SHARE", help="pictures to validate on (default: %(default)s)"
    )
    parser.add_argument(
        "--per-class", type=at_least_two, metavar="N", help="use only so many of each class, to try it (default: all)"
    )
    parser.add_argument("--label-from", metavar="RULE", help="where labels come from, as in training/fine_tune.py")
    parser.add_argument("--name", help="the model's name in its card (default: the name of the folder)")
    parser.add_argument("--data-name", help="what the card calls the pictures (default: the name after --data)")
    parser.add_argument("--licence", default="apache-2.0", help="the licence in the model card (default: %(default)s)")
    parser.add_argument("--seed", type=count, default=42, help="of the split, the shuffling and the new weights")
    return parser


def _checked(parser: argparse.ArgumentParser, arguments: Sequence[str] | None) -> argparse.Namespace:
    settings = parser.parse_args(arguments)
    check_out(parser, settings.out, settings.data)
    settings.name = settings.name or settings.out.resolve().name
    settings.data_name = settings.data_name or Path(settings.data).name
    return settings
