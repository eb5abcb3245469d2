"""The short way to a head, the one the page goes: on the starter's body, each photo as it is, nothing downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from model.classifier import Classifier
from model.config import NEITHER
from model.folder import REPORT, new_model_folder
from model.source import STARTER
from model.teach.body import Body
from model.teach.examples import Example, observe
from model.teach.folder import files_of
from model.teach.lesson import Lesson, LessonError
from model.teach.quality import Quality
from model.teach.teach import Teacher
from training.data.decode import map_ahead
from training.data.photos import DataError, Photos
from training.fit.finish import document
from training.settings import ModelOut

STARTER_BODY = "starter"  # as `--weights` has it


def teach_folder(photos: Photos, settings: ModelOut, test: Photos | None = None) -> Quality:
    """Teach the starter the classes of some photos, and write the model folder: the same head as the page's for these.

    Args:
        photos: to learn from. settings: where the folder goes. test: photos to measure it on, with a report.

    Returns:
        What can be said of it.

    Raises:
        DataError: nothing can be learned from these photos. OutputError: the folder cannot be written.
    """
    body = Body(Classifier.load(STARTER), threads=1)
    targets = [photos.labels.index(answer) if answer != NEITHER else len(photos.labels) for answer in photos.answers]
    try:
        lesson = Lesson(photos.labels, _observed(body, photos.paths), targets)
    except LessonError as error:
        raise DataError(str(error)) from None
    taught = Teacher(body).teach(lesson)
    about = {"data": settings.data_name, "licence": settings.licence}
    with new_model_folder(settings.out) as folder:
        for name, content in files_of(body, taught, settings.name, about).items():
            (folder / name).write_bytes(content)
        if test is not None:
            document(folder, Classifier.load(folder).config, "test", test)
    return taught.quality


def _observed(body: Body, paths: Sequence[Path]) -> list[Example]:
    return list(map_ahead(lambda path: observe(body, path.read_bytes()), paths, "features"))


def told(quality: Quality, out: Path, has_test: bool) -> str:
    """What a terminal is told of a taught head: how good it is, what would make it better, what to do with it."""
    lines = [f"\ntaught {', '.join(quality.labels)} by {sum(quality.photos):,} photos in {quality.seconds:.1f} s"]
    if held_back := quality.held_back:
        low, high = held_back.interval
        lines.append(
            f"{held_back.right:,} of {held_back.of:,} right when each was held back: {held_back.accuracy:.1%} "
            f"(95 % interval {low:.1%} to {high:.1%})"
        )
    lines += [f"- {advice.text}" for advice in quality.advice]
    if has_test:
        lines.append(f"\nRead the report: {out / REPORT / 'report.html'}")
    lines += [f"\nTry it:          python -m model --model {out} PHOTO", f"Serve it:        MODEL_REPO={out} python app.py"]
    return "\n".join(lines)
