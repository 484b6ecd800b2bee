"""What stands in the text file beside each image: the captioning schemes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from curate.dataset.musubi import CAPTION
from curate.errors import BadSetting, CaptionUnusable, Failure, nearest

WORDS: dict[str, tuple[int, int]] = {
    "empty": (0, 0),
    "same": (1, 1),
    "per-side": (2, 2),
    "file": (0, 1),
    "same+detailed": (1, 1),
    "detailed/plain": (0, 0),
    "unique-id": (0, 0),
}
"""How many words a scheme takes at least and at most."""

Captions = tuple[str, str]
"""The captions of the dense and of the sparse half."""

_IDS = 10**6


@dataclass(frozen=True, slots=True)
class Scheme:
    """A captioning scheme and its words."""

    name: str
    words: tuple[str, ...] = ()


def scheme(words: Sequence[str]) -> Scheme:
    """The scheme that `--captions` names, with its words.

    Raises:
        BadSetting: no such scheme, too few or too many words, or a word of several lines.
    """
    name, *rest = words or ["empty"]
    if name not in WORDS:
        raise BadSetting(f"There is no caption scheme {name!r}.", remedy=nearest(name, WORDS))
    least, most = WORDS[name]
    if not least <= len(rest) <= most:
        wanted = " ".join(f'"{letter}"' for letter in ("A", "B")[:most])
        usage = f"--captions {name} {wanted}".rstrip()
        raise BadSetting(
            f"The caption scheme {name!r} was given {len(rest)} words.", remedy=f"Write `{usage}`."
        )
    if any("\n" in word or "\r" in word for word in rest):
        raise BadSetting(
            "A caption is one line.", remedy="Put captions of several lines into .txt files."
        )
    return Scheme(name, tuple(rest))


def fixed(chosen: Scheme) -> Captions | None:
    """The captions that a scheme gives every pair, None if they differ from pair to pair.

    Naming the difference in the captions of one half only, or the picture in both, is what
    `empty` avoids: whatever a caption says, the LoRA need not learn.
    """
    match chosen:
        case Scheme("empty"):
            return "", ""
        case Scheme("same", (text,)):
            return text, text
        case Scheme("per-side", (dense, sparse)):
            return dense, sparse
        case Scheme("same+detailed", (text,)):
            return f"{text}, detailed", text
        case Scheme("detailed/plain"):
            return "detailed image", "image"
    return None


def unique(names: Sequence[str]) -> dict[str, Captions]:
    """A caption of its own for each pair, "anime_image_165656" and the same with ", detailed".

    The number is a hash of the name, so that it stays when other pairs come or go; of two names
    with one hash the later takes the next free number.
    """
    taken: set[int] = set()
    captions = {}
    for name in sorted(names):
        digest = blake2b(name.encode(errors="surrogateescape"), digest_size=8).digest()
        number = int.from_bytes(digest) % _IDS
        while number in taken:
            number = (number + 1) % _IDS
        taken.add(number)
        plain = f"anime_image_{number:06d}"
        captions[name] = (f"{plain}, detailed", plain)
    return captions


def found(name: str, folder: Path | None, images: tuple[Path, Path]) -> Captions:
    """The captions in .txt files: `folder`/NAME.txt for both halves, or else beside each image.

    Raises:
        CaptionUnusable: a file is missing or not UTF-8; Musubi would drop the image or stop.
    """
    dense, sparse = images
    if folder:
        text = _read(name, [folder / f"{name}{CAPTION}"])
        return text, text
    beside = dense.with_suffix(CAPTION)
    return _read(name, [beside]), _read(name, [sparse.with_suffix(CAPTION), beside])


def of(
    halves: Mapping[str, tuple[Path, Path]], chosen: Scheme
) -> tuple[dict[str, Captions], tuple[Failure, ...]]:
    """The captions of pairs by name, and a failure for each that has none.

    Args:
        halves: the dense and the sparse file by the pair's name.
        chosen: the scheme.
    """
    every = of_fixed(list(halves), chosen)
    if every is not None:
        return dict(every), ()
    folder = Path(chosen.words[0]) if chosen.words else None
    said, failures = {}, []
    for name, files in halves.items():
        try:
            said[name] = found(name, folder, files)
        except CaptionUnusable as error:
            failures.append(Failure.of(name, error))
    return said, tuple(failures)


def of_fixed(names: Sequence[str], chosen: Scheme) -> Mapping[str, Captions] | None:
    """The captions of all pairs where no file need be read for them, else None."""
    if chosen.name == "unique-id":
        return unique(names)
    every = fixed(chosen)
    return None if every is None else dict.fromkeys(names, every)


def _read(name: str, places: Sequence[Path]) -> str:
    for place in places:
        try:
            return place.read_text(encoding="utf-8-sig").strip()
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError) as error:
            raise CaptionUnusable(name, place, str(error)) from error
    raise CaptionUnusable(name, places[0], "there is no such file")
