"""What is done for a session: its photos are looked at, and heads fitted, on a thread each, behind all other visitors."""

from __future__ import annotations

import json
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.classifier import Classifier
from model.errors import ModelError
from model.photo import photo_facts
from ui.request_photo import Refused
from ui.service import Untaught
from ui.teach.session import MAX_PHOTOS, Session
from ui.teach.worker import Worker

if TYPE_CHECKING:
    from model.teach.examples import Example
    from model.teach.model import TaughtModel
    from model.teach.teach import Teacher

NAME = "my-model"  # of the folder in a downloaded zip


class Lessons:
    """Teaches. What that takes is loaded with the first lesson, so that the first answer of the server need not wait for it.

    Args:
        classifier: the model whose body is taught.
    """

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier
        self._made: Teacher | ModelError | None = None
        self._making = threading.Lock()
        self._photos, self._lessons = Worker("taught photos"), Worker("lessons")

    async def prepare(self, session: Session) -> None:
        """Load what is needed. Raises `ModelError` where the model that is served cannot be taught."""
        if self._made is None or isinstance(self._made, ModelError):
            await self._lessons.do(session.token, self._teacher)

    async def observe(self, session: Session, data: bytes, burst: str = "") -> Example:
        """What is kept of an untrusted photo.

        Raises:
            Busy: too many photos wait. PhotoError: it cannot be used.
        """

        def look() -> Example:
            from model.teach.examples import observe

            facts = photo_facts(data)
            session.budget.spend(facts.width * facts.height)  # whatever becomes of it: opening it is the work
            return observe(self._teacher().body, data, burst)

        return await self._photos.do(session.token, look, len(data))

    async def train(self, session: Session, whole: bool = False) -> dict[str, Any]:
        """Teach what the session has photos of, if that has changed; the quality of the model that came of it.

        Args:
            whole: all classes, or an error; else those with too few photos may be left out.

        Raises:
            Refused: 409 where there are too few photos.
        """
        from model.teach.lesson import LessonError
        from model.teach.model import TaughtModel

        async with session.training:
            if not session.is_taught:
                try:
                    lesson, numbers, version = session.lesson(whole)
                except LessonError as error:
                    session.forget()
                    raise Refused(409, str(error)) from None
                taught = await self._lessons.do(session.token, lambda: self._teacher().teach(lesson))
                session.keep(TaughtModel(self._teacher().body, taught, NAME), numbers, version)
            assert session.quality is not None
            return session.quality

    async def model_zip(self, session: Session, name: str = NAME) -> bytes:
        """A zip with the model folder `name`, and its quality as quality.json. Raises `Untaught` where nothing was taught."""
        from model.teach.folder import zipped

        model = taught_in(session)
        quality = json.dumps(session.quality, ensure_ascii=False, indent=2).encode("utf-8")
        return await self._lessons.do(session.token, partial(zipped, model.body, model.taught, name, {"quality.json": quality}))

    async def write_model(self, session: Session, target: Path) -> None:
        """Write the model folder of what was taught. Raises `Untaught` where nothing was."""
        from model.teach.folder import write_folder

        model = taught_in(session)
        await self._lessons.do(session.token, partial(write_folder, model.body, model.taught, target))

    async def project_zip(self, session: Session) -> bytes:
        """The project, for `fill`."""
        from model.teach.project import ProjectClass, write_project

        classes = [ProjectClass(each.name, each.is_neither, list(each.photos.values())) for each in session.classes.values()]
        return await self._lessons.do(session.token, lambda: write_project(self._teacher().body, classes))

    async def fill(self, session: Session, project: bytes) -> None:
        """Put what is in the zip of a saved project into an empty session.

        Raises:
            Refused: 400 for a zip that is no project of this model, 409 for one of more than a session may hold.
        """
        from model.teach.lesson import LessonError
        from model.teach.project import read_project

        try:
            classes = await self._photos.do(session.token, lambda: read_project(self._teacher().body, project, MAX_PHOTOS))
        except LessonError as error:
            raise Refused(400, str(error)) from None
        for each in classes:
            number = session.add_class(each.name, each.neither)
            for example in each.examples:
                session.add_photo(number, example)

    def _teacher(self) -> Teacher:
        with self._making:
            if self._made is None:
                from model.teach.body import Body
                from model.teach.teach import Teacher

                try:
                    self._made = Teacher(Body(self._classifier, threads=1))
                except ModelError as error:
                    self._made = error  # it will not go away: nobody need try again
            if isinstance(self._made, ModelError):
                raise ModelError(str(self._made))
            return self._made


def taught_in(session: Session) -> TaughtModel:
    """The model of a session. Raises `Untaught` where there is none."""
    if session.model is None:
        raise Untaught("Nothing is taught in this session yet. Give photos of two classes and train.")
    return session.model
