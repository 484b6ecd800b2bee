"""Start ComfyUI's main.py where torchvision has no build for the torch beside it.

torchvision's import asks for the schemas of two compiled operators, and for torch's compiler only
to know whether it may be used, a quarter of the start; ComfyUI never calls either.
The server ends when its standard input does: with whoever started it, however that one ends.
"""

import os
import runpy
import sys
import threading
import types
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
    compiler = types.ModuleType("torch._dynamo.utils")
    compiler.is_compile_supported = lambda _device: False
    lent = {"torch._dynamo": types.ModuleType("torch._dynamo"), compiler.__name__: compiler}
    sys.modules |= lent
    import torchvision.ops  # noqa: F401

    for name in lent:
        del sys.modules[name]
    main = Path(sys.argv[1])
    sys.argv = sys.argv[1:]
    sys.path.insert(0, str(main.parent))
    runpy.run_path(str(main), run_name="__main__")
