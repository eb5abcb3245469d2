"""Names that serve to run programs."""

from __future__ import annotations

import pytest

from model.fastai_export.forbidden import is_forbidden
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
    ],
)
def test_what_learners_are_made_of_is_not(module, name):
    assert not is_forbidden(Global(module, name))
