"""train.sh and train.bat: the six steps for a shell, each left out if its result stands."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from curate.dataset.steps import Step, Trainer

_SH = r"""#!/bin/sh
# Trains both halves with Musubi Tuner. Written by `curate dataset`; run it again to go on.
set -eu
MUSUBI=${MUSUBI:-@musubi}
test -d "$MUSUBI/src/musubi_tuner" || { echo "There is no Musubi Tuner in '$MUSUBI'." >&2; exit 3; }
cd "$MUSUBI"
if [ -z "${PYTHON:-}" ]; then
  PYTHON=python
  for own in .venv/bin/python venv/bin/python; do
    if [ -x "$own" ]; then PYTHON="$PWD/$own"; break; fi
  done
fi
step() { # NAME STAMP ID RESULT, then what Python runs
  name=$1 stamp=$2 id=$3 result=$4
  shift 4
  if [ -e "$result" ] && [ "$(cat "$stamp" 2>/dev/null || true)" = "$id" ]; then
    echo "$name: done before"
    return
  fi
  echo "$name"
  mkdir -p "$(dirname "$stamp")"
  "$PYTHON" "$@"
  printf '%s\n' "$id" > "$stamp"
}
place() { # what was trained, where `curate merge` looks
  cmp -s "$1" "$2" || { cp "$1" "$2.part" && mv "$2.part" "$2"; }
}
"""

_BAT = """@echo off
rem Trains both halves with Musubi Tuner. Written by "curate dataset"; run it again to go on.
chcp 65001 >nul
setlocal DisableDelayedExpansion
if not defined MUSUBI set "MUSUBI=@musubi"
cd /d "%MUSUBI%" || exit /b 3
if not defined PYTHON if exist ".venv\\Scripts\\python.exe" set "PYTHON=.venv\\Scripts\\python.exe"
if not defined PYTHON if exist "venv\\Scripts\\python.exe" set "PYTHON=venv\\Scripts\\python.exe"
if not defined PYTHON set "PYTHON=python"
"""

_MODELS = ("dit", "vae", "t5")


def shell(models: Trainer, every: Sequence[Step]) -> str:
    """The script for a POSIX shell."""
    lines = [_SH.replace("@musubi", shlex.quote(models.musubi))]
    for option in _MODELS:
        file, lack = shlex.quote(getattr(models, option)), _lack(option)
        lines.append(f"test -e {file} || {{ echo '{lack}' >&2; exit 3; }}\n")
    for step in every:
        words = (step.name, step.stamp, step.id, step.result, *step.arguments)
        lines.append(f"step {shlex.join(words)}\n")
        if step.copies:
            lines.append(f"place {shlex.join((step.result, step.copies))}\n")
    return "".join(lines)


def batch(models: Trainer, every: Sequence[Step]) -> str:
    """The script for Windows' command line; its lines end in CR LF."""
    lines = [_BAT.replace("@musubi", models.musubi.replace("%", "%%"))]
    for option in _MODELS:
        file = _quoted(getattr(models, option))
        lines.append(f"if not exist {file} (echo {_lack(option)} & exit /b 3)\n")
    for step in every:
        stamp, result, copies = (
            _quoted(path.replace("/", "\\")) for path in (step.stamp, step.result, step.copies)
        )
        folder = _quoted(step.stamp.rpartition("/")[0].replace("/", "\\"))
        lines.append(
            f'\nset "DONE="\n'
            f"if exist {stamp} if exist {result} set /p DONE=<{stamp}\n"
            f'if not "%DONE%"=="{step.id}" (\n'
            f"  echo {step.name}\n"
            f"  if not exist {folder} mkdir {folder}\n"
            f'  "%PYTHON%" {" ".join(map(_quoted, step.arguments))} || exit /b 1\n'
            f"  >{stamp} echo {step.id}\n"
            ")\n"
        )
        if step.copies:
            part = _quoted(step.copies.replace("/", "\\") + ".part")
            lines.append(f"copy /y {result} {part} >nul || exit /b 1\n")
            lines.append(f"move /y {part} {copies} >nul || exit /b 1\n")
    return "".join(lines).replace("\n", "\r\n")


def lines(every: Sequence[Step]) -> tuple[str, ...]:
    """The six commands as they are typed in Musubi's folder; VAE and T5 where a file is unknown."""
    return tuple(f"python {shlex.join(_typed(step.arguments))}" for step in every)


def _typed(words: Sequence[str]) -> list[str]:
    return [word or option[2:].upper() for option, word in zip(("", *words), words, strict=False)]


def _lack(option: str) -> str:
    return f"No {option} was found. Name it once: curate dataset --{option} FILE"


def _quoted(word: str) -> str:
    return f'"{word.replace("%", "%%")}"'
