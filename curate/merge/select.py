"""Which modules: by name, by block, by what is left out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase

from curate.errors import BadSetting, NoModuleChosen
from curate.merge import natives

PRESETS = {
    "attn": r"attn",
    "self_attn": r"self_attn|\battn1\b|_attn1_",
    "cross_attn": r"cross_attn|\battn2\b|_attn2_",
    "ffn": r"\bffn\b|_ffn_|_mlp\b|_mlp_|\bff\b|_ff_net_",
}
"""What the words for whole groups stand for, as regular expressions on the model's own names."""

_REGEX_SIGNS = frozenset("^$()|\\+{}")
_GLOB_SIGNS = frozenset("*?[")
_RANGE = re.compile(r"(?:(?P<kind>[a-z_]+):)?(?P<first>\d+)(?:-(?P<last>\d+))?")
_SHOWN = 12


def chosen(
    names: Sequence[str],
    *,
    targets: Iterable[str] = (),
    blocks: Iterable[str] = (),
    exclude: Iterable[str] = (),
) -> set[str]:
    """The names that match a target, lie in a block range and match no exclusion.

    Args:
        names: the models' own, such as "blocks.7.self_attn.q".
        targets: a preset, a part of a name ("attn.q"), a glob over the whole name
            ("blocks.*.ffn.0"), or a regular expression (with any of ^ $ ( ) | + { } or a
            backslash). None: every name.
        blocks: "0-10,20", or "double_blocks:0-10" where a model has several kinds of blocks.
        exclude: as `targets`.

    Raises:
        NoModuleChosen: a pattern or range matches nothing, or nothing is left.
        BadSetting: a pattern or range that cannot be read.
    """
    targets, blocks, exclude = list(targets), _ranges(blocks), list(exclude)
    by_target = _any(names, targets) if targets else set(names)
    by_block = _in_blocks(names, blocks) if blocks else set(names)
    left = (by_target & by_block) - _any(names, exclude)
    if not left:
        asked = ", ".join([*targets, *blocks, *(f"not {pattern}" for pattern in exclude)])
        raise NoModuleChosen(f"No module matches all of: {asked}.", remedy=there_is(names))
    return left


def there_is(names: Iterable[str]) -> str:
    """A clause listing the projections and blocks there are."""
    places = [(name, natives.place(name)) for name in names]
    projections = Counter(place[2] if place else name for name, place in places)
    shown = [f"{name} ×{count}" for name, count in projections.most_common(_SHOWN)]
    if len(projections) > _SHOWN:
        shown.append(f"and {len(projections) - _SHOWN} more")
    kinds: dict[str, list[int]] = {}
    for _, place in places:
        if place:
            kinds.setdefault(place[0], []).append(place[1])
    ranges = [f"{kind} {min(there)}-{max(there)}" for kind, there in kinds.items()]
    return "There are " + ", ".join(shown) + (f"; {', '.join(ranges)}." if ranges else ".")


def _any(names: Sequence[str], patterns: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        matches = _matcher(pattern)
        hits = {name for name in names if matches(name)}
        if not hits:
            raise NoModuleChosen(
                f"The pattern {pattern!r} matches no module.", remedy=there_is(names)
            )
        found |= hits
    return found


def _matcher(pattern: str) -> Callable[[str], object]:
    if pattern in PRESETS:
        return re.compile(PRESETS[pattern]).search
    if _REGEX_SIGNS & set(pattern):
        try:
            return re.compile(pattern).search
        except re.error as error:
            raise BadSetting(
                f"The pattern {pattern!r} is no regular expression: {error}.",
                remedy=r"Write a part of a name, a glob, or a valid expression such as \.q$.",
            ) from error
    if _GLOB_SIGNS & set(pattern):
        return lambda name: fnmatchcase(name, pattern)
    return lambda name: pattern in name or pattern in name.replace(".", "_")


def _ranges(texts: Iterable[str]) -> list[str]:
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def _in_blocks(names: Sequence[str], ranges: Sequence[str]) -> set[str]:
    places = {name: place for name in names if (place := natives.place(name))}
    kinds = sorted({place[0] for place in places.values()})
    found: set[str] = set()
    for text in ranges:
        match = _RANGE.fullmatch(text)
        if match is None:
            raise BadSetting(f"{text!r} is no range of blocks.", remedy="Write --blocks 0-10,20.")
        if match["kind"] is None and len(kinds) > 1:
            raise BadSetting(
                f"Blocks {text} of which kind? This model has {' and '.join(kinds)}.",
                remedy=f"Write --blocks {kinds[0]}:{text}.",
            )
        first = int(match["first"])
        wanted = range(first, int(match["last"] or first) + 1)
        hits = {
            name
            for name, (kind, index, _) in places.items()
            if index in wanted and match["kind"] in (None, kind)
        }
        if not hits:
            raise NoModuleChosen(f"There are no blocks {text}.", remedy=there_is(names))
        found |= hits
    return found
