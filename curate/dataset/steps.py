"""The six steps of a training: what each runs, where it leaves its result, when it is done."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from curate import files, identity
from curate.dataset.musubi import HALVES
from curate.errors import NothingYet

FILE = "steps.json"
SOURCE = "src/musubi_tuner"
_LAUNCH = (
    *("-m", "accelerate.commands.launch"),
    *("--num_cpu_threads_per_process", "1", "--mixed_precision"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One call of Musubi; `arguments` follow the Python interpreter, in Musubi's folder.

    `items` is how many images it caches or steps it trains. It is done when `stamp` holds `id` and
    `result` exists; then `copies`, if there is one, is made equal to `result`.
    """

    name: str
    half: str
    items: int
    arguments: tuple[str, ...]
    id: str
    stamp: str
    result: str
    copies: str = ""


@dataclass(frozen=True, slots=True)
class Trainer:
    """Where Musubi and its models are; what is not known is empty."""

    musubi: str = ""
    dit: str = ""
    vae: str = ""
    t5: str = ""


@dataclass(frozen=True, slots=True)
class Half:
    """One half's files, how many pairs it has and how many steps it is trained for."""

    name: str
    pairs: int
    train_steps: int
    output: str
    dataset: Path
    trainer: Path
    cache: Path
    loras: Path


def steps(
    half: Half, models: Trainer, *, precision: str, pixels: str, words: str, settings: str
) -> list[Step]:
    """The three steps of one half.

    Args:
        half: its files.
        models: the paths of Musubi's models.
        precision: what `accelerate` and the trainer calculate in.
        pixels: identifies the images and the resolution.
        words: identifies the captions.
        settings: identifies what it is trained with.
    """
    dataset, cache = half.dataset.absolute().as_posix(), half.cache.absolute().as_posix()
    made = half.loras.absolute() / "training" / f"{half.output}.safetensors"
    latents = identity.of_task("latents", pixels=pixels, vae=models.vae)
    texts = identity.of_task("texts", words=words, t5=models.t5)
    trained = identity.of_task("training", latents=latents, texts=texts, settings=settings)
    texting = (f"{SOURCE}/wan_cache_text_encoder_outputs.py",)
    training = (*_LAUNCH, precision, f"{SOURCE}/wan_train_network.py")
    return [
        Step(
            f"latents of {half.name}",
            half.name,
            half.pairs,
            (f"{SOURCE}/wan_cache_latents.py", "--dataset_config", dataset, "--vae", models.vae),
            latents,
            f"{cache}/latents.done",
            cache,
        ),
        Step(
            f"captions of {half.name}",
            half.name,
            half.pairs,
            (*texting, "--dataset_config", dataset, "--t5", models.t5, "--batch_size", "16"),
            texts,
            f"{cache}/texts.done",
            cache,
        ),
        Step(
            f"training of {half.name}",
            half.name,
            half.train_steps,
            (*training, "--config_file", half.trainer.absolute().as_posix()),
            trained,
            made.with_suffix(".done").as_posix(),
            made.as_posix(),
            (half.loras.absolute() / made.name).as_posix(),
        ),
    ]


def write(folder: Path, models: Trainer, every: list[Step]) -> None:
    """Write the steps down for `curate train`."""
    held = {"trainer": asdict(models), "steps": [asdict(step) for step in every]}
    files.write_text(folder / FILE, json.dumps(held, ensure_ascii=False, indent=2) + "\n")


def read(workspace: Path) -> tuple[Trainer, list[Step]]:
    """The steps that `curate dataset` wrote.

    Raises:
        NothingYet: it wrote none, or what cannot be read.
    """
    try:
        held = json.loads((workspace / "dataset" / FILE).read_text(encoding="utf-8"))
        every = [Step(**step | {"arguments": tuple(step["arguments"])}) for step in held["steps"]]
        return Trainer(**held["trainer"]), every
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NothingYet("steps of a training", workspace, "curate dataset") from error


def written_for(workspace: Path) -> Path | None:
    """The folder that a dataset names in its files if that is not `workspace`, else None."""
    try:
        _, every = read(workspace)
    except NothingYet:
        return None
    for step in every:
        if step.copies:
            home = Path(step.copies).parents[1]
            return None if home.resolve() == workspace.resolve() else home
    return None


def is_done(step: Step) -> bool:
    """Whether a step's result stands and is of what the dataset holds now."""
    stamp = Path(step.stamp)
    return (
        Path(step.result).exists()
        and stamp.is_file()
        and stamp.read_text(encoding="utf-8").strip() == step.id
    )


def stamps(cache: Path) -> list[Path]:
    """The files that say that a cache is complete."""
    return [cache / "latents.done", cache / "texts.done"]


def outputs(ending: str) -> tuple[str, str]:
    """What the LoRAs of both halves are called, without suffix."""
    dense, sparse = (half + ending for half in HALVES)
    return dense, sparse
