"""`curate grid` against the bare server's own time, and whether it finds what was planted.

A real ComfyUI, started here, and graphs without a model, at Wan's own 832 × 480: a sharpening whose
amount is the strength, then a wait, so that a cell takes its time; the same with a green that
grows, and with a shift that grows. 7 strengths × 4 prompts (a prompt is a picture's name). The
bare server's own time is what its clock says from the first job's start to the last one's end when
the same 28 graphs are queued at once by a client that does nothing else. Exit code 1 if a bar is
missed.

    python benchmarks/grid.py [--rounds 1] [--cell-s 2]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).parents[1]))

from curate import images
from curate.ledger import Ledger
from curate.records import Cell, Job
from tests.comfyui.graphs import written
from tests.comfyui.server import ComfyUI, running
from tests.pictures import room

STRENGTHS = "0,0.25,0.5,0.75,1,1.25,1.5"
SHIFTS = "0,2,4,6,8,10,12"
PROMPTS = tuple(f"bench{number}.png" for number in range(4))
MOST_OVERHEAD = 0.10
CAST_FROM, SHIFT_FROM = 2.3, 6.0  # the limits of `curate grid`, in CIELAB and in px of 1024
WIDTH, HEIGHT = 832, 480


def node(kind: str, **inputs: object) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


def sharpening(cell_s: float) -> dict[str, Any]:
    """A sharpening by the strength, and a wait in which no processor works, as at a GPU."""
    return {
        "in": node("LoadImage", image=PROMPTS[0]),
        "amount": node("ImageSharpen", image=["in", 0], sharpen_radius=2, sigma=1.0, alpha=0.0),
        "time": node("TestSleep", image=["amount", 0], seconds=cell_s, steps=10),
        "out": node("SaveImage", images=["time", 0], filename_prefix="bench"),
    }


def tinting() -> dict[str, Any]:
    green = node("EmptyImage", width=WIDTH, height=HEIGHT, batch_size=1, color=0x30C030)
    mixed = {"image1": ["in", 0], "image2": ["green", 0], "blend_mode": "normal"}
    return {
        "in": node("LoadImage", image=PROMPTS[0]),
        "green": green,
        "amount": node("ImageBlend", blend_factor=0.0, **mixed),
        "out": node("SaveImage", images=["amount", 0], filename_prefix="bench"),
    }


def shifting() -> dict[str, Any]:
    crop = node("ImageCrop", image=["in", 0], width=768, height=HEIGHT, x=0, y=0)
    return {
        "in": node("LoadImage", image=PROMPTS[0]),
        "amount": crop,
        "out": node("SaveImage", images=["amount", 0], filename_prefix="bench"),
    }


def own_s(server: ComfyUI, prompt_ids: list[str]) -> float:
    """From the first job's start to the last one's end, by the server's clock."""
    spans = []
    for prompt_id in prompt_ids:
        messages = server.get(f"/history/{prompt_id}")[prompt_id]["status"]["messages"]
        at = {name: about["timestamp"] for name, about in messages}
        spans.append((at["execution_start"], at["execution_success"]))
    return (max(end for _, end in spans) - min(start for start, _ in spans)) / 1000


def bare(server: ComfyUI, graph: dict[str, Any]) -> float:
    """The server's own time for the cells' graphs."""
    ids = []
    for prompt in PROMPTS:
        for strength in STRENGTHS.split(","):
            bound = json.loads(json.dumps(graph))
            bound["in"]["inputs"]["image"] = prompt
            bound["amount"]["inputs"]["alpha"] = float(strength)
            bound["out"]["inputs"]["filename_prefix"] = f"bench/{uuid4()}"
            ids.append(str(uuid4()))
            server.submit(bound, ids[-1])
    while server.queued():
        time.sleep(0.2)
    return own_s(server, ids)


