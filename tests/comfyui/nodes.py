"""Nodes of ours in the real server: jobs that take as long, and fail as, a test wants.

ComfyUI loads this file; nothing of this project imports it.
"""

import time
from pathlib import Path

import comfy.utils
import folder_paths
import torch
from safetensors.torch import load_file

_LOOK_S = 0.005


class Sleep:
    """An image after some seconds in which no processor works, in steps as a sampler's."""

    CATEGORY, FUNCTION, RETURN_TYPES = "curate", "run", ("IMAGE",)

    @classmethod
    def INPUT_TYPES(cls):  # noqa: N802 - ComfyUI calls it so
        wait = {"seconds": ("FLOAT", {"default": 0.0}), "steps": ("INT", {"default": 1})}
        return {"required": {"image": ("IMAGE",), **wait}}

    def run(self, image, seconds, steps):
        bar = comfy.utils.ProgressBar(steps)
        for _ in range(steps):
            time.sleep(seconds / steps)
            bar.update(1)
        return (image,)


class Gate:
    """An image as soon as a file is there; until then the job stands still."""

    CATEGORY, FUNCTION, RETURN_TYPES = "curate", "run", ("IMAGE",)

    @classmethod
    def INPUT_TYPES(cls):  # noqa: N802
        return {"required": {"image": ("IMAGE",), "file": ("STRING", {"default": ""})}}

    def run(self, image, file):
        comfy.utils.ProgressBar(2).update(1)
        while not Path(file).exists():
            time.sleep(_LOOK_S)
            comfy.model_management.throw_exception_if_processing_interrupted()
        return (image,)


class OutOfMemory:
    """An image, but the first `times` runs end as a full card's do; `file` counts them."""

    CATEGORY, FUNCTION, RETURN_TYPES = "curate", "run", ("IMAGE",)

    @classmethod
    def INPUT_TYPES(cls):  # noqa: N802
        count = {"file": ("STRING", {"default": ""}), "times": ("INT", {"default": 1})}
        return {"required": {"image": ("IMAGE",), **count}}

    def run(self, image, file, times):
        with Path(file).open("a+", encoding="utf-8") as counted:
            counted.write("x")
        if Path(file).stat().st_size <= times:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return (image,)


class Lora:
    """An image under fine stripes: the stronger and the larger the LoRA, the more they show."""

    CATEGORY, FUNCTION, RETURN_TYPES = "curate", "run", ("IMAGE",)

    @classmethod
    def INPUT_TYPES(cls):  # noqa: N802
        lora = {"lora_name": (folder_paths.get_filename_list("loras"),)}
        strength = {"strength": ("FLOAT", {"default": 1.0, "min": -10.0, "max": 10.0})}
        return {"required": {"image": ("IMAGE",), **lora, **strength}}

    def run(self, image, lora_name, strength):
        tensors = load_file(folder_paths.get_full_path_or_raise("loras", lora_name))
        size = sum(float(t.float().norm()) for name, t in tensors.items() if "lora_up" in name)
        stripes = torch.arange(image.shape[2]).div(2).floor().remainder(2).sub(0.5)
        shown = image + (0.3 + strength * size) * stripes[None, None, :, None]
        return (shown.clamp(0, 1),)


class Shaky:
    """An image without what is smaller than 3 px, moved aside by 5 px for each of seed modulo 3.

    A stand-in for a model that hits or misses by its seed.
    """

    CATEGORY, FUNCTION, RETURN_TYPES = "curate", "run", ("IMAGE",)

    @classmethod
    def INPUT_TYPES(cls):  # noqa: N802
        return {"required": {"image": ("IMAGE",), "seed": ("INT", {"default": 0, "max": 2**63})}}

    def run(self, image, seed):
        planes = image.movedim(-1, 1)
        for sign in (-1, 1, 1, -1):  # least, most; most, least
            for window in ((3, 1), (1, 3)):
                pad = window[0] // 2, window[1] // 2
                planes = sign * torch.nn.functional.max_pool2d(sign * planes, window, 1, pad)
        return (torch.roll(planes.movedim(1, -1), seed % 3 * 5, dims=2),)


NODE_CLASS_MAPPINGS = {
    "TestSleep": Sleep,
    "TestGate": Gate,
    "TestOutOfMemory": OutOfMemory,
    "TestLora": Lora,
    "TestShaky": Shaky,
}
