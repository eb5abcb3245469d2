"""`python -m model inspect` and `python -m model convert`: fastai exports from the terminal."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from model.errors import EntryPoint, ModelError, OutputError, few
from model.fastai_export.apart import try_apart
from model.fastai_export.convert import convert
from model.fastai_export.facts import facts_of
from model.fastai_export.inert_tree import shown
from model.fastai_export.options import ExportOptions, read_size
from model.photo_files import list_photos
from model.photo_files import shown as path_text
from model.source import locate

_SHOWN = 12


def inspect_main(arguments: list[str], apart: bool = True) -> int:
    """Say what an export holds. Returns the exit status: 0, 1 where it cannot answer here, 2 where it is none.

    Args:
        apart: whether a process of its own opens it, with a clock; see `model.fastai_export.apart`.
    """
    parser = argparse.ArgumentParser(
        prog="python -m model inspect",
        description="Say what is in a fastai export: network, labels, how photos are prepared, who made it, and what in it was "
        "not run. Nothing in the file is run.",
    )
    _add_options(parser)
    parser.add_argument("--all", action="store_true", help="list every name that was not run")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args(arguments)
    try:
        path, said = _export(options), export_options(options)
        facts = try_apart(path, said) if apart and not said.trust else facts_of(path, said)
    except ModelError as error:
        print(f"Cannot open it: {error.at(EntryPoint.COMMAND_LINE)}", file=sys.stderr)
        return 2
    print(json.dumps(facts, indent=2, ensure_ascii=False) if options.json else _text(facts, options.all))
    return 0 if facts["answers_here"] is True else 1


def convert_main(arguments: list[str]) -> int:
    """Write a model folder from an export. Returns the exit status: 0, or 2 where that is not possible."""
    parser = argparse.ArgumentParser(
        prog="python -m model convert",
        description="Write a model folder (ONNX, safetensors, config.json) from a fastai export. It opens with every "
        "Python, without torch and fastai. Nothing in the export is run; nothing is written unless both answer alike.",
    )
    _add_options(parser)
    parser.add_argument("target", type=Path, metavar="OUT", help="the model folder to write")
    parser.add_argument("--name", help="what to call the model (default: the name of the file, or of its folder)")
    parser.add_argument("--photos", type=Path, metavar="FOLDER",
                        help="compare the answers on the photos in this folder, too, or on this one photo")  # fmt: skip
    options = parser.parse_args(arguments)
    try:
        replaced = options.target.exists()
        photos = _photos(options.photos) if options.photos else []
        print("Reading the export, writing ONNX, comparing answers …", file=sys.stderr)
        path, said = _export(options), export_options(options)
        if not said.trust:
            try_apart(path, said)
        done = convert(path, options.target, said, name=options.name, photos=photos)
    except (ModelError, OutputError) as error:
        problem = error.at(EntryPoint.COMMAND_LINE) if isinstance(error, ModelError) else str(error)
        print(f"Cannot convert it: {problem}", file=sys.stderr)
        return 2
    for sentence in done.unusable:
        print(f"Left out: {sentence}", file=sys.stderr)
    for remark in done.remarks:
        print(f"Note: {remark}")
    print(
        f"{options.target}{' (replaced)' if replaced else ''}: {done.config.architecture.name}, labels "
        f"{_few(done.config.labels)}. On {done.photos} pictures its "
        f"probabilities and the export's differ by at most {done.difference:.1g}."
    )
    print(f"Try it:  python -m model --model {options.target} PHOTO    or    MODEL_REPO={options.target} python app.py")
    return 0


def _photos(place: Path) -> Sequence[Path]:
    """The photos of a folder, or one photo; what is left out is said.

    Raises:
        ModelError: there are none.
    """
    if not place.is_dir():
        if not place.exists():
            raise ModelError(f"there is no folder of photos {path_text(place)}")
        return [place]
    try:
        found = list_photos(place)
    except OSError as error:
        raise ModelError(f"{path_text(place)} cannot be read: {error.strerror or error}") from None
    for sentence in found.left_out.sentences():
        print(sentence[0].upper() + sentence[1:], file=sys.stderr)
    if not found.names:
        raise ModelError(f"there are no photos in {path_text(place)}")
    return found.paths


def size(text: str) -> tuple[int, int]:
    """`224` or `224x320`: height and width in pixels."""
    try:
        return read_size(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def labels(text: str) -> list[str]:
    """`dog,cat`: names, in the order of the export's own labels."""
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise argparse.ArgumentTypeError(f"labels are names with commas between them, not {text!r}")
    return names


