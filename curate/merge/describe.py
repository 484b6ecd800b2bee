"""What is written into a merged file about how it was made, and what is said about its inputs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from curate import __version__
from curate.merge import factors
from curate.merge.files import TensorFile
from curate.merge.lora import Module

TASK, INPUTS, OPTIONS, VERSION = "curate.task", "curate.inputs", "curate.options", "curate.version"

_INHERITED = ("ss_base_model_version", "modelspec.architecture", "modelspec.implementation")
_WAN = {"ss_base_model_version": "wan", "modelspec.architecture": "wan2.1/lora"}
_ALIKE = 1e-6


def metadata(
    first: TensorFile,
    *,
    title: str,
    rank: int | None,
    task: str,
    inputs: Sequence[tuple[Path, str, float]],
    options: Mapping[str, object],
    is_wan: bool,
) -> dict[str, str]:
    """The output's metadata: kohya's and modelspec's keys, then how it was made.

    Args:
        first: the LoRA whose model the output is for.
        title: shown by user interfaces.
        rank: of all modules; None where they differ.
        task: the merge's id.
        inputs: file, SHA-256, weight; only the file's name is written.
        options: the settings that are not at their default.
        is_wan: whether the modules are a Wan model's.
    """
    found = dict(_WAN) if is_wan else {}
    found |= {key: first.metadata[key] for key in _INHERITED if key in first.metadata}
    module = first.metadata.get("ss_network_module", "")
    known = module if module.startswith("networks.") else ""
    size = "Dynamic" if rank is None else str(rank)
    listed = [
        {"file": path.name, "sha256": digest, "weight": weight} for path, digest, weight in inputs
    ]
    return {
        "modelspec.sai_model_spec": "1.0.0",
        "modelspec.title": title,
        **found,
        "ss_network_module": known or ("networks.lora_wan" if is_wan else "networks.lora"),
        "ss_network_dim": size,
        "ss_network_alpha": size,
        VERSION: __version__,
        TASK: task,
        INPUTS: json.dumps(listed, ensure_ascii=False),
        OPTIONS: json.dumps(dict(options), sort_keys=True, ensure_ascii=False),
    }


def about_alpha(file: TensorFile, modules: Mapping[str, Module]) -> str | None:
    """What ignoring a file's alphas does to its strength, or None where it does nothing."""
    scales: Counter[float] = Counter()
    for module in modules.values():
        if module.shape:
            scales[factors.scale(file, module, factors.rank(file, module))] += 1
    if not scales or all(abs(scale - 1) < _ALIKE for scale in scales):
        return None
    usual = scales.most_common(1)[0][0]
    effect = f"{1 / usual:.4g} times as strong as it was trained" if usual else "no longer off"
    others = " for most modules" if len(scales) > 1 else ""
    return f"--ignore-alpha takes {file.path.name} {effect}{others} (alpha / rank is {usual:.4g})."
