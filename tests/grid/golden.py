"""Make the golden picture anew: `python -m tests.grid.golden`; then look at it."""

import tempfile
from pathlib import Path

from tests.comfyui.server import running
from tests.grid.served import place, rendered, sharpening

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        for (server,) in running(Path(name) / "comfyui"):
            place(server, "one.png", "two.png")
            report = rendered(
                Path(name) / "data",
                server,
                sharpening(),
                "sharp.alpha",
                ("one.png", "two.png", "late.png"),
            )
            Path(__file__).with_name("golden.png").write_bytes(report.files[0].read_bytes())
