"""Running a lesson: as a script, as a notebook, or a part of it alone."""

from __future__ import annotations

import ast
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import jupytext
from nbclient import NotebookClient

from tests.running import ROOT

FIRST_CELL = ROOT / "training" / "first_cell.py"


def run(script: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a program of `training/` as its users do."""
    command = [sys.executable, "-m", f"training.{script.stem}", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)


def run_interrupted(script: Path, *arguments: object, after: str) -> tuple[int, str, str]:
    """Interrupt a program of `training/` once it prints a line that begins with `after`: its status, and what it printed."""
    command = [sys.executable, "-m", f"training.{script.stem}", *map(str, arguments)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as it:
        assert it.stdout is not None
        for line in it.stdout:
            if line.startswith(after):
                it.send_signal(signal.SIGINT)
                break
        printed, errors = it.communicate(timeout=120)
    return it.returncode, printed, errors


def notebook_of(script: Path) -> Any:
    """A lesson as the notebook that is published."""
    return jupytext.reads(FIRST_CELL.read_text("utf-8") + script.read_text("utf-8"), fmt="py:percent")


def run_notebook(script: Path, *arguments: object) -> Any:
    """Run a lesson as a notebook, with these options; gives the notebook with its outputs."""
    notebook = notebook_of(script)
    lines = [line for cell in notebook.cells for line in cell.source.splitlines() if line.startswith("NOTEBOOK_OPTIONS")]
    assert len(lines) == 1
    for cell in notebook.cells:
        cell.source = cell.source.replace(lines[0], f"NOTEBOOK_OPTIONS = {' '.join(map(str, arguments))!r}")
    NotebookClient(notebook, timeout=900, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}).execute()
    return notebook


def part(script: Path, names: set[str], given: dict[str, Any]) -> dict[str, Any]:
    """The functions and classes `names` of a script, without running the rest of it; they see what is `given`."""
    tree = ast.parse(script.read_text("utf-8"))
    chosen = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name in names]
    assert {node.name for node in chosen} == names
    future = ast.parse("from __future__ import annotations").body
    made = dict(given)
    exec(compile(ast.Module([*future, *chosen], []), str(script), "exec"), made)
    return made
