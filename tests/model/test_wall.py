"""Photos are opened in processes that may die."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.decode.wall import Wall, behind_wall, seconds_spent, standing
from model.photo import PhotoError, PhotoTooLarge, examine_photo, open_photo, photo_facts
from tests.pictures import CAT, COFFEE
from tests.running import ROOT

INPUT = (256, 256)
FAKE = """
import sys
from io import BufferedReader, FileIO
from model.decode.frames import receive, send
requests, replies = BufferedReader(FileIO(0, "rb")), FileIO(1, "wb")
send(replies, {"ready": True})
receive(requests, 20_000_000)
"""


@pytest.fixture
def wall() -> Iterator[Wall]:
    with behind_wall(1):
        wall = standing()
        assert wall is not None
        yield wall


def large_png() -> bytes:
    """48 megapixels of one colour in a file of kilobytes, which take a good part of a second."""
    buffer = io.BytesIO()
    Image.new("RGB", (8000, 6000), "red").save(buffer, "PNG")
    return buffer.getvalue()


def pids(wall: Wall) -> list[int]:
    return [process._process.pid for process in wall._idle]


def faking(answer: str) -> Wall:
    """A wall whose process does this with the first photo."""
    wall = Wall(0)
    wall._command = [sys.executable, "-c", FAKE + answer]
    wall._add()
    return wall


def test_what_comes_out_is_what_comes_out_without(wall):
    rotated = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.open(CAT).save(rotated, "JPEG", exif=exif)
    for data in (CAT.read_bytes(), rotated.getvalue(), large_png()):
        behind = examine_photo(data, INPUT), photo_facts(data), open_photo(data, INPUT)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("model.photo.standing", lambda: None)
            without = examine_photo(data, INPUT), photo_facts(data), open_photo(data, INPUT)
        assert behind[0][1:] == without[0][1:]
        assert behind[1] == without[1]
        for one, other in ((behind[0].photo, without[0].photo), (behind[2], without[2])):
            assert one.mode == "RGB"
            assert np.array_equal(np.asarray(one), np.asarray(other))


def test_a_photo_of_every_size_comes_back_whole(wall):
    pixels = np.random.default_rng(0).integers(0, 255, (1500, 1700, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    assert np.array_equal(np.asarray(open_photo(buffer.getvalue())), pixels)  # in several strips


def test_what_is_wrong_with_a_photo_is_said_as_without(wall):
    for data in (b"", b"no photo", CAT.read_bytes()[:3000], b"%PDF-1.7"):
        with pytest.raises(PhotoError) as behind:
            open_photo(data, INPUT)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("model.photo.standing", lambda: None)
            with pytest.raises(PhotoError) as without:
                open_photo(data, INPUT)
        assert type(behind.value) is type(without.value)
        assert str(behind.value) == str(without.value)
        assert behind.value.values == without.value.values


def test_a_picture_that_is_open_already_stays_in_this_process(wall):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Wall, "ask", None)
        assert open_photo(Image.new("RGB", (9, 9))).size == (9, 9)
        assert open_photo(np.zeros((5, 4, 3), np.uint8)).size == (4, 5)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no clock that ends a process")
@pytest.mark.parametrize("clock", [{"seconds": 0.05, "patience": 1000}, {"seconds": 0.05, "patience": 1}])
def test_what_takes_too_long_is_ended_and_the_next_photo_answered(clock):
    wall = Wall(1, **clock)
    try:
        before, spent = pids(wall), seconds_spent()
        with pytest.raises(PhotoError, match="This photo takes too long to open"):
            wall.ask("open", "PNG", large_png(), None)
        assert seconds_spent() - spent == pytest.approx(0.05)
        assert pids(wall) != before
        assert wall.ask("open", "JPEG", CAT.read_bytes(), INPUT).photo.mode == "RGB"
    finally:
        wall.close()


@pytest.mark.skipif(sys.platform != "linux", reason="the bound on memory is Linux'")
def test_memory_is_bounded():
    wall = Wall(1, memory=20_000_000)
    try:
        with pytest.raises(PhotoTooLarge, match="more memory"):
            wall.ask("open", "PNG", large_png(), None)
        assert wall.ask("facts", "PNG", large_png()).facts.width == 8000
    finally:
        wall.close()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("import os; os.abort()", "damaged"),
        ("import os; os._exit(0)", "damaged"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "damaged"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "more memory"),
        ("send(replies, {})", "damaged"),
        ("send(replies, {'seconds': 'x', 'last': 0})", "damaged"),
        ("send(replies, {'seconds': float('nan'), 'last': 0, 'size': [1, 1]}, [b'abc'], 3)", "damaged"),
        ("send(replies, {'seconds': 1, 'last': 0, 'size': [9, 9]}, [b'abc'], 3)", "damaged"),
        ("send(replies, {'seconds': 1, 'last': 0, 'size': [-1, -1]})", "damaged"),
        ("send(replies, {'seconds': 1, 'last': 0, 'error': ['SystemExit', 'x', {}]})", "damaged"),
        ("send(replies, {'seconds': 1, 'last': 0, 'error': []})", "damaged"),
        ("send(replies, {'seconds': 1, 'last': 0, 'size': [20000, 20000]}, [], 1_200_000_000)", "damaged"),
        ("replies.write(b'\\xff' * 8)", "damaged"),
        ("replies.write(b'\\4\\0\\0\\0\\0\\0\\0\\0[[[[')", "damaged"),
        ("replies.write(b'\\2\\0\\0\\0\\0\\0\\0\\0[]')", "damaged"),
    ],
)
def test_whatever_a_process_does_the_photo_is_refused(answer, words):
    wall = faking(answer + "\nimport time; time.sleep(30)")
    try:
        with pytest.raises(PhotoError, match=words):
            wall.ask("open", "JPEG", CAT.read_bytes(), INPUT)
    finally:
        wall.close()


def test_a_process_that_stopped_its_clocks_is_ended_from_outside():
    wall = faking("import time; time.sleep(60)")
    wall._seconds = 0.2
    threading.Thread(target=wall._watch, daemon=True).start()
    try:
        began = time.monotonic()
        with pytest.raises(PhotoError, match="too long"):
            wall.ask("open", "JPEG", CAT.read_bytes(), INPUT)
        assert time.monotonic() - began < 20
    finally:
        wall.close()


def test_a_process_that_does_not_start_is_said_so(capfd):
    wall = Wall(0)
    wall._command = [sys.executable, "-c", "raise SystemExit('no numpy here')"]
    wall._add()
    try:
        with pytest.raises(RuntimeError, match="does not start"):
            wall.ask("open", "JPEG", CAT.read_bytes(), INPUT)
        assert "no numpy here" in capfd.readouterr().err
    finally:
        wall.close()


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_process_that_ended_while_it_was_idle_costs_nobody_an_answer(wall):
    open_photo(CAT, INPUT)
    for _ in range(2):
        (pid,) = pids(wall)
        os.kill(pid, signal.SIGKILL)
        wall._idle[0]._process.wait(20)
        assert open_photo(CAT, INPUT).mode == "RGB"


def test_threads_share_the_processes():
    data = [CAT.read_bytes(), COFFEE.read_bytes()]
    with behind_wall(2), ThreadPoolExecutor(8) as pool:
        photos = list(pool.map(lambda number: open_photo(data[number % 2], INPUT), range(60)))
        wall = standing()
        assert wall is not None
        assert len(wall._idle) == 2
    assert standing() is None
    for number, photo in enumerate(photos):
        assert np.array_equal(np.asarray(photo), np.asarray(open_photo(data[number % 2], INPUT)))


def test_one_wall_stands_until_nobody_needs_it():
    with behind_wall(1):
        wall = standing()
        with behind_wall(3):
            assert standing() is wall
        assert standing() is wall
        open_photo(CAT, INPUT)
    assert standing() is None
    with pytest.raises(RuntimeError, match="closed"):
        wall.ask("open", "JPEG", CAT.read_bytes())


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
def test_it_holds_no_secrets_and_no_files(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with (tmp_path / "open").open("wb"), behind_wall(1):
        open_photo(CAT, INPUT)
        wall = standing()
        assert wall is not None
        (pid,) = pids(wall)
        assert b"hf_secret" not in Path(f"/proc/{pid}/environ").read_bytes()
        assert str(tmp_path) not in " ".join(str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir())
        limits = Path(f"/proc/{pid}/limits").read_text()
        assert "Max file size             0" in limits


def test_processes_end_with_their_parent():
    script = (
        "import os\nfrom model.decode.wall import Wall\nwall = Wall(2)\nfrom tests.pictures import CAT\n"
        "wall.ask('open', 'JPEG', CAT.read_bytes())\nprint(*(p._process.pid for p in wall._idle), flush=True)\nos._exit(0)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    left = [int(pid) for pid in done.stdout.split()]
    assert len(left) == 2
    deadline = time.monotonic() + 20
    while any(is_alive(pid) for pid in left) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(is_alive(pid) for pid in left)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_opens_photos_itself():
    script = (
        "import os, warnings\nwarnings.simplefilter('ignore')\nfrom model.decode.wall import behind_wall, standing\n"
        "from model.photo import open_photo\nfrom tests.pictures import CAT\n"
        "with behind_wall(1):\n    child = os.fork()\n    if not child:\n        os._exit(7 if standing() is None and"
        " open_photo(CAT, (64, 64)) else 1)\n    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7\n"
        "    assert standing() and open_photo(CAT, (64, 64))\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, timeout=60)
