"""Names that serve to run programs."""

from __future__ import annotations

import pytest

from model.fastai_export.forbidden import is_forbidden, runs_programs, today
from model.fastai_export.inert_tree import Global


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("posix", "system"),
        ("builtins", "eval"),
        ("importlib", "import_module"),
        ("torch.serialization", "load"),
        ("torch", "serialization.os.system"),
        ("collections", "os.system"),  # reached through another module
        ("os.path", "join"),
        ("torch", "load"),
        ("torch.nn.modules.module", "torch.os.system"),
        ("commands", "getoutput"),  # of Python 2, which pickle reads as subprocess
        ("mine", ".".join(["a"] * 40)),  # no library has names like that
    ],
)
def test_what_runs_programs_is_forbidden(module, name):
    assert is_forbidden(Global(module, name))


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "PathLike"),
        ("torch.nn.modules.linear", "Linear"),
        ("builtins", "getattr"),
        ("pathlib", "PosixPath"),
        ("oscillate", "system"),
        ("mine", "evaluate"),
        ("numpy", "trace"),
        ("os", "stat_result"),
        ("urllib.parse", "ParseResult"),
    ],
)
def test_what_learners_are_made_of_is_not(module, name):
    assert not is_forbidden(Global(module, name))


@pytest.mark.parametrize("name", ["os.system", "posix.popen", "subprocess.run", "builtins.eval", "shutil.os.system"])
def test_what_does_nothing_but_run_programs(name):
    assert runs_programs(name)


@pytest.mark.parametrize("name", ["os.listdir", "builtins.open", "subprocess", "mine.system", "torch.load"])
def test_what_does_other_things_as_well(name):
    assert not runs_programs(name)


def test_names_of_python_2_are_those_that_pickle_reads():
    assert today(Global("commands", "run")) == "subprocess.run"
    assert today(Global("itertools", "imap")) == "builtins.map"
    assert today(Global("mine", "Label")) == "mine.Label"