def ours(
    server: ComfyUI, folder: Path, graph: dict[str, Any], place: str, strengths: str, concept: str
) -> tuple[float, dict[str, Any]]:
    """Wall time of the command in a fresh workspace, and its answer."""
    folder.mkdir()
    written(folder / "graph.json", graph)
    (folder / "prompts.txt").write_text("\n".join(PROMPTS) + "\n", encoding="utf-8")
    command = [
        *(sys.executable, "-m", "curate", "grid", "--quiet", "--json", "--workflow", "graph.json"),
        *("--strength-node", place, "--text-node", "in.image", "--prompts", "prompts.txt"),
        *("--strengths", strengths, "--concept", concept, "--server", server.url),
    ]
    began = time.monotonic()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    spent = time.monotonic() - began
    assert done.returncode == 0, done.stderr
    return spent, json.loads(done.stdout)


def rendering_s(server: ComfyUI, folder: Path) -> float:
    """The server's own time for the cells that `ours` had rendered."""
    with Ledger(folder / "data") as ledger:
        assert len(ledger.all(Cell)) == len(PROMPTS) * len(STRENGTHS.split(","))
        return own_s(server, [job.prompt_id for job in ledger.all(Job)])


def reported(finding: dict[str, Any], axis: str, most: float, begin: str) -> bool:
    """Whether a warning names the fault from the first strength at which the measure is over."""
    beyond = [p["strength"] for p in finding["points"][axis] if abs(p["middle"]) > most]
    words = f"{begin} from strength {beyond[0]:+g}:" if beyond else "none"
    return any(words in warning for warning in finding["warnings"])


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--cell-s", type=float, default=2.0)
    asked = parser.parse_args()
    lines, are_met = [], []

    def bar(text: str, met: bool) -> None:
        lines.append(f"{'ok    ' if met else 'MISSED'} {text}")
        are_met.append(met)

    with tempfile.TemporaryDirectory() as name:
        for (server,) in running(Path(name) / "comfyui"):
            (server.base / "input").mkdir(exist_ok=True)
            for number, prompt in enumerate(PROMPTS):
                images.write(server.base / "input" / prompt, room(number, WIDTH, HEIGHT))
            graph = sharpening(asked.cell_s)
            bares, wholes, spans = [], [], []
            for turn in range(asked.rounds):
                bares.append(bare(server, graph))
                folder = Path(name) / f"sharp{turn}"
                spent, said = ours(server, folder, graph, "amount.alpha", STRENGTHS, "density")
                wholes.append(spent)
                spans.append(rendering_s(server, folder))
            cast = ours(server, Path(name) / "cast", tinting(), "amount.blend_factor",
                        "0,0.02,0.04,0.06,0.08,0.1,0.12", "none")[1]["findings"][0]  # fmt: skip
            shift = ours(
                server, Path(name) / "shift", shifting(), "amount.x", SHIFTS, "none"
            )[1]["findings"][0]  # fmt: skip
    finding = said["findings"][0]
    lines.append(
        f"       28 cells: bare server {min(bares):.1f} s, the server's time for ours "
        f"{min(spans):.1f} s, the whole command {min(wholes):.1f} s; load {os.getloadavg()[0]:.1f}"
    )
    rendering, whole = (min(times) / min(bares) - 1 for times in (spans, wholes))
    bar(f"rendering takes {rendering:+.1%} of the bare server's time (bar 10 %)",
        rendering < MOST_OVERHEAD)  # fmt: skip
    bar(
        f"the whole command, with start, measures, sheet and page: {whole:+.1%} (bar 10 %)",
        whole < MOST_OVERHEAD,
    )
    rho, rows = finding["concept"]["spearman"], finding["monotone_rows"]
    bar(f"the number's effect: Spearman {rho}, {rows} of 4 rows monotone", rho == 1.0 and rows == 4)
    bar("the planted green is reported where it begins",
        reported(cast, "green_red", CAST_FROM, "A green cast"))  # fmt: skip
    bar("the planted shift is reported where it begins",
        reported(shift, "shift_px", SHIFT_FROM, "Out of place"))  # fmt: skip
    last = shift["points"]["shift_px"][-1]["middle"]
    lines.append(f"       a shift of 12 px of 768 is measured as {last * 768 / 1024:.2f} px")
    lines += [f"       {warning}" for warning in (*cast["warnings"], *shift["warnings"])]
    print("\n".join(lines))
    return 0 if all(are_met) else 1


if __name__ == "__main__":
    sys.exit(main())
