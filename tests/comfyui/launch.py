"""Start ComfyUI's main.py where torchvision has no build for the torch beside it.

torchvision's import asks for the schemas of two compiled operators; ComfyUI never calls them.
The server ends when its standard input does: with whoever started it, however that one ends.
"""

import os
import runpy
import sys
import threading
from pathlib import Path

import torch


def end_with_input() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=end_with_input, daemon=True).start()
    schemas = torch.library.Library("torchvision", "DEF")
    schemas.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    schemas.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    main = Path(sys.argv[1])
    sys.argv = sys.argv[1:]
    sys.path.insert(0, str(main.parent))
    runpy.run_path(str(main), run_name="__main__")
