"""What a server writes is bounded, whoever makes it write, and what is left out is counted."""

from __future__ import annotations

import errno
import io
import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ui import bounded_log as bounded
from ui.bounded_log import IN_ALL, LONGEST, PER_CLIENT, BoundedStream, Lines, OneLine, bounded_log
from ui.client import ForClient
from ui.unexpected import unexpected


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@contextmanager
def listening() -> Iterator[io.StringIO]:
    """What comes to this process' stderr, which is bounded meanwhile."""
    with redirect_stderr(io.StringIO()) as written, bounded_log():
        yield written


def noisy(work) -> TestClient:
    async def endpoint(request: Request) -> PlainTextResponse:
        work()
        return PlainTextResponse("")

    app = Starlette(routes=[Route("/", endpoint)], exception_handlers={Exception: unexpected})
    return TestClient(ForClient(app), raise_server_exceptions=False)


def as_client(name: str) -> dict[str, str]:
    return {"X-Forwarded-For": name}


def test_one_client_fills_no_log_and_another_is_heard():
    with listening() as written:
        client = noisy(lambda: print("a line", file=sys.stderr))
        for _ in range(5 * PER_CLIENT):
            client.get("/", headers=as_client("1.1.1.1"))
        assert written.getvalue().count("a line") == PER_CLIENT
        client.get("/", headers=as_client("2.2.2.2"))
        assert written.getvalue().count("a line") == PER_CLIENT + 1
    assert written.getvalue().splitlines()[-1] == f"{4 * PER_CLIENT} more lines from one client were not written"


def test_tracebacks_that_are_printed_count_as_their_lines():
    def fail() -> None:
        try:
            raise KeyError("x" * 100_000)
        except KeyError:
            traceback.print_exc()

    with listening() as written:
        for _ in range(200):
            noisy(fail).get("/")
    assert len(written.getvalue()) < PER_CLIENT * LONGEST
    assert written.getvalue().count("\n") == PER_CLIENT + 1


def test_many_clients_share_what_there_is_in_all():
    lines = Lines(Clock())
    allowed = sum(lines.take(f"client {number}")[0] for number in range(20_000))
    assert allowed <= IN_ALL
    assert len(lines._written) <= bounded._MOST_CLIENTS + 1  # memory is bounded, too
    assert len(lines._left_out) <= bounded._MOST_CLIENTS + 1


def test_after_a_minute_there_is_room_and_a_line_says_what_was_left_out():
    clock = Clock()
    lines = Lines(clock)
    for _ in range(PER_CLIENT):
        assert lines.take("a") == (True, [])
    assert [lines.take("a")[0] for _ in range(7)] == [False] * 7
    clock.seconds = 61
    assert lines.take("a") == (True, ["7 more lines from one client were not written"])
    assert lines.end() == []


def test_the_app_itself_is_bounded_too():
    lines = Lines(Clock())
    assert sum(lines.take("")[0] for _ in range(10 * IN_ALL)) == IN_ALL


def test_a_line_is_cut_and_shows_what_would_steer_a_terminal():
    stream = io.StringIO()
    out = BoundedStream(stream, Lines(Clock()))
    out.write("x" * 50_000 + "\n")
    out.write("\x1b[31mred\u202e\ud800\ttab\n")
    for part in ("in ", "parts", "\n"):
        out.write(part)
    first, second, third, _ = stream.getvalue().split("\n")
    assert len(first) == LONGEST
    assert second == "\\x1b[31mred\\u202e\\ud800\ttab"
    assert third == "in parts"


def record(error: BaseException | None, text: str = "it failed: %s") -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("x", logging.ERROR, __file__, 1, text, ("why\nand how",), info)


def raised(kind: type[Exception]) -> Exception:
    try:
        raise kind("first line\nsecond line")
    except kind as error:
        return error


def test_a_traceback_of_one_place_is_written_once_an_hour():
    clock = Clock()
    one_line = OneLine(clock)
    first, again = record(raised(ValueError)), record(raised(ValueError))
    one_line.shorten(first)
    one_line.shorten(again)
    assert first.exc_info is not None
    assert again.exc_info is None
    assert again.getMessage().startswith("it failed: why: ValueError again, ")
    assert again.getMessage().endswith(": first line")
    assert "\n" not in again.getMessage()
    clock.seconds = 3601
    later = record(raised(ValueError))
    one_line.shorten(later)
    assert later.exc_info is not None


def test_a_group_of_exceptions_is_what_is_in_it():
    group = record(ExceptionGroup("tasks", [raised(KeyError)]))
    OneLine(Clock()).shorten(group)
    assert isinstance(group.exc_info[1], KeyError)


def test_a_record_without_an_exception_is_one_line():
    plain = record(None, "100 % of\n28 problems")
    plain.args = ()
    OneLine(Clock()).shorten(plain)
    assert plain.getMessage() == "100 % of"


def test_everything_is_as_it_was_afterwards():
    logger = logging.getLogger("a test")
    with redirect_stderr(io.StringIO()) as written:
        handler = logging.StreamHandler(sys.stderr)
        logger.addHandler(handler)
        assert logging.lastResort is not None
        logger.addHandler(logging.lastResort)  # whose stream is whatever sys.stderr is, and cannot be set
        before, make = (sys.stdout, sys.stderr, handler.stream), logging.getLogRecordFactory()
        try:
            with bounded_log():
                assert isinstance(handler.stream, BoundedStream)
                logger.warning("hello")
                print("on stdout")
            assert (sys.stdout, sys.stderr, handler.stream) == before
        finally:
            logger.removeHandler(handler)
            logger.removeHandler(logging.lastResort)
    assert logging.getLogRecordFactory() is make
    assert "hello" in written.getvalue()


def test_handlers_that_libraries_add_later_write_short_records_too():
    logger = logging.getLogger("a library")
    with listening() as written:
        handler = logging.StreamHandler()
        logger.addHandler(handler)
        try:
            logger.warning("Failed to validate request: %d errors\n%s", 28, "a line\n" * 100)
            logger.warning("50 %s of %d", "wrong")
        finally:
            logger.removeHandler(handler)
    assert written.getvalue().startswith("Failed to validate request: 28 errors\n")
    assert "a line" not in written.getvalue()


def test_what_nobody_foresaw_gets_a_sentence():
    def fail() -> None:
        raise RuntimeError("secret")

    response = noisy(fail).get("/")
    assert response.status_code == 400  # nothing of ui/ or model/ had a part in it
    assert "cannot be understood" in response.json()["error"]
    assert "secret" not in response.text


def test_a_full_disk_is_neither_s_fault():
    def fail() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    response = noisy(fail).get("/")
    assert response.status_code == 507
    assert "no room" in response.json()["error"]


def test_what_fails_in_our_own_functions_is_our_fault():
    def fail() -> None:
        from ui.data_url import from_text

        from_text(None)

    response = noisy(fail).get("/")
    assert response.status_code == 500
    assert "went wrong in this server" in response.json()["error"]


def test_the_running_app_answers_what_it_cannot_understand_in_a_sentence_and_a_line(app):
    size = app.log.stat().st_size
    with httpx.Client() as client:  # one connection, which stays open
        for _ in range(150):
            response = client.post(f"{app.url}/gradio_api/run/classify", json={"data": [], "fn_index": 100_000})
            assert response.status_code == 400
            assert response.json()["error"].startswith("This request cannot be understood.")
    with app.log.open("rb") as log:
        log.seek(size)
        written = log.read()
    assert written.count(b"Traceback") <= 1
    assert len(written) < 60_000
