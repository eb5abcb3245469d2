"""`POST /api/album`: one photo of an album. The page asks it again and again, and puts the answers together itself."""

from __future__ import annotations

import asyncio
import io
import itertools
import re
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from PIL import Image
from starlette.requests import Request
from starlette.routing import Route

from model.classifier import Classifier
from model.photo import MAX_BYTES
from ui.api import posted, problem
from ui.data_url import data_url
from ui.desk import Busy
from ui.request_photo import TOO_LARGE, read_body
from ui.service import Gone, Service, Untaught
from ui.texts import language_of
from ui.which_model import why_gone

THUMBNAIL = 112  # pixels a side
_AT_ONCE = 8  # photos of all albums: few among `max_waiting`, so that other visitors are answered


def album_routes(service: Service) -> list[Route]:
    """The route, ready for the server."""
    line = Line(min(_AT_ONCE, max(1, service.max_waiting // 2)), service.max_waiting)
    numbers: WeakKeyDictionary[Classifier, int] = WeakKeyDictionary()
    count = itertools.count()

    async def answer(request: Request) -> Any:
        """The bytes of a photo → its answer by the model of ?session=, a thumbnail, and which model that was.

        What is wrong is said in the language that the browser asks for: {"error": sentence}, with 4xx.
        """
        try:
            answers = service.of(request.query_params.get("session", ""))
        except (Gone, Untaught) as error:
            return problem(404 if isinstance(error, Gone) else 409, why_gone(error, language_of(request)))
        service.desk.check_budget()
        photo = await read_body(request, MAX_BYTES, TOO_LARGE)
        async with line:
            small, pixels = await answers.look(photo, _look)
            prediction = await answers.answer(pixels)
        classifier = answers.classifier
        number = numbers.setdefault(classifier, next(count))
        return {
            "labels": prediction.labels,
            "probability": prediction.probability,
            "probabilities": prediction.probabilities,
            "thumbnail": data_url(small, "jpeg"),
            "model": {
                "number": number,
                "answers": prediction.answers,
                "csv": csv_name(classifier.config.name, classifier.revision),
            },
        }

    return posted("/api/album", answer, "Send the photo with POST, as the body.")


class Line:
    """Where photos of albums wait for one of a few places.

    Args:
        places: that many are answered at once.
        most: that many may wait; one more raises `Busy`.
    """

    def __init__(self, places: int, most: int) -> None:
        self._places = asyncio.Semaphore(places)
        self._free = places + most

    async def __aenter__(self) -> None:
        if not self._free:
            raise Busy("Too many photos of albums are waiting. Try again in a second.")
        self._free -= 1
        try:
            await self._places.acquire()
        except BaseException:
            self._free += 1
            raise

    async def __aexit__(self, *error: object) -> None:
        self._places.release()
        self._free += 1


def thumbnail(image: Image.Image) -> bytes:
    """A JPEG of at most 112×112 pixels, of an RGB photo that stays as it is."""
    small = image.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=75, exif=b"")
    return buffer.getvalue()


def _look(image: Image.Image) -> tuple[bytes, np.ndarray]:
    """A thumbnail, and the photo as it is for the classifier: decoded once for both."""
    return thumbnail(image), np.asarray(image)


def csv_name(model: str, revision: str) -> str:
    """A file name that says which model answered."""
    return f"{re.sub(r'[^A-Za-z0-9._]+', '-', f'{model}-{revision[:12]}').strip('.-') or 'answers'}.csv"
