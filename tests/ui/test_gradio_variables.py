"""What Gradio's own variables say is read before Gradio reads them, in a process of its own as in app.py."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.running import ROOT

READ = """
import json, os, sys, ui.before_gradio
seen = {name: value for name, value in os.environ.items() if name.startswith("GRADIO_") or name.lower() == "no_proxy"}
print(json.dumps(seen), flush=True)
assert "gradio" not in sys.modules
"""
needs_posix = pytest.mark.skipif(os.name != "posix", reason="rights and signals of POSIX")


def command(code: str = READ) -> list[str]:
    return [sys.executable, "-c", code]


def variables(environment: dict[str, str]) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("GRADIO_")}
    return own | environment


def run(environment: dict[str, str], code: str = READ) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(code), cwd=ROOT, env=variables(environment), capture_output=True, text=True, timeout=60, check=False
    )


@contextmanager
def started(code: str, uploads: Path) -> Iterator[subprocess.Popen[str]]:
    """A process of `READ` and what follows it, once its first line has been read."""
    environment, pipe = variables({"GRADIO_TEMP_DIR": str(uploads)}), subprocess.PIPE
    with subprocess.Popen(command(code), cwd=ROOT, env=environment, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process


def seen_by_gradio(environment: dict[str, str]) -> dict[str, str]:
    done = run(environment)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"GRADIO_SERVER_PORT": "many"}, "GRADIO_SERVER_PORT must be a whole number"),
        ({"GRADIO_NUM_PORTS": "x"}, "GRADIO_NUM_PORTS must be a whole number"),
        ({"GRADIO_NODE_NUM_PORTS": "1.5"}, "GRADIO_NODE_NUM_PORTS must be a whole number"),
        ({"GRADIO_DEFAULT_CONCURRENCY_LIMIT": "0"}, "GRADIO_DEFAULT_CONCURRENCY_LIMIT must be a whole number"),
        ({"GRADIO_DEBUG": "yes"}, "GRADIO_DEBUG must be 0 or 1, not 'yes'"),
        ({"GRADIO_ROOT_PATH": "cats"}, "GRADIO_ROOT_PATH must be"),
        ({"all_proxy": "socks://user:secret@10.0.0.1:7891"}, "all_proxy names a proxy of the kind 'socks'"),
        ({"GRADIO_TEMP_DIR": "app.py"}, "GRADIO_TEMP_DIR is 'app.py', and no folder can be made there"),
        ({"GRADIO_TEMP_DIR": "app.py/uploads"}, "no folder can be made there"),
    ],
    ids=str,
)
def test_what_makes_no_sense_ends_with_one_sentence(environment, words):
    done = run(environment)
    assert done.returncode == 1
    assert done.stderr.startswith("Cannot start: ")
    assert done.stderr.count("\n") == 1
    assert words in done.stderr
    assert "secret" not in done.stderr


def test_an_empty_variable_counts_as_not_set(tmp_path):
    names = ["SERVER_PORT", "SERVER_NAME", "NUM_PORTS", "NODE_NUM_PORTS", "DEBUG", "ROOT_PATH", "DEFAULT_CONCURRENCY_LIMIT"]
    seen = seen_by_gradio({f"GRADIO_{name}": " " for name in names} | {"TMPDIR": str(tmp_path)})
    assert set(seen) == {"GRADIO_TEMP_DIR", "no_proxy"}


def test_what_breaks_a_promise_is_ignored_and_said():
    ignored = ["GRADIO_ALLOWED_PATHS", "GRADIO_EXAMPLES_CACHE", "GRADIO_NUM_WORKERS", "GRADIO_VIBE_MODE"]
    done = run(dict.fromkeys(ignored, "/"))
    assert [line.split(" is ignored: ")[0] for line in done.stderr.splitlines()] == ignored
    assert not set(ignored) & set(json.loads(done.stdout))


@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY"])
def test_the_server_itself_is_reached_without_a_proxy(name):
    seen = seen_by_gradio({name: "my.site", "HTTP_PROXY": "http://127.0.0.1:9"})
    assert seen["no_proxy"].split(",")[:3] == ["my.site", "localhost", "127.0.0.1"]


@needs_posix
@pytest.mark.parametrize("variable", ["TMPDIR", "GRADIO_TEMP_DIR"])
def test_uploads_go_into_a_folder_of_this_process_alone_that_ends_with_it(variable, tmp_path):
    foreign = tmp_path / "gradio"
    foreign.mkdir(mode=0o555)
    (tmp_path / "mine.txt").write_text("of somebody")
    code = f"{READ}\nprint(oct(os.stat(os.environ['GRADIO_TEMP_DIR']).st_mode))"
    first, second = (run({variable: str(tmp_path)}, code) for _ in range(2))
    folders = [Path(json.loads(done.stdout.splitlines()[0])["GRADIO_TEMP_DIR"]) for done in (first, second)]
    assert {folder.parent for folder in folders} == {tmp_path.resolve()}
    assert folders[0] != folders[1]
    assert stat.S_IMODE(int(first.stdout.splitlines()[1], 8)) == 0o700
    assert {path.name for path in tmp_path.iterdir()} == {"gradio", "mine.txt"}


def test_a_temporary_folder_that_is_not_there_is_made(tmp_path):
    folder = Path(seen_by_gradio({"GRADIO_TEMP_DIR": str(tmp_path / "a" / "b")})["GRADIO_TEMP_DIR"])
    assert folder.parent == (tmp_path / "a" / "b").resolve()


@needs_posix
def test_another_temporary_folder_is_found_where_the_systems_cannot_be_used(tmp_path):
    folder = Path(seen_by_gradio({"TMPDIR": str(tmp_path / "nowhere"), "HOME": "/nonexistent"})["GRADIO_TEMP_DIR"])
    assert folder.parent != tmp_path
    assert not folder.exists()


@needs_posix
def test_what_ends_services_removes_the_uploads_too(tmp_path):
    upload = "open(os.environ['GRADIO_TEMP_DIR'] + '/photo.jpg', 'w').close()"
    code = f"{READ}\nimport time\n{upload}\nprint(flush=True)\ntime.sleep(60)"
    environment = variables({"GRADIO_TEMP_DIR": str(tmp_path)})
    with subprocess.Popen(command(code), cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        folder = Path(json.loads(process.stdout.readline())["GRADIO_TEMP_DIR"])
        process.stdout.readline()
        assert (folder / "photo.jpg").exists()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


@needs_posix
def test_a_second_signal_does_not_stop_the_removal(tmp_path):
    slow = "import shutil, time\nrmtree = shutil.rmtree\n"
    slow += "shutil.rmtree = lambda *a, **k: (print('removing', flush=True), time.sleep(1), rmtree(*a, **k))\n"
    code = f"{slow}{READ}\nimport time\ntime.sleep(60)"
    with started(code, tmp_path) as process:
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "removing\n"
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    assert errors == ""
    assert list(tmp_path.iterdir()) == []


@needs_posix
def test_who_interrupts_the_start_reads_no_traceback(interruptible, tmp_path):
    code = f"{READ}\nimport time\ntime.sleep(60)"
    with started(code, tmp_path) as process:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert errors == ""
    assert list(tmp_path.iterdir()) == []
