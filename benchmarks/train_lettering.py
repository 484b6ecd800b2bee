"""How curate/extract/letters.npz was made: a small network that marks lettering in a picture.

`python benchmarks/train_lettering.py OUT [PICTURES.npz]` draws pictures with and without lettering
and fits the network to them; PICTURES holds further pictures without lettering, luma of 960 × 540,
for the background. A few minutes on two cores.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import torch
import words
from numpy.typing import NDArray
from torch import nn

SEED = 4
DRAWN = 4500
STEPS = 1400
BATCH = 16
PATCH = (256, 144)
STRIDE = 8
LAYERS = ((1, 6, 2, (1, 1)), (6, 12, 2, (1, 1)), (12, 20, 2, (1, 1)))
WIDER = ((20, 20, 1, (1, 1)), (20, 20, 1, (1, 3)), (20, 20, 1, (2, 6)))
TAUGHT = ("street", "library", "kitchen", "sky", "sea", "night", "answer", "field", "empty room")
"""Places that the network sees; the others are kept to test it."""


def network() -> nn.Sequential:
    parts: list[nn.Module] = []
    for into, out, stride, apart in (*LAYERS, *WIDER):
        parts += [nn.Conv2d(into, out, 3, stride, apart, apart), nn.ReLU()]
    return nn.Sequential(*parts, nn.Conv2d(20, 1, 1))


def examples(
    rng: np.random.Generator, more: list[words.Gray]
) -> tuple[NDArray[np.uint8], NDArray[np.int8]]:
    """Pictures, and for each cell of 8 × 8 px whether it holds lettering; −1 if hardly."""
    faces, scenes = words.fonts(), words.drawn_scenes(TAUGHT)
    pictures, marks = [], []
    for _ in range(DRAWN):
        kind = rng.random()
        if kind < 0.45:
            picture = words.texture(rng)
        else:
            held = more if more and kind < 0.85 else scenes
            picture = words.view(rng, held[rng.integers(len(held))])
        body = np.zeros_like(picture)
        if rng.random() < 0.5:
            picture, body = words.lettered(rng, picture, faces)
        pictures.append(words.worn(rng, picture))
        marks.append(cells(body))
    return np.stack(pictures), np.stack(marks)


def cells(body: words.Gray) -> NDArray[np.int8]:
    near = cv2.dilate((body > 90).astype(np.float32), np.ones((5, 7)))
    near = np.pad(near, ((0, -near.shape[0] % STRIDE), (0, -near.shape[1] % STRIDE)))
    share = near.reshape(near.shape[0] // STRIDE, STRIDE, -1, STRIDE).mean(axis=(1, 3))
    return np.where(share > 0.35, 1, np.where(share > 0.08, -1, 0)).astype(np.int8)


def fitted(pictures: NDArray[np.uint8], marks: NDArray[np.int8]) -> nn.Sequential:
    torch.manual_seed(SEED)
    rng, net = np.random.default_rng(SEED), network()
    best = torch.optim.AdamW(net.parameters(), 3e-3, weight_decay=1e-4)
    plan = torch.optim.lr_scheduler.OneCycleLR(best, 4e-3, STEPS)
    wide, high = PATCH[0] // STRIDE, PATCH[1] // STRIDE
    for step in range(STEPS):
        x = rng.integers(marks.shape[2] - wide + 1)
        y = rng.integers(marks.shape[1] - 1 - high + 1)
        chosen = rng.integers(len(pictures), size=BATCH)
        left, top = x * STRIDE, y * STRIDE
        patch = pictures[chosen, top : top + PATCH[1], left : left + PATCH[0]]
        truth = torch.from_numpy(marks[chosen, y : y + high, x : x + wide].astype(np.float32))
        seen = net(torch.from_numpy(patch[:, None].astype(np.float32) / 255 - 0.5))[:, 0]
        loss = nn.functional.binary_cross_entropy_with_logits(
            seen, truth.clamp(min=0), weight=(truth >= 0).float()
        )
        best.zero_grad()
        loss.backward()
        best.step()
        plan.step()
        if step % 100 == 0:
            print(step, round(float(loss.detach()), 4), flush=True)
    return net


def main() -> None:
    torch.set_num_threads(1)
    more = list(np.load(sys.argv[2])["pictures"]) if len(sys.argv) > 2 else []
    net = fitted(*examples(np.random.default_rng(SEED), more))
    layers = [part for part in net if isinstance(part, nn.Conv2d)]
    held = {}
    for number, layer in enumerate(layers):
        held[f"weight{number}"] = layer.weight.detach().numpy().astype(np.float16)
        held[f"bias{number}"] = layer.bias.detach().numpy().astype(np.float16)
    np.savez_compressed(Path(sys.argv[1]), **held)


if __name__ == "__main__":
    main()
