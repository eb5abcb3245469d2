"""What one visitor teaches: classes and what is kept of their photos, within limits, and the model that came of it.

All of it is used from the thread of the server's event loop alone.
"""

from __future__ import annotations

import asyncio
import itertools
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from model.config import NEITHER
from ui.data_url import data_url
from ui.request_photo import Refused
from ui.teach.budget import Budget

if TYPE_CHECKING:
    from model.teach.examples import Example
    from model.teach.lesson import Lesson
    from model.teach.model import TaughtModel

MAX_CLASSES = 20  # without neither
MAX_PHOTOS = 1_000
MAX_PER_CLASS = 300
MAX_BYTES = 8_000_000  # of features and thumbnails


@dataclass
class TaughtClass:
    """A class: its name, whether it stands for everything else, and its photos by their numbers."""

    name: str
    is_neither: bool
    photos: dict[int, Example] = field(default_factory=dict)


class Session:
    """One visitor's lesson.

    Args:
        token: what the visitor names it by; nobody can guess it. client: the visitor's address.

    Attributes:
        seen: when it was used last. under_way: photos of it that are being sent or looked at. training: held meanwhile.
        model: what was taught, of the photos as they were then; None before. quality: of that model, as the page wants it.
    """

    def __init__(self, token: str, budget: Budget, client: str = "") -> None:
        self.token, self.budget, self.client = token, budget, client
        self.seen = 0.0
        self.under_way = 0
        self.training = asyncio.Lock()
        self.classes: dict[int, TaughtClass] = {}
        self.model: TaughtModel | None = None
        self.quality: dict[str, Any] | None = None
        self._numbers = itertools.count(1)
        self._bytes = 0
        self._version = self._taught = 0  # what the photos are like now, and were when the model was taught

    def add_class(self, name: str = "", is_neither: bool = False) -> int:
        """The number of a new class, which may have no photos yet; without a name it is called "Class N".

        Raises:
            Refused: 400 for a name that cannot be, 409 where there is one of this name, or as many as there may be.
        """
        if is_neither or _folded(name) == NEITHER:
            name, is_neither = NEITHER, True
            if any(each.is_neither for each in self.classes.values()):
                raise Refused(409, f"There is a class {NEITHER!r} already: add the photos to that one.")
        else:
            if sum(not each.is_neither for each in self.classes.values()) >= MAX_CLASSES:
                raise Refused(409, f"There are {MAX_CLASSES} classes already, and no more can be taught.")
            name = self._free_name(name) if name else self._numbered_name()
        number = next(self._numbers)
        self.classes[number] = TaughtClass(name, is_neither)
        return number

    def rename(self, number: int, name: str) -> None:
        """Give a class another name.

        Raises:
            Refused: as `add_class`; 404 where there is no such class, 409 for `neither`, which keeps its name.
        """
        found = self.class_of(number)
        if found.is_neither:
            raise Refused(409, f"The class {NEITHER!r} keeps its name.")
        found.name = self._free_name(name, but=number)
        self._version += 1

    def remove_class(self, number: int) -> None:
        """Forget a class and its photos. Raises `Refused` 404 where there is no such class."""
        self._bytes -= sum(example.memory for example in self.class_of(number).photos.values())
        del self.classes[number]
        self._version += 1

    def class_of(self, number: int) -> TaughtClass:
        """The class of this number. Raises `Refused` 404 where there is none."""
        if number not in self.classes:
            raise Refused(404, f"There is no class {number} in this session.")
        return self.classes[number]

    def check_room(self, number: int) -> None:
        """Raises `Refused`: 404 where there is no such class, 409 where no more photos fit into it."""
        own = self.class_of(number)
        if len(own.photos) >= MAX_PER_CLASS:
            raise Refused(409, f"The class {own.name!r} has {MAX_PER_CLASS} photos already, and no more can be taught.")
        if sum(len(each.photos) for each in self.classes.values()) >= MAX_PHOTOS:
            raise Refused(409, f"There are {MAX_PHOTOS:,} photos in this session, and no more can be taught.")
        if self._bytes >= MAX_BYTES:
            raise Refused(409, f"This session holds {MAX_BYTES // 1_000_000} MB, and no more fits. Remove photos first.")

    def add_photo(self, number: int, example: Example) -> int:
        """Keep what is known of a photo; the number that it is given.

        Raises:
            Refused: as `check_room`.
        """
        self.check_room(number)
        photo = next(self._numbers)
        self.classes[number].photos[photo] = example
        self._bytes += example.memory
        self._version += 1
        return photo

    def alike(self, number: int, example: Example) -> int:
        """How many photos of a class show nearly the same. Raises `Refused` 404 where there is no such class."""
        from model.teach.examples import ALIKE

        others = [other.features for other in self.class_of(number).photos.values()]
        rows = np.array(others, np.float32).reshape(-1, len(example.features))
        own = example.features.astype(np.float32)
        lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(own)
        return int((rows @ own >= ALIKE * np.maximum(lengths, 1e-6)).sum())

    def photo(self, number: int) -> Example:
        """What is kept of a photo. Raises `Refused` 404 where there is no such photo."""
        return self._class_with(number).photos[number]

    def remove_photo(self, number: int) -> None:
        """Forget a photo. Raises `Refused` 404 where there is no such photo."""
        self._bytes -= self._class_with(number).photos.pop(number).memory
        self._version += 1

    @property
    def is_taught(self) -> bool:
        """Whether the model knows all photos and names as they are now."""
        return self.model is not None and self._taught == self._version

    def lesson(self, whole: bool) -> tuple[Lesson, list[int], int]:
        """What can be taught now, the numbers of its photos, and its version, for `keep`.

        Args:
            whole: all classes, or an error; else classes with too few photos are left out as long as two have enough.

        Raises:
            LessonError: too few photos or classes.
        """
        from model.teach.lesson import MIN_CLASSES, MIN_PHOTOS, Lesson

        named = [each for each in self.classes.values() if not each.is_neither]
        enough = [each for each in named if len(each.photos) >= MIN_PHOTOS]
        taught = named if whole or len(enough) < MIN_CLASSES else enough
        neither = [each for each in self.classes.values() if each.is_neither]
        photos = [(index, photo) for index, each in enumerate([*taught, *neither]) for photo in each.photos.items()]
        examples, targets = [example for _, (_, example) in photos], [index for index, _ in photos]
        lesson = Lesson(tuple(each.name for each in taught), examples, targets)
        return lesson, [number for _, (number, _) in photos], self._version

    def keep(self, model: TaughtModel, numbers: list[int], version: int) -> None:
        """Take what was taught of a `lesson`."""
        quality = model.taught.quality.model_dump(mode="json")
        for wrong in (quality["held_back"] or {"wrong": []})["wrong"]:
            wrong["photo"] = numbers[wrong.pop("index")]
        self.model, self.quality, self._taught = model, quality, version

    def forget(self) -> None:
        """Nothing is taught any more: there are too few photos for what was."""
        self.model = self.quality = None

    def state(self) -> dict[str, Any]:
        """All that the page shows of it, as JSON."""
        classes = [
            {
                "id": number,
                "name": each.name,
                "neither": each.is_neither,
                "photos": [
                    {"id": photo, "thumbnail": data_url(example.thumbnail, "jpeg"), "burst": example.burst}
                    for photo, example in each.photos.items()
                ],
            }
            for number, each in self.classes.items()
        ]
        return {"session": self.token, "classes": classes, "quality": self.quality}

    def _class_with(self, photo: int) -> TaughtClass:
        for each in self.classes.values():
            if photo in each.photos:
                return each
        raise Refused(404, f"There is no photo {photo} in this session.")

    def _numbered_name(self) -> str:
        taken = {_folded(each.name) for each in self.classes.values()}
        return next(name for n in itertools.count(1) if _folded(name := f"Class {n}") not in taken)

    def _free_name(self, name: str, but: int = 0) -> str:
        """The name as it is kept, if no class has it but `but`."""
        from model.teach.lesson import LessonError, check_name

        tidy = " ".join(unicodedata.normalize("NFC", name).split())
        if _folded(name) == NEITHER:
            raise Refused(400, f"{NEITHER!r} means: none of the classes. Add the class that is there for such photos instead.")
        try:
            check_name(tidy)
        except LessonError as error:
            raise Refused(400, str(error)) from None
        if any(_folded(each.name) == _folded(tidy) for number, each in self.classes.items() if number != but):
            raise Refused(409, f"There is a class {tidy!r} already: choose another name.")
        return tidy


def _folded(name: str) -> str:
    """The same for names that nobody could tell apart."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
