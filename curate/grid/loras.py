"""The LoRAs of a grid: files that were named or matched, and what ComfyUI calls them."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from curate import files, identity
from curate.errors import BadInput, BadSetting, ModelsMissing

_SIGNS = frozenset("*?[")
_DIGITS = re.compile(r"(\d+)")
_OURS = "curate"  # the folder below models/loras


@dataclass(frozen=True, slots=True)
class Slider:
    """A LoRA to look at: what the sheet calls it, what the server calls it, and its contents.

    `file` is None, and `digest` empty, for one that only the server has.
    """

    label: str
    name: str
    file: Path | None
    digest: str

    @property
    def identity(self) -> list[str]:
        """What tells its cells from another's."""
        return [self.digest or self.name]


def named(words: Sequence[str]) -> tuple[Slider, ...]:
    """The LoRAs that files, globs or names on the server stand for, each once, in that order.

    Raises:
        BadInput: a glob matches no file.
        BadSetting: two would have one name at the server.
    """
    sliders = [slider for word in words for slider in _matched(word)]
    every = tuple(dict.fromkeys(sliders))
    if len({slider.name for slider in every}) < len(every):
        raise BadSetting(
            "Two of the LoRAs have one file name, which ComfyUI tells them by.",
            remedy="Rename one of them.",
        )
    return _labelled(every)


def put(sliders: Sequence[Slider], folder: Path) -> tuple[Slider, ...]:
    """The LoRAs with those that are files here copied to where ComfyUI loads them from.

    Their names there have their contents' hash in them: ComfyUI keeps a LoRA that it has loaded
    in memory by its name, and would not see that the file was merged anew.

    Args:
        sliders: as `named` gives them.
        folder: ComfyUI's models/loras.

    Raises:
        BadInput: there is no such folder.
        DiskFull, NotWritable: it refuses.
    """
    if not folder.is_dir():
        raise BadInput(
            f"There is no folder {folder}.", remedy="Give ComfyUI's models/loras to --loras-dir."
        )
    return tuple(_put(slider, folder / _OURS) if slider.file else slider for slider in sliders)


def on_server(sliders: Sequence[Slider], listed: Sequence[str]) -> tuple[Slider, ...]:
    """The LoRAs under the names by which ComfyUI lists them.

    Args:
        sliders: as `named` or `put` gives them.
        listed: the names that ComfyUI offers, perhaps in subfolders.

    Raises:
        ModelsMissing: ComfyUI lacks one.
        BadSetting: it has one more than once.
    """
    placed, lacking = [], []
    for slider in sliders:
        fits = [name for name in listed if slider.name in (name, _base(name))]
        exact = [name for name in fits if name == slider.name]
        if not fits:
            lacking.append(slider)
        elif len(fits) > 1 and not exact:
            raise BadSetting(
                f"ComfyUI has {slider.name} more than once: {', '.join(fits)}.",
                remedy="Name it with its folder, as ComfyUI lists it.",
            )
        else:
            placed.append(replace(slider, name=(exact or fits)[0]))
    if lacking:
        raise _missing(lacking)
    return tuple(placed)


def _matched(word: str) -> list[Slider]:
    if _SIGNS & set(word) and not Path(word).is_file():
        found = glob.glob(word, recursive=True)  # noqa: PTH207 - Path.glob takes no "/a/*"
        if not found:
            raise BadInput(f"--lora {word} matches no file.", remedy="Check the folder's name.")
        return [_of_file(Path(name)) for name in sorted(found, key=_by_number)]
    path = Path(word)
    if path.is_file():
        return [_of_file(path)]
    return [Slider(PurePosixPath(word.replace("\\", "/")).stem, word, None, "")]


def _by_number(name: str) -> list[tuple[int, str]]:
    """A sort key by which out_r4 comes before out_r16."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in _DIGITS.split(name)]


def _of_file(path: Path) -> Slider:
    return Slider(path.stem, path.name, path, identity.of_file(path))


def _labelled(sliders: tuple[Slider, ...]) -> tuple[Slider, ...]:
    """The same with labels that tell them apart: whole names where the stems are equal."""
    labels = [slider.label for slider in sliders]
    return tuple(
        replace(slider, label=slider.name) if labels.count(slider.label) > 1 else slider
        for slider in sliders
    )


def _put(slider: Slider, folder: Path) -> Slider:
    assert slider.file is not None
    target = folder / f"{slider.file.stem}_{slider.digest[:8]}{slider.file.suffix}"
    if not (target.is_file() and identity.of_file(target) == slider.digest):
        files.write_bytes(target, slider.file.read_bytes())
    return replace(slider, name=target.name)


def _missing(lacking: Iterable[Slider]) -> ModelsMissing:
    every = list(lacking)
    names = ", ".join(slider.name for slider in every)
    here = [str(slider.file) for slider in every if slider.file is not None]
    remedy = (
        f"Copy {', '.join(here)} into its models/loras, or name that folder: --loras-dir "
        "COMFYUI/models/loras."
        if here
        else "Give the path of the file, or the name by which ComfyUI lists it."
    )
    return ModelsMissing(f"ComfyUI lacks {names} in models/loras.", remedy=remedy)


def _base(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).name
