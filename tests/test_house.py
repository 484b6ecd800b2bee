"""The house's rules, held by reading its source."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from curate import errors

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "curate").rglob("*.py"))
STATIONS = {"extract", "kontext", "pairs", "dataset", "merge", "grid"}
FLOOR = {
    *("choice", "engine", "errors", "events", "figures", "files", "heap", "identity", "images"),
    *("lock", "measures", "records", "slots"),
}
ONLY_IN = {
    "typer": {"cli"},
    "rich": {"cli"},
    "aiohttp": {"comfy"},
    "sqlite3": {"ledger"},
    "av": {"extract", "dataset", "images", "demo", "doctor", "grid"},
    "ray": {"engine"},
    "starlette": {"pairs"},
    "uvicorn": {"pairs"},
}
HEAVY = {"torch", "transformers", "datasets"}


def part_of(module: Path) -> str:
    """The station, or the module at the top, that a file belongs to."""
    return module.relative_to(ROOT / "curate").with_suffix("").parts[0]


def imports(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def at_import(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when a module is imported: no function bodies, no TYPE_CHECKING blocks."""
    for child in ast.iter_child_nodes(node):
        later = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
        if not later and not (
            isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
        ):
            yield child
            yield from at_import(child)


def parsed(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


@pytest.mark.parametrize("module", MODULES, ids=lambda m: str(m.relative_to(ROOT)))
def test_a_module_knows_only_those_below_it(module):
    part = part_of(module)
    for name in imports(ast.walk(parsed(module))):
        if not name.startswith("curate."):
            continue
        other = name.split(".")[1]
        if other == part or part in ("cli", "__main__"):
            continue
        if part in STATIONS:
            allowed = FLOOR | {"comfy", "__version__"}
            allowed |= {"ledger", "lines"} if module.name == "run.py" else set()
            assert other in allowed, f"{module.name} imports {name}"
        elif part in FLOOR | {"comfy", "config", "ledger", "lines", "schema", "rows", "demo"}:
            assert other not in STATIONS | {"cli"}, f"{module.name} imports {name}"


@pytest.mark.parametrize(
    "module", [m for m in MODULES if part_of(m) == "cli"], ids=lambda m: m.name
)
def test_a_command_knows_a_station_only_by_its_run(module):
    for name in imports(ast.walk(parsed(module))):
        parts = name.split(".")
        if parts[0] == "curate" and len(parts) > 2 and parts[1] in STATIONS:
            assert "run" in parts[2:4], f"{module.name} imports {name}"


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_is_known_in_one_place_only(library):
    users = {
        part_of(m)
        for m in MODULES
        if library in {n.split(".")[0] for n in imports(ast.walk(parsed(m)))}
    }

    assert users <= ONLY_IN[library]


def test_ray_is_known_to_a_single_module_and_loaded_when_it_is_asked_for():
    users = [m for m in MODULES if "ray" in imports(ast.walk(parsed(m)))]

    assert [module.name for module in users] == ["start.py"]
    assert "ray" not in imports(at_import(parsed(users[0])))


@pytest.mark.parametrize("module", MODULES, ids=lambda m: str(m.relative_to(ROOT)))
def test_a_station_does_not_know_what_the_engine_is_made_of(module):
    inside = [n for n in imports(ast.walk(parsed(module))) if n.startswith("curate.engine.")]

    if part_of(module) != "engine":
        assert {name.split(".")[2] for name in inside} <= {
            "Needs",
            "Outcome",
            "cores",
            "map",
            "ray",
        }


@pytest.mark.parametrize("module", MODULES, ids=lambda m: str(m.relative_to(ROOT)))
def test_heavy_libraries_are_imported_only_inside_functions(module):
    roots = {name.split(".")[0] for name in imports(at_import(parsed(module)))}

    assert not roots & HEAVY


@pytest.mark.parametrize("module", MODULES, ids=lambda m: str(m.relative_to(ROOT)))
def test_a_module_has_one_idea(module):
    text = module.read_text(encoding="utf-8")

    assert ast.get_docstring(ast.parse(text)), "no docstring"
    assert text.count("\n") <= 300


def test_only_the_engine_catches_everything():
    catching = {
        part_of(module)
        for module in MODULES
        if re.search(r"except( Exception\b|\s*:)", module.read_text(encoding="utf-8"))
    }

    assert catching <= {"engine"}


def leaves() -> list[type[errors.CurateError]]:
    kinds = [k for _, k in inspect.getmembers(errors, inspect.isclass)]
    kinds = [k for k in kinds if issubclass(k, errors.CurateError)]
    return [k for k in kinds if not any(o is not k and issubclass(o, k) for o in kinds)]


@pytest.mark.parametrize("kind", leaves(), ids=lambda k: k.__name__)
def test_every_error_is_raised_somewhere_and_stands_in_the_tree(kind):
    sources = "\n".join(m.read_text(encoding="utf-8") for m in MODULES if part_of(m) != "errors")

    assert re.search(rf"\b{kind.__name__}\(", sources) or kind.__name__ == "WorkerDied"
    assert re.search(rf"\b{kind.__name__}\b", errors.__doc__ or "")