def add_export_options(parser: argparse.ArgumentParser) -> None:
    """The options that only an export needs."""
    parser.add_argument(
        "--labels", type=labels, metavar="A,B", help="names for an export's labels, in its order: dog,cat for False,True"
    )
    parser.add_argument("--allow", action="append", default=[], metavar="CLASS",
                        help="a layer class of yours that the export may use; OLD.NAME=NEW.NAME if it moved")  # fmt: skip
    parser.add_argument("--size", type=size, metavar="HxW", help="photo size for an export that does not resize photos itself")
    parser.add_argument(
        "--activation", choices=["softmax", "sigmoid"], help="for an export whose loss is a class of its maker's own"
    )
    parser.add_argument("--trust", action="store_true", help="let an export of your own take more time and memory than a "
                        "stranger's may; nothing in it is run in any case")  # fmt: skip


def export_options(options: argparse.Namespace) -> ExportOptions:
    """What the command line says about an export, by the options of `add_export_options`."""
    return ExportOptions(options.labels, options.allow, options.size, options.activation, options.trust)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "export", metavar="EXPORT", help="an export (model.pkl), a folder with one, or a Hub repository user/name"
    )
    parser.add_argument("--revision", help="commit, tag or branch of the Hub repository")
    add_export_options(parser)


def _export(options: argparse.Namespace) -> Path:
    path, _, _ = locate(options.export, options.revision)
    if path.is_dir():
        raise ModelError(
            f"{path} holds no export (model.pkl)"
            + (": it is a model folder already" if (path / "config.json").exists() else "")
        )
    return path


def _text(facts: dict[str, Any], everything: bool) -> str:
    size, not_run = facts["input"], facts["not_run"]
    parameters = facts.get("parameters")
    mean, std = (", ".join(f"{value:.4g}" for value in size[name]) for name in ("mean", "std"))
    padding = f" with {size['padding']}" if size["resize"] == "pad" else ""
    booleans = "  (True and False; --labels dog,cat names them)" if facts["labels_were_booleans"] else ""
    made = [f"{name.replace('python', 'Python')} {version}" for name, version in facts["made_with"].items()]
    rows = [
        ("architecture", facts["architecture"] + (f", {parameters:,} parameters" if parameters else "")),
        ("labels", _few(facts["labels"]) + booleans),
        (
            "probabilities",
            "one label is right (softmax)"
            if facts["threshold"] is None
            else f"independent (sigmoid), given from {facts['threshold']:g}",
        ),
        ("photo", f"{size['mode']}, {size['resize']}{padding} to {size['width']}×{size['height']}, {size['resample']}"),
        *(("", f"then {step}") for step in facts["then"]),
        ("normalisation", f"mean {mean}; std {std}"),
        ("made with", ", ".join(made + ([f"on {facts['made_on']}"] if facts["made_on"] else [])) or "no trace of it"),
        (
            "not run",
            f"{len(not_run['code_in_the_file'])} functions whose code is in the file"
            + _listed(not_run["code_in_the_file"], everything),
        ),
        (
            "",
            f"{len(not_run['names_of_others'])} names from outside the usual libraries"
            + _listed(not_run["names_of_others"], everything),
        ),
        ("", f"{len(not_run['names'])} names of fastai, torch and the like" + _listed(not_run["names"], everything, few=0)),
        (
            "answers here",
            ("yes, but see the notes" if facts["remarks"] else "yes")
            if facts["answers_here"] is True
            else f"no: {facts['answers_here']}",
        ),
        *(("note", remark) for remark in facts["remarks"]),
    ]
    return "\n".join([facts["file"], *(f"  {name:<14} {text}" for name, text in rows)])


def _listed(names: list[str], everything: bool, few: int = _SHOWN) -> str:
    if not names or not (few or everything):
        return "" if not names else " (--all lists them)"
    listed = names if everything else names[:few]
    return ": " + ", ".join(shown(name) for name in listed) + (", … (--all)" if len(listed) < len(names) else "")


def _few(names: list[str] | tuple[str, ...]) -> str:
    return few(names, _SHOWN) + (f" ({len(names)} in all)" if len(names) > _SHOWN else "")
