"""An export is opened in a process of its own first, which limits itself and ends with its parent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from model.errors import ModelError, Option
from model.fastai_export import apart
from model.fastai_export.apart import try_apart
from model.fastai_export.budget import Budget, BudgetError
from model.fastai_export.facts import facts_of
from model.fastai_export.options import NO_OPTIONS, ExportOptions
from model.source import load
from tests.exports.files import IS_CAT, NEW
from tests.payloads import touch, whole

posix = pytest.mark.skipif(os.name != "posix", reason="limits of a process are there on POSIX alone")


def test_it_finds_what_is_found_here():
    assert try_apart(IS_CAT, NO_OPTIONS) == json.loads(json.dumps(facts_of(IS_CAT, NO_OPTIONS)))


def test_a_refusal_comes_back_with_what_the_caller_may_say(tmp_path):
    path = tmp_path / "model.pkl"
    path.write_bytes(whole(touch(tmp_path / "canary")))
    with pytest.raises(ModelError, match="nothing of it was run"):
        try_apart(path, NO_OPTIONS)
    with pytest.raises(ModelError) as caught:
        try_apart(NEW / "is_cat.pkl", ExportOptions(labels=["one"]))
    assert caught.value.parts[-1] == Option("labels", ("one",))


def test_layers_of_the_callers_are_found_there():
    facts = try_apart(NEW / "own_layer.pkl", ExportOptions(allow=["__main__.Scale=tests.exports.layers.Scale"]))
    assert facts["answers_here"] is True


def child(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the process do this in place of opening the file, within the limits of a file that may take a second."""
    monkeypatch.setattr(apart, "_COMMAND", "\n".join((
        "import os, time; from model.fastai_export import trial, budget; budget._SECONDS = 1.0",
        "trial._first_line()",
        "with trial.limits(budget.Budget('a', 0)):",
        f"    {code}",
    )))  # fmt: skip


@posix
@pytest.mark.parametrize("code", ["sum(range(10**12))", "time.sleep(60)"], ids=["work", "sleep"])
def test_a_file_that_takes_too_long_is_given_up(code, monkeypatch):
    child(code, monkeypatch)
    start = time.monotonic()
    with pytest.raises(BudgetError, match="is_cat.pkl takes more than 10 s .*lift the limits: trust"):
        try_apart(IS_CAT, NO_OPTIONS)
    assert time.monotonic() - start < 30


@posix
def test_a_file_that_takes_too_much_memory_is_given_up(monkeypatch):
    child("bytearray(2 * 10**9)", monkeypatch)
    with pytest.raises(BudgetError, match="ends the process that opens it"):
        try_apart(IS_CAT, NO_OPTIONS)


def test_a_process_that_never_answers_is_ended(monkeypatch):
    monkeypatch.setattr(apart, "_COMMAND", "import time; time.sleep(60)")
    monkeypatch.setattr(Budget, "seconds", 0.1)
    with pytest.raises(BudgetError, match="takes more than 0 s"):
        try_apart(IS_CAT, NO_OPTIONS, start_seconds=0.5)


@pytest.mark.parametrize("answer", ["", "no JSON", "[]", "{}"])
def test_an_answer_that_is_none_is_a_refusal(answer, monkeypatch):
    monkeypatch.setattr(apart, "_COMMAND", f"print({answer!r})")
    with pytest.raises(BudgetError, match="ends the process that opens it"):
        try_apart(IS_CAT, NO_OPTIONS)


@posix
def test_it_ends_with_its_parent():
    code = f"""
import pathlib, subprocess, sys
from model.fastai_export import apart
from model.fastai_export.options import NO_OPTIONS
apart._COMMAND = "import os, time; from model.fastai_export import trial; trial._end_with_parent(); trial._first_line(); " \\
    "import threading; threading.Thread(target=trial._wait_for_parent, daemon=True).start(); " \\
    "open({str(IS_CAT.name)!r} and '/dev/stderr', 'w'); time.sleep(600)"
old = subprocess.Popen
def start(*args, **options):
    process = old(*args, **options)
    print(process.pid, flush=True)
    return process
subprocess.Popen = start
apart.try_apart(pathlib.Path({str(IS_CAT)!r}), NO_OPTIONS)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        time.sleep(1)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    deadline = time.monotonic() + 20
    while _lives(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _lives(pid)


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_a_program_asks_for_it(monkeypatch):
    asked: list[Path] = []
    monkeypatch.setattr("model.source.try_apart", lambda path, options: asked.append(path))
    load(IS_CAT)
    load(IS_CAT, options=ExportOptions(trust=True), apart=True)
    assert asked == []
    load(IS_CAT, apart=True)
    assert asked == [IS_CAT]
