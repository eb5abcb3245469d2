"""Classify photos from the terminal: `python -m model PHOTO...`; `inspect` and `convert` read fastai exports."""

from __future__ import annotations

import argparse
import io
import json
import sys
from difflib import get_close_matches
from pathlib import Path

from model.classifier import Classifier
from model.commands import add_export_options, convert_main, export_options, inspect_main
from model.decode.wall import behind_wall
from model.errors import EntryPoint, ModelError
from model.photo import PhotoError
from model.source import load

COMMANDS = {"inspect": inspect_main, "convert": convert_main}


def main(arguments: list[str] | None = None) -> int:
    """Print one answer per photo. Returns the exit status: 0, 1 where a photo failed, 2 where the model did."""
    arguments = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):  # a name that the terminal cannot show is escaped, not a crash
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if arguments and arguments[0] in COMMANDS:
        return COMMANDS[arguments[0]](arguments[1:])
    parser = argparse.ArgumentParser(
        prog="python -m model",
        description="Print an answer per photo.",
        epilog="python -m model inspect EXPORT says what is in a fastai export; python -m model convert EXPORT OUT writes a "
        "model folder from it. Both have a --help of their own.",
    )
    parser.add_argument("photos", nargs="+", metavar="PHOTO", help="a photo file; - reads one from standard input")
    parser.add_argument(
        "--model", help="a model folder, a fastai export (model.pkl) or a Hub repository (default: the embedded starter)"
    )
    parser.add_argument("--revision", help="commit, tag or branch of the Hub repository")
    add_export_options(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    options = parser.parse_args(arguments)
    first = options.photos[0]
    if get_close_matches(first, COMMANDS) and not Path(first).exists():
        parser.error(f"there is no photo and no command {first}; the commands are {' and '.join(COMMANDS)}")
    try:
        classifier = load(options.model, options.revision, export_options(options), apart=True)
    except ModelError as error:
        print(f"Cannot load the model: {error.at(EntryPoint.COMMAND_LINE)}", file=sys.stderr)
        return 2
    with behind_wall(workers=1):
        answered = [_answer(classifier, name, options.json) for name in options.photos]
    return 0 if all(answered) else 1


def _answer(classifier: Classifier, name: str, is_json: bool) -> bool:
    """Print the answer for a photo, or what is wrong with it; and whether there is one."""
    try:
        prediction = classifier.classify([sys.stdin.buffer if name == "-" else name])[0]
    except PhotoError as error:
        if is_json:
            print(json.dumps({"photo": name, "error": str(error)}, ensure_ascii=False))
        else:
            print(f"{name}: {error}", file=sys.stderr)
        return False
    if is_json:
        print(json.dumps({"photo": name, "label": prediction.label, "scores": prediction.as_dict()}, ensure_ascii=False))
    else:
        scores = "  ".join(f"{answer} {probability:.1%}" for answer, probability in prediction.as_dict().items())
        print(f"{name}: {', '.join(prediction.labels) or 'none of them'}  ({scores})")
    return True


if __name__ == "__main__":
    raise SystemExit(main())
