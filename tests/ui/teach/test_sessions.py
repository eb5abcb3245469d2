"""What one visitor may teach, and how long it is kept; photos are replaced by what is kept of them."""

from __future__ import annotations

import time

import numpy as np
import pytest

from model import Classifier
from model.errors import ModelError
from model.teach.examples import Example, Look
from model.teach.lesson import LessonError
from tests.running import run_alone
from tests.ui.teach.clock import Clock
from ui.request_photo import Refused
from ui.service import Gone, Service, Untaught
from ui.teach import sessions as module
from ui.teach.budget import Budget
from ui.teach.session import Session
from ui.teach.sessions import MAX_SESSIONS, Sessions

MINUTE = 60


def example(number: int = 0, thumbnail: int = 1000) -> Example:
    features = np.random.default_rng(number).random(8).astype(np.float16) ** 4
    return Example(features, Look("JPEG", 96, 96, 5000, np.zeros((28, 3), np.uint8)), bytes(thumbnail))


@pytest.fixture
def session() -> Session:
    return Session("token", Budget())


@pytest.fixture
def clock() -> Clock:
    return Clock()


def opened(sessions: Sessions, *clients: str) -> list[Session]:
    async def run() -> list[Session]:
        return [await sessions.open(client) for client in clients]

    return run_alone(run())


def test_ten_minutes_of_idleness_end_a_session_and_use_prolongs_it(classifier, clock):
    sessions = Sessions(classifier, clock)
    used, idle = opened(sessions, "a", "b")
    clock.now += 9 * MINUTE
    assert sessions.get(used.token) is used
    clock.now += 2 * MINUTE
    assert sessions.get(used.token) is used
    with pytest.raises(Gone, match="nothing happened in it for 10 minutes") as gone:
        sessions.get(idle.token)
    assert gone.value.why == "idle"


def test_one_session_too_many_ends_the_one_that_was_idle_longest(classifier, clock):
    sessions = Sessions(classifier, clock)
    first, second = opened(sessions, "a", "b")
    sessions.get(first.token)
    opened(sessions, *(f"client {number}" for number in range(MAX_SESSIONS - 1)))
    assert sessions.get(first.token) is first
    with pytest.raises(Gone, match="idle the longest") as gone:
        sessions.get(second.token)
    assert gone.value.why == "full"


def test_a_session_that_its_visitor_closed_and_one_that_never_was(classifier):
    sessions = Sessions(classifier)
    (session,) = opened(sessions, "a")
    sessions.close(session.token)
    for token in (session.token, "guessed"):
        with pytest.raises(Gone, match="no such session") as gone:
            sessions.get(token)
        assert gone.value.why == "lost"


def test_idle_sessions_end_also_where_nobody_comes(classifier, clock, monkeypatch):
    monkeypatch.setattr(module, "_SWEEP_SECONDS", 0.02)
    sessions = Sessions(classifier, clock)
    opened(sessions, "a", "b")
    clock.now += 11 * MINUTE
    deadline = time.monotonic() + 10
    while sessions._open and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not sessions._open


def test_tokens_cannot_be_guessed(classifier):
    tokens = {session.token for session in opened(Sessions(classifier), *"abcdef")}
    assert len(tokens) == 6
    assert min(map(len, tokens)) >= 32


def test_one_client_opens_so_many_sessions_and_others_are_not_hindered(classifier, clock):
    sessions = Sessions(classifier, clock)
    opened(sessions, *["a"] * 30)
    with pytest.raises(Refused, match="Wait a minute") as refused:
        opened(sessions, "a")
    assert (refused.value.status, refused.value.retry_after) == (429, 60)
    opened(sessions, "b")
    clock.now += MINUTE
    opened(sessions, "a")


def test_a_model_that_cannot_be_taught_says_so_each_time(classifier):
    class Odd:
        def logits(self, batch: np.ndarray) -> np.ndarray:
            return np.zeros((len(batch), 3), np.float32)

    sessions = Sessions(Classifier(Odd(), classifier.config))
    for _ in range(2):
        with pytest.raises(ModelError, match="cannot be taught"):
            opened(sessions, "a")


def test_classes_and_photos_are_numbered_and_shown(session):
    mug, other = session.add_class("Mug"), session.add_class()
    photo = session.add_photo(mug, example(1))
    session.rename(other, "Cup")
    state = session.state()
    assert [(each["id"], each["name"], each["neither"]) for each in state["classes"]] == [
        (mug, "Mug", False),
        (other, "Cup", False),
    ]
    assert [each["id"] for each in state["classes"][0]["photos"]] == [photo]
    assert state["classes"][0]["photos"][0]["thumbnail"].startswith("data:image/jpeg;base64,")
    session.remove_photo(photo)
    session.remove_class(other)
    assert [each["photos"] for each in session.state()["classes"]] == [[]]
    for gone in (lambda: session.remove_photo(photo), lambda: session.remove_class(other), lambda: session.rename(other, "x")):
        with pytest.raises(Refused) as refused:
            gone()
        assert refused.value.status == 404


