"""Which way dependencies point: app.py and ui/ → model/ ← training/, and no circle anywhere."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.running import ROOT

HOUSES = ("model", "ui", "training")
ROOMS = ("data", "fit", "quality", "scoring")
SHARED = {"program", "options", "settings"}  # the files beside the programs of training/ that are none
LATE = {("model.classifier", "model.source")}  # `Classifier.load` is the short call; it needs what needs the classifier


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


FILES = [ROOT / "app.py", *(path for house in HOUSES for path in sorted((ROOT / house).rglob("*.py")))]
MODULES = {module_of(path): path for path in FILES}


def imports(tree: ast.AST, package: str, late: bool) -> Iterator[str]:
    """The modules of this project that a file imports, but for its type annotations; `late`: in functions, too."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                continue
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda() if not late:
                continue
            case ast.Import():
                yield from (alias.name for alias in node.names if alias.name in MODULES)
            case ast.ImportFrom():
                base = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
                home = ".".join(filter(None, (base, node.module)))
                for alias in node.names:
                    name = f"{home}.{alias.name}"
                    if name in MODULES or home in MODULES:
                        yield name if name in MODULES else home
        yield from imports(node, package, late)


def graph(late: bool) -> dict[str, set[str]]:
    """What each module imports."""
    edges = {}
    for module, path in MODULES.items():
        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        edges[module] = set(imports(ast.parse(path.read_text("utf-8")), package, late)) - {module}
    return edges


EVERYTHING = graph(late=True)


def test_the_graph_is_read_from_the_files():
    assert {"model.photo", "model.resize", "model.config"} <= EVERYTHING["model.classifier"]
    assert "model.source" in EVERYTHING["model.classifier"] - graph(late=False)["model.classifier"]
    assert {"model", "ui.page", "ui.settings"} <= EVERYTHING["app"]
    assert len(EVERYTHING) > 100


@pytest.mark.parametrize("late", [False, True])
def test_there_is_no_circle(late):
    edges = {
        module: {other for other in others if not late or (module, other) not in LATE} for module, others in graph(late).items()
    }
    try:
        tuple(TopologicalSorter(edges).static_order())
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def test_the_one_import_that_waits_for_a_call_would_be_a_circle():
    with pytest.raises(CycleError):
        tuple(TopologicalSorter(EVERYTHING).static_order())


def test_nothing_imports_the_app():
    assert [module for module, named in EVERYTHING.items() if "app" in named] == []


@pytest.mark.parametrize(("house", "others"), [("model", ("ui", "training")), ("ui", ("training",)), ("training", ("ui",))])
def test_dependencies_point_to_the_model(house, others):
    wrong = [
        f"{module} imports {other}"
        for module, named in EVERYTHING.items()
        for other in named
        if module.partition(".")[0] == house and other.partition(".")[0] in others
    ]
    assert wrong == []


def test_no_room_of_training_imports_a_program():
    programs = {f"training.{path.stem}" for path in (ROOT / "training").glob("*.py") if path.stem not in {"__init__", *SHARED}}
    wrong = [
        f"{module} imports {other}"
        for module, named in EVERYTHING.items()
        for other in named & programs
        if module.startswith(tuple(f"training.{room}" for room in ROOMS))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "module",
    [
        "model",
        "model.source",
        "model.commands",
        "model.inside.explain",
        "model.hub.models",
        "model.hub.spaces",
        "model.hub.serving",
    ],
)
def test_the_model_needs_no_torch_before_something_does(module):
    script = (
        f"import sys, {module}; print([name for name in ('torch', 'torchvision', 'timm', 'fastai') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_model_alone_does_not_need_what_publishing_does():
    script = "import sys, model; print([name for name in ('model.hub', 'gradio_client', 'safetensors') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
