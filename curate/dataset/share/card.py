"""The dataset card: what the Hub shows of a dataset, and what people should know of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median

from curate.dataset.share.facts import Fact

_SAMPLES = 4
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"))


_DENSE = {
    "frame": "a frame of a film",
    "control": "a frame of a film as the model gives it back when told to change nothing",
}


def card(
    facts: Sequence[Fact],
    licence: str,
    limits: Mapping[str, float],
    version: str,
    dense_half: str = "frame",
) -> str:
    """The README.md of a dataset: a YAML header, then Markdown; no path of this machine."""
    concepts = sorted({fact.concept for fact in facts})
    title = f"Pairs that differ in {' and '.join(concepts)}"
    header = {
        "license": licence,
        "pretty_name": title,
        "task_categories": ["image-to-image"],
        "size_categories": [next((s for n, s in _SIZES if len(facts) < n), "100K<n<1M")],
        "tags": ["slider-lora", "paired-images", "curate"],
    }
    yaml = "".join(f"{key}: {json.dumps(v, ensure_ascii=False)}\n" for key, v in header.items())
    parts = [
        f"---\n{yaml}---\n\n# {title}\n",
        f"{len(facts)} pairs of images. `dense` is {_DENSE[dense_half]}, `sparse` the same frame "
        "made simpler; both have the same size and should differ in nothing else. "
        f"Made with curate {version}, for slider LoRAs.\n",
        '```python\nfrom datasets import load_dataset\n\npairs = load_dataset("imagefolder", '
        'data_dir="DIR", split="train")\npairs[0]["dense"], pairs[0]["sparse"]\n```\n',
        _samples(facts),
        _films(facts),
        _making(facts),
        _judging(facts, limits),
    ]
    return "\n".join(part for part in parts if part)


def _samples(facts: Sequence[Fact]) -> str:
    step = max(len(facts) // _SAMPLES, 1)
    rows = [
        f"| ![dense](train/dense/{_quoted(fact.name)}.png) "
        f"| ![sparse](train/sparse/{_quoted(fact.name)}.png) |"
        for fact in facts[::step][:_SAMPLES]
    ]
    return "\n".join(["## Samples\n", "| dense | sparse |", "|---|---|", *rows, ""])


def _films(facts: Sequence[Fact]) -> str:
    counts = Counter(fact.film or "two folders of images" for fact in facts)
    rows = [f"| {film} | {count} |" for film, count in sorted(counts.items())]
    return "\n".join(["## Where from\n", "| film | pairs |", "|---|---|", *rows, ""])


def _making(facts: Sequence[Fact]) -> str:
    lines = ["## How made\n"]
    for (made_by, prompt, instruction), count in sorted(
        Counter((fact.made_by, fact.prompt, fact.instruction) for fact in facts).items()
    ):
        how = f"`{prompt}`, {made_by}" if made_by else "given as files"
        lines.append(f"{count} twins: {how}\n")
        if instruction:
            lines.append("".join(f"> {line}\n" for line in instruction.strip().splitlines()))
    return "\n".join(lines)


def _judging(facts: Sequence[Fact], limits: Mapping[str, float]) -> str:
    judges = Counter(fact.judge for fact in facts)
    rows = []
    for measure in sorted({key for fact in facts for key in fact.measures}):
        values = [v for fact in facts if (v := fact.measures.get(measure)) is not None]
        if values:
            rows.append(
                f"| {measure} | {min(values):.4g} | {median(values):.4g} | {max(values):.4g} |"
            )
    told = [
        "## How judged\n",
        f"{judges['rule']} pairs were kept by the rule, {judges['person']} by a person. What was "
        "measured on the kept pairs stands beside each in `train/metadata.jsonl`:\n",
        "| measure | least | median | most |",
        "|---|---|---|---|",
        *rows,
        "",
    ]
    if limits:
        told += ["The thresholds by which the rule judged:\n"]
        told += ["| threshold | value |", "|---|---|"]
        told += [f"| {key} | {value:g} |" for key, value in sorted(limits.items())] + [""]
    return "\n".join(told)


def _quoted(name: str) -> str:
    return name.replace(" ", "%20").replace("(", "%28").replace(")", "%29")