def test_how_many_there_may_be(session):
    classes = [session.add_class() for _ in range(20)]
    session.add_class("neither")
    with pytest.raises(Refused, match="20 classes already"):
        session.add_class("One more")
    for own in classes[:3]:
        for number in range(300):
            session.add_photo(own, example(number, thumbnail=100))
        with pytest.raises(Refused, match="300 photos already"):
            session.add_photo(own, example())
    for number in range(100):
        session.add_photo(classes[3], example(number, thumbnail=100))
    with pytest.raises(Refused, match="1,000 photos in this session") as refused:
        session.add_photo(classes[4], example())
    assert refused.value.status == 409
    session.remove_class(classes[0])
    session.add_photo(classes[4], example())


def test_how_much_memory_there_is(session):
    own = session.add_class()
    photos = [session.add_photo(own, example(number, thumbnail=2_000_000)) for number in range(4)]
    with pytest.raises(Refused, match="8 MB"):
        session.add_photo(own, example(5))
    session.remove_photo(photos[0])
    session.add_photo(own, example(5))


@pytest.mark.parametrize("name", ["Mug", "Oma Ilse", "  Oma   Ilse ", "Ü", "猫", "a" * 40, "#1", "<b>", "Neither?"])
def test_names_that_a_class_may_have(session, name):
    number = session.add_class(name)
    assert session.classes[number].name == " ".join(name.split())


@pytest.mark.parametrize("name", [" ", "\n", "two\x00", "a" * 41, "\u202eevil", "\ud800", "\u200b"])
def test_names_that_it_may_not_have(session, name):
    other = session.add_class("Other")
    with pytest.raises(Refused) as refused:
        session.add_class(name)
    assert refused.value.status == 400
    with pytest.raises(Refused):
        session.rename(other, name)
    assert session.classes[other].name == "Other"


@pytest.mark.parametrize("name", ["neither", "Neither", " NEITHER ", "ｎｅｉｔｈｅｒ"])
def test_neither_in_any_spelling_is_the_class_for_everything_else(session, name):
    own = session.add_class("Mug")
    with pytest.raises(Refused, match="none of the classes"):
        session.rename(own, name)
    number = session.add_class(name)
    assert (session.classes[number].name, session.classes[number].is_neither) == ("neither", True)
    for again in ({"name": name}, {"is_neither": True}):
        with pytest.raises(Refused, match="already"):
            session.add_class(**again)
    with pytest.raises(Refused, match="keeps its name"):
        session.rename(number, "Cup")


@pytest.mark.parametrize("twin", ["Mug", "mug", "MUG ", "Ｍug"])
def test_no_two_classes_have_a_name_that_nobody_can_tell_apart(session, twin):
    own = session.add_class("Mug")
    other = session.add_class()
    for act in (lambda: session.add_class(twin), lambda: session.rename(other, twin)):
        with pytest.raises(Refused, match="another name") as refused:
            act()
        assert refused.value.status == 409
    session.rename(own, "mug")  # its own name, written in another way


def test_names_that_are_made_are_free(session):
    session.add_class("class 2")
    assert [session.classes[session.add_class()].name for _ in range(3)] == ["Class 1", "Class 3", "Class 4"]


def test_how_many_photos_of_a_class_show_nearly_the_same(session):
    own = session.add_class()
    assert session.alike(own, example(1)) == 0
    for number in (1, 2, 1):
        session.add_photo(own, example(number))
    assert session.alike(own, example(1)) == 2
    assert session.alike(own, example(3)) == 0


def test_classes_with_too_few_photos_wait_where_two_have_enough(session):
    for photos in (3, 2, 4, 0):
        own = session.add_class()
        for number in range(photos):
            session.add_photo(own, example(10 * own + number))
    neither = session.add_class("neither")
    session.add_photo(neither, example(99))
    lesson, numbers, _ = session.lesson(whole=False)
    assert lesson.labels == ("Class 1", "Class 3")
    assert lesson.targets == [0] * 3 + [1] * 4 + [2]
    assert [session.photo(number) for number in numbers] == lesson.examples
    with pytest.raises(LessonError, match="'Class 2' has 2 photos"):
        session.lesson(whole=True)


def test_nothing_can_be_taught_with_one_class(session):
    own = session.add_class()
    for number in range(3):
        session.add_photo(own, example(number))
    with pytest.raises(LessonError, match="2 classes"):
        session.lesson(whole=False)


def test_the_service_answers_by_the_token(classifier, clock):
    sessions = Sessions(classifier, clock)
    service = Service(classifier, sessions=sessions)
    assert service.of("") is service
    (session,) = opened(sessions, "a")
    with pytest.raises(Untaught, match="two classes"):
        service.of(session.token)
    clock.now += 11 * MINUTE
    with pytest.raises(Gone):
        service.of(session.token)
    with pytest.raises(Gone):
        Service(classifier).of(session.token)


def test_one_client_ends_its_own_sessions_and_not_those_of_others(classifier, clock):
    sessions = Sessions(classifier, clock)
    (victim,) = opened(sessions, "victim")
    mine = []
    for _ in range(module.MAX_PER_CLIENT + 3):
        clock.now += 3  # not too many within a minute
        mine += opened(sessions, "greedy")
        sessions.get(victim.token)
    with pytest.raises(Gone) as gone:
        sessions.get(mine[0].token)
    assert gone.value.why == "full"
    assert sessions.get(mine[-1].token)
    assert sessions.get(victim.token)
