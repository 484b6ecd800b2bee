"""The review page with 10,000 pairs in a real Chromium: first paint, and a key to the next pair.

Needs the extra `test` and a Chromium, see tests/pairs/review/conftest.py. Exits with 1 where the
first paint takes a second or more, or half of the steps 50 ms or more.
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import Page, sync_playwright

from curate import images
from curate.ledger import Ledger
from curate.pairs.verdict import DEFAULTS, judge
from curate.records import Pair, Verdict

PAIRS, PICTURES, STEPS = 10_000, 12, 40
WIDTH, HEIGHT = 1392, 752
PAINT_S, STEP_MS = 1.0, 50.0
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]


def drawn(seed: int, *, clutter: bool) -> images.RGB:
    random = np.random.default_rng(seed)
    ramp = np.linspace(200, 90, HEIGHT)[:, None, None] * np.array([0.8, 0.95, 1.1])
    canvas = np.repeat(ramp, WIDTH, axis=1).clip(0, 255).astype(np.uint8)
    for _ in range(60):
        x, y, w, h = random.integers(0, (WIDTH, HEIGHT, 200, 200))
        color = [int(c) for c in random.integers(40, 230, 3)]
        cv2.rectangle(canvas, (int(x), int(y)), (int(x + w), int(y + h)), color, -1)
    for x, y in random.integers(0, (WIDTH, HEIGHT), (9000, 2)) if clutter else ():
        color = [int(c) for c in random.integers(0, 256, 3)]
        cv2.circle(canvas, (int(x), int(y)), int(random.integers(1, 4)), color, -1)
    return canvas


def fill(workspace: Path) -> None:
    random = np.random.default_rng(0)
    for picture in range(PICTURES):
        images.write(workspace / f"a{picture}.png", drawn(picture, clutter=True))
        images.write(workspace / f"b{picture}.png", drawn(picture, clutter=False))
    spread = {
        "ssim": (0.8, 0.1), "shift_px": (0.6, 0.5), "gradient_ncc": (0.85, 0.1),
        "a_shift": (0, 0.8), "b_shift": (0, 0.8), "lightness_shift": (0, 0.9),
        "chroma_slope": (0.96, 0.06), "contrast_ratio": (0.95, 0.05), "tile_residual": (16, 7),
        "detail_ratio": (0.6, 0.15),
        "texture_left": (0.65, 0.12), "density_frame": (1.1, 0.3), "density_twin": (0.6, 0.2),
        "scale": (1, 0.001), "rotation_deg": (0, 0.02), "shift_x_px": (0, 0.3),
        "shift_y_px": (0, 0.3), "confidence": (0.9, 0.05), "ms_ssim": (0.85, 0.1),
        "edge_ncc": (0.9, 0.05), "registration_gain": (2, 0.4), "tile_x": (0.5, 0.2),
        "tile_y": (0.5, 0.2),
    }  # fmt: skip
    with Ledger(workspace) as ledger, ledger.transaction():
        for number in range(PAIRS):
            measures: dict[str, float | None] = {
                key: float(abs(random.normal(*of)) if of[0] else random.normal(*of))
                for key, of in spread.items()
            }
            measures |= {"width_px": WIDTH, "height_px": HEIGHT, "clip_similarity": None}
            name = f"film_{number // 600:02d}-{number // 10 % 60:02d}-{number:05d}"
            halves = f"a{number % PICTURES}.png", f"b{number % PICTURES}.png"
            pair = Pair(f"{number:032x}", name, "", "density", *halves, measures, "")
            said = judge(measures, "density", DEFAULTS)
            words = tuple(reason.text for reason in said.reasons)
            ledger.put(pair, Verdict(pair.id, "rule", said.ruling, words))


WATCH = """
window.late = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.name === "keydown") window.late.push(entry.duration);
  }
}).observe({ type: "event", durationThreshold: 16 });
"""
"""Notes keys whose next painted frame came 16 ms or more after them; others were faster."""


def steps(page: Page, key: str, count: int) -> tuple[list[float], list[float]]:
    """Milliseconds from a key to the drawn picture, and to the painted frame (0: under 16)."""
    page.evaluate("performance.clearMeasures('step'); window.late.length = 0")
    for _ in range(count):
        page.keyboard.press(key)
        page.wait_for_selector('#canvas[data-ready="true"]')
        page.wait_for_timeout(350)  # a person looks at least so long, while neighbours load
    drawn = page.evaluate("performance.getEntriesByName('step').map(e => e.duration)")
    painted = page.evaluate("window.late")
    return list(drawn), [0.0] * (count - len(painted)) + sorted(painted)


def measured(url: str, browser: str) -> dict[str, float]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=ARGUMENTS)
        page = chromium.new_page(viewport={"width": 1600, "height": 900})
        page.add_init_script(WATCH)
        page.goto(url)
        page.wait_for_selector('#canvas[data-ready="true"]')
        paints = page.evaluate(
            "performance.getEntriesByType('paint').map(e => [e.name, e.startTime])"
        )
        shown = page.evaluate("performance.getEntriesByName('shown')[0].startTime")
        page.wait_for_timeout(1500)
        times, painted = steps(page, "ArrowRight", STEPS)
        page.keyboard.press("4")
        _, heat = steps(page, "ArrowRight", STEPS // 2)
        page.keyboard.press("1")
        began = time.perf_counter()
        page.keyboard.press("h")
        page.wait_for_selector("#limits .handle")
        histograms = time.perf_counter() - began
        page.keyboard.press("Escape")
        page.keyboard.press("g")
        rows = page.locator(".row, .cell").count()
        memory = page.evaluate("performance.memory.usedJSHeapSize") / 1e6
        chromium.close()
    return {
        "first paint, s": dict(paints)["first-contentful-paint"] / 1000,
        "list and picture asked for, s": shown / 1000,
        "key to the drawn next pair, ms, median": statistics.median(times),
        "key to the painted next pair, ms, median": statistics.median(painted),
        "key to the painted next pair, ms, p95": painted[int(len(painted) * 0.95)],
        "the same with the difference, ms, median": statistics.median(heat),
        "histograms of 10,000 pairs, s": histograms,
        "elements of the lists": rows,
        "JavaScript heap, MB": memory,
    }


def main() -> None:
    browser = os.environ.get("CURATE_TEST_CHROMIUM") or shutil.which("chromium")
    if not browser:
        sys.exit("no Chromium: install it, or name one with CURATE_TEST_CHROMIUM")
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder))
        began = time.perf_counter()
        command = [sys.executable, "-m", "curate", "-w", folder, "review", "--no-open"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert server.stdout
        found = re.search(r"http\S+", server.stdout.readline())
        assert found
        start = time.perf_counter() - began
        try:
            figures = {"start of the command, s": start} | measured(found[0], browser)
        finally:
            server.terminate()
            server.wait()
    for name, value in figures.items():
        print(f"{name:45} {value:8.2f}")
    late = figures["first paint, s"] >= PAINT_S
    slow = figures["key to the painted next pair, ms, median"] >= STEP_MS
    sys.exit(1 if late or slow else 0)


if __name__ == "__main__":
    main()
