"""The dataset as a whole: the files that describe it to Musubi, and the caches they outdate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from curate import files, identity
from curate.dataset import captions as schemes
from curate.dataset import folders, musubi, script, steps
from curate.dataset.buckets import Bucket
from curate.dataset.captions import Captions, Scheme
from curate.dataset.musubi import HALVES, Clips
from curate.dataset.presets import Training
from curate.dataset.steps import Half, Step, Trainer

SCRIPTS = ("train.sh", "train.bat")
PROMPTS = "sample_prompts.json"
_EXECUTABLE = 0o755


@dataclass(frozen=True, slots=True)
class Whole:
    """All that the files of a dataset are made of.

    `contents` hash each pair's images by its name; `caches` are Musubi's, for each half.
    """

    folder: Path
    loras: Path
    caches: tuple[Path, ...]
    resolution: int
    keep_size: bool
    scheme: Scheme
    captions: Mapping[str, Captions]
    contents: Mapping[str, str]
    training: Training
    models: Trainer
    clips: Clips | None = None

    def pixels(self) -> str:
        """Identifies what Musubi caches latents of."""
        cut = asdict(self.clips) if self.clips else None
        size = [self.resolution, self.keep_size]
        return identity.of_task("pixels", contents=dict(self.contents), size=size, cut=cut)

    def words(self, half: int) -> str:
        """Identifies the captions of the dense half, 0, or of the sparse half, 1."""
        return identity.of_task("words", words={n: both[half] for n, both in self.captions.items()})


def described(whole: Whole, sample: Bucket) -> tuple[list[Step], int]:
    """Write every file that describes the dataset; empty the caches that are of another one.

    Musubi trains on every cache it finds, whether the image is still there or not, and their
    names do not tell the resolution.

    Returns:
        The six steps, and how many cached files were deleted.
    """
    every, emptied = [], 0
    words = schemes.fixed(whole.scheme) or ("", "")
    frames = whole.clips.frames[0] if whole.clips else 1
    prompts = musubi.sample_prompts(
        tuple(dict.fromkeys(words)), sample.width, sample.height, frames
    )
    files.write_text(whole.folder / PROMPTS, prompts)
    for index, (half, cache) in enumerate(zip(_halves(whole), whole.caches, strict=True)):
        folders.make(cache)
        text = musubi.dataset_toml(
            whole.folder / half.name, cache, whole.resolution, whole.training.dataset, whole.clips
        )
        files.write_text(half.dataset, text)
        files.write_text(half.trainer, musubi.trainer_toml(_trainer(whole, half)))
        three = _steps(whole, half, index)
        emptied += _empty(cache, three)
        every += three
    steps.write(whole.folder, whole.models, every)
    for name, text in zip(
        SCRIPTS, (script.shell(whole.models, every), script.batch(whole.models, every)), strict=True
    ):
        files.write_bytes(whole.folder / name, text.encode())
    (whole.folder / SCRIPTS[0]).chmod(_EXECUTABLE)
    return every, emptied


def _halves(whole: Whole) -> list[Half]:
    outputs = steps.outputs(whole.training.ending)
    return [
        Half(
            half,
            len(whole.captions),
            int(str(whole.training.trainer["max_train_steps"])),
            output,
            whole.folder / f"{half}.toml",
            whole.folder / f"train_{half}.toml",
            cache,
            whole.loras,
        )
        for half, output, cache in zip(HALVES, outputs, whole.caches, strict=True)
    ]


def _steps(whole: Whole, half: Half, index: int) -> list[Step]:
    settings = whole.training.trainer | whole.training.dataset | {"dit": whole.models.dit}
    return steps.steps(
        half,
        whole.models,
        precision=str(whole.training.trainer["mixed_precision"]),
        pixels=identity.of_task(half.name, pixels=whole.pixels()),
        words=whole.words(index),
        settings=identity.of_task("settings", **settings),
    )


def _trainer(whole: Whole, half: Half) -> dict[str, object]:
    """The training file; its logs, samples and checkpoints stay out of where LoRAs are merged."""
    training = (whole.loras / "training").absolute()
    paths = {key: value for key in ("dit", "vae", "t5") if (value := getattr(whole.models, key))}
    return {
        **paths,
        "dataset_config": half.dataset.absolute().as_posix(),
        "sample_prompts": (whole.folder / PROMPTS).absolute().as_posix(),
        "output_dir": training.as_posix(),
        "output_name": half.output,
        "logging_dir": (training / "logs").as_posix(),
        **whole.training.trainer,
    }


def _empty(cache: Path, three: Sequence[Step]) -> int:
    """Delete what is cached unless it is of this very dataset; how many files."""
    known = cache / "of.txt"
    text = "".join(f"{step.id}\n" for step in three[:2])
    held = known.read_text(encoding="utf-8") if known.is_file() else ""
    if held == text:
        return 0
    stale = musubi.caches(cache)
    for file in (*stale, *steps.stamps(cache)):
        file.unlink(missing_ok=True)
    files.write_text(known, text)
    return len(stale)
