"""A stand-in for Musubi Tuner: its command line, its files, its way to speak; no model, no GPU.

It reads dataset and training files as strictly as Musubi does, caches a file for each image under
the names that Musubi gives them, and "trains" a LoRA in Musubi's format whose numbers follow from
the seed and from the cached images. Run as `stand_in_trainer.py SCRIPT OPTIONS…`. Of the standard
library only, so that it starts at once.
"""

from __future__ import annotations

import argparse
import json
import random
import struct
import sys
import tomllib
from hashlib import sha256
from pathlib import Path

KNOWN = json.loads(
    (Path(__file__).parents[2] / "curate/dataset/musubi.json").read_text(encoding="utf-8")
)
MODULES = ("self_attn_q", "self_attn_v", "ffn_0")
WIDTH = 24

Tensors = dict[str, tuple[list[int], list[float]]]


def save_file(tensors: Tensors, file: Path, metadata: dict[str, str] | None = None) -> None:
    """A safetensors file of float32 tensors, each a shape and its numbers."""
    header: dict[str, object] = {"__metadata__": metadata} if metadata else {}
    body = b""
    for name, (shape, numbers) in tensors.items():
        data = struct.pack(f"<{len(numbers)}f", *numbers)
        span = [len(body), len(body) + len(data)]
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": span}
        body += data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    file.write_bytes(struct.pack("<Q", len(text)) + text + body)


def say(label: str, count: int, total: int, rest: str = "") -> None:
    """A line of tqdm's, which ends in a carriage return."""
    sys.stderr.write(f"\r{label}{count}/{total} [00:01<00:00, 9.99it/s{rest}]")
    sys.stderr.flush()


def images_of(config: Path) -> tuple[list[Path], Path]:
    settings = tomllib.loads(config.read_text(encoding="utf-8"))
    assert settings.keys() <= {"general", "datasets"}
    assert settings["general"].keys() <= KNOWN["general"].keys()
    (dataset,) = settings["datasets"]
    assert dataset.keys() <= KNOWN["general"].keys() | KNOWN["image"].keys()
    folder = Path(dataset["image_directory"])
    ending = settings["general"]["caption_extension"]
    images = sorted(p for p in folder.iterdir() if p.suffix == ".png")
    return [p for p in images if p.with_suffix(ending).exists()], Path(dataset["cache_directory"])


def cache_latents(asked: argparse.Namespace) -> None:
    assert Path(asked.vae).is_file(), "vae checkpoint is required"
    images, cache = images_of(Path(asked.dataset_config))
    for number, image in enumerate(images, start=1):
        data = image.read_bytes()
        width, height = struct.unpack(">II", data[16:24])
        latents = [byte / 255 for byte in sha256(data).digest()[:WIDTH]]
        name = f"{image.stem}_{width:04}x{height:04}_wan.safetensors"
        save_file({"latents": ([WIDTH], latents)}, cache / name)
        sys.stderr.write(f"\r{number}it [00:00, 9.99it/s]")


def cache_texts(asked: argparse.Namespace) -> None:
    assert Path(asked.t5).is_file()
    images, cache = images_of(Path(asked.dataset_config))
    for number, image in enumerate(images, start=1):
        words = [float(byte) for byte in image.with_suffix(".txt").read_bytes() + b"."]
        save_file({"varlen_t5": ([len(words)], words)}, cache / f"{image.stem}_wan_te.safetensors")
        say(" ", number, len(images))


def train(asked: argparse.Namespace) -> None:
    settings = tomllib.loads(Path(asked.config_file).read_text(encoding="utf-8"))
    assert settings.keys() <= KNOWN["wan_train_network.py"].keys()
    assert Path(settings["dit"]).is_file()
    json.loads(Path(settings["sample_prompts"]).read_text(encoding="utf-8"))
    _, cache = images_of(Path(settings["dataset_config"]))
    latents = sorted(cache.glob("*_wan.safetensors"))
    assert len(latents) == len(list(cache.glob("*_wan_te.safetensors"))) > 0
    seen = sha256(b"".join(file.read_bytes() for file in latents)).digest()
    drawn = random.Random(settings["seed"])
    steps, rank = settings["max_train_steps"], settings["network_dim"]
    for step in range(1, steps + 1):
        say("steps: 10%|", step, steps, f", avr_loss={0.5 / step:.4g}")
    tensors: Tensors = {}
    for block in range(2):
        for module in MODULES:
            key = f"lora_unet_blocks_{block}_{module}"
            down = [drawn.gauss(0, 1) for _ in range(rank * WIDTH)]
            up = [drawn.gauss(0, 1) + seen[n % len(seen)] / 999 for n in range(WIDTH * rank)]
            tensors[f"{key}.lora_down.weight"] = ([rank, WIDTH], down)
            tensors[f"{key}.lora_up.weight"] = ([WIDTH, rank], up)
            tensors[f"{key}.alpha"] = ([], [settings["network_alpha"]])
    out = Path(settings["output_dir"])
    out.mkdir(parents=True, exist_ok=True)
    metadata = {"ss_network_dim": str(rank), "ss_base_model_version": "wan"}
    metadata |= {"ss_network_module": settings["network_module"], "ss_seed": str(settings["seed"])}
    print(f"\nsaving checkpoint: {out / settings['output_name']}.safetensors")
    save_file(tensors, out / f"{settings['output_name']}.safetensors", metadata)


WORK = {
    "wan_cache_latents.py": cache_latents,
    "wan_cache_text_encoder_outputs.py": cache_texts,
    "wan_train_network.py": train,
}


def main() -> None:
    script, *words = sys.argv[1:]
    with Path("calls.txt").open("a", encoding="utf-8") as calls:
        calls.write(f"{script} {Path(words[1]).stem}\n")
    parser = argparse.ArgumentParser()
    for name in KNOWN[script]:
        parser.add_argument(f"--{name}")
    asked = parser.parse_args(words)
    trouble = Path("trouble.txt")
    if trouble.exists() and script in trouble.read_text(encoding="utf-8"):
        raise RuntimeError("CUDA out of memory")
    WORK[script](asked)


if __name__ == "__main__":
    main()
