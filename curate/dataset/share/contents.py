"""What an archive holds: every file that the LoRA was made of, and how it was made."""

from __future__ import annotations

import json
import platform
import shlex
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from importlib import metadata
from itertools import product
from pathlib import Path
from typing import Any, TypeAlias

import tomli_w

from curate import __version__, files, identity
from curate.dataset import parser
from curate.dataset.musubi import CAPTION, HALVES
from curate.dataset.share.archive import Content
from curate.dataset.share.facts import scrubbed
from curate.records import Lora, Task, Twin

LEDGER = "ledger.jsonl"

Merge: TypeAlias = tuple[Lora, Task]

_HERE = "@workspace@"
_TOMLS = ("dense.toml", "sparse.toml", "train_dense.toml", "train_sparse.toml")
_LIBRARIES = ("datasets", "numpy", "opencv-python-headless", "pillow", "safetensors", "torch")


def of(workspace: Path, names: Iterable[str], paths: Iterable[Path]) -> dict[str, Content]:
    """The files of a workspace to pack, by their names in the archive.

    Args:
        workspace: whose.
        names: the pairs in the dataset.
        paths: the frames, controls and both halves of those pairs; what is elsewhere is left out.
    """
    dataset = workspace / "dataset"
    wanted = [path for path in paths if path.is_file()]
    wanted += [
        dataset / half / f"{name}{suffix}"
        for half in HALVES
        for name in names
        for suffix in (".png", CAPTION)
    ]
    wanted += [
        dataset / "sample_prompts.json",
        *sorted((workspace / "loras").glob("*.safetensors")),
    ]
    found: dict[str, Content] = {
        path.relative_to(workspace).as_posix(): path
        for path in wanted
        if path.is_relative_to(workspace) and path.is_file()
    }
    for name in _TOMLS:
        if (dataset / name).is_file():
            found[f"dataset/{name}"] = _portable(dataset / name, workspace)
    return found


def about(twins: Sequence[Twin], merge: Merge | None) -> dict[str, object]:
    """What the manifest says beside the files: how to make the LoRA again, and with what."""
    settings = scrubbed(merge[1].settings) if merge else None
    graphs = {json.dumps(twin.graph, sort_keys=True): twin.graph for twin in twins if twin.graph}
    return {
        "curate": __version__,
        "musubi_tuner": parser.VERSION,
        "python": platform.python_version(),
        "libraries": {name: metadata.version(name) for name in _LIBRARIES},
        "instructions": {twin.prompt: twin.instruction for twin in twins},
        "made_by": sorted({twin.made_by for twin in twins}),
        "seeds": {twin.name: twin.seed for twin in twins},
        "graphs": [scrubbed(graphs[key]) for key in sorted(graphs)],
        "merge": {"command": command(merge), "settings": settings} if merge else None,
    }


def merge(loras: Iterable[Lora], tasks: Iterable[Task]) -> Merge | None:
    """Of the LoRAs the one that was merged last, with the task that says how.

    Args:
        loras: those that are packed.
        tasks: of the merges that are done.
    """
    made = [
        (lora, task)
        for task, lora in product(tasks, loras)
        if lora.id == identity.of_task(task.id, path=lora.path)
    ]
    return max(made, key=lambda one: one[1].at, default=None)


def command(merge: Merge) -> str:
    """The command that merges the LoRA again, typed in the workspace."""
    lora, task = merge
    words = ("curate", "-w", ".", "merge", lora.dense_path, lora.sparse_path, "-o", task.item)
    return shlex.join([str(scrubbed(word)) for word in (*words, *_options(task.settings))])


def _options(merged: Mapping[str, object]) -> list[str]:
    """What a merge was asked to do, as words of its command line."""
    words: list[str] = []
    for name, value in merged.items():
        option = "--" + ("target" if name == "targets" else name.replace("_", "-"))
        if name == "ranks" and isinstance(value, list):
            several = len(value) > 1
            words += ["--ranks" if several else "--rank", ",".join(map(str, value))]
            continue
        for one in value if isinstance(value, list) else [value]:
            words += [option] if one is True else [option, str(one)]
    return words


def ledger_lines(dumped: Path, packed: Collection[str], pairs: Collection[str]) -> bytes:
    """A ledger's lines of what is packed, without the paths of this machine.

    Args:
        dumped: every record as a line of JSON.
        packed: the names of the packed files.
        pairs: the ids of the packed pairs.
    """
    records = [json.loads(line) for line in dumped.read_text(encoding="utf-8").splitlines()]
    twins = {r["id"] for r in records if r["table"] == "twins" and r["twin_path"] in packed}
    films = {r["film_id"] for r in records if r["table"] == "frames" and r["path"] in packed}
    kept: dict[str, Callable[[Any], bool]] = {
        "films": lambda record: record["id"] in films,
        "shots": lambda record: record["film_id"] in films,
        "frames": lambda record: record["path"] in packed,
        "twins": lambda record: record["id"] in twins,
        "pairs": lambda record: record["id"] in pairs,
        "verdicts": lambda record: record["pair_id"] in pairs,
        "loras": lambda record: record["path"] in packed,
        "tasks": lambda record: _is_kept(record, twins | set(pairs)),
    }
    told = (
        json.dumps(scrubbed(record), sort_keys=True, ensure_ascii=False) + "\n"
        for record in records
        if record["table"] in kept and kept[record["table"]](record)
    )
    return "".join(told).encode()


def _is_kept(task: Mapping[str, Any], ids: Collection[str]) -> bool:
    """Whether a task is done, and of a packed twin or pair or of the whole."""
    if task["state"] != "done":
        return False
    if task["station"] == "pair-check":
        return task["settings"].get("pair") in ids
    return task["station"] != "kontext" or task["id"] in ids


def settle(workspace: Path, home: Path) -> None:
    """Name `home` in the dataset files of an unpacked workspace."""
    for name in _TOMLS:
        file = workspace / "dataset" / name
        if file.is_file():
            held = tomllib.loads(file.read_text(encoding="utf-8"))
            files.write_text(file, tomli_w.dumps(_replaced(held, _HERE, home.as_posix())))


def _portable(file: Path, workspace: Path) -> bytes:
    """A dataset or training file in which the workspace has no place and models only names."""
    held = tomllib.loads(file.read_text(encoding="utf-8"))
    here = workspace.absolute().as_posix()
    return tomli_w.dumps(scrubbed(_replaced(held, here, _HERE))).encode()  # type: ignore[arg-type]


def _replaced(value: object, old: str, new: str) -> dict[str, object]:
    def change(one: object) -> object:
        if isinstance(one, str):
            return new + one.removeprefix(old) if one == old or one.startswith(f"{old}/") else one
        if isinstance(one, dict):
            return {key: change(inner) for key, inner in one.items()}
        return [change(inner) for inner in one] if isinstance(one, list) else one

    changed = change(value)
    assert isinstance(changed, dict)
    return changed
