"""A folder that `datasets` opens as two image columns, and its way to the Hub."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from curate import files, images
from curate.dataset.musubi import HALVES
from curate.dataset.share.facts import Fact
from curate.errors import BadSetting, ImageUnreadable, PushFailed

METADATA = Path("train/metadata.jsonl")
_NAME = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_LICENCE = re.compile(r"[a-z0-9][a-z0-9.+-]*")
_TOKEN = "HF_TOKEN"
_SEEN = {
    False: "it is there already and everybody can see it; make it private on its page, or give "
    "--public",
    True: "it is there already and is private; change that on its page, or leave --public out",
}


@dataclass(frozen=True, slots=True)
class Push:
    """A folder to upload, and the name of the dataset on the Hub."""

    folder: Path
    name: str
    is_public: bool
    is_quiet: bool = False


def usable_licence(licence: str | None) -> str:
    """A licence as the Hub writes it.

    Raises:
        BadSetting: none was given, or not in the Hub's spelling.
    """
    if not licence or not _LICENCE.fullmatch(licence):
        raise BadSetting(
            f"{licence!r} is not a licence." if licence else "A dataset to share needs a licence.",
            remedy="Give --licence as the Hub writes it: cc-by-4.0, cc0-1.0, … or other.",
        )
    return licence


def usable_name(name: str) -> str:
    """The name of a dataset on the Hub.

    Raises:
        BadSetting: it is not USER/NAME, or no token is in the environment.
    """
    if not _NAME.fullmatch(name):
        raise BadSetting(f"{name!r} is not USER/NAME.", remedy="Give --push USER/NAME.")
    if not os.environ.get(_TOKEN):
        raise BadSetting(
            f"To upload, {_TOKEN} must hold a token.",
            remedy="Make one that may write at huggingface.co/settings/tokens and export it.",
        )
    return name


def write(folder: Path, facts: Sequence[Fact], text: str) -> None:
    """Write the images at full size, metadata.jsonl and the card; what is no longer in goes.

    Raises:
        ImageMissing, ImageUnreadable: a half is missing or damaged.
        DiskFull, NotWritable: as `files.appearing`.
    """
    wanted = {f"{half}/{fact.name}.png" for half in HALVES for fact in facts}
    for file in folder.glob("train/*/*"):
        if file.relative_to(folder / "train").as_posix() not in wanted:
            file.unlink()
    for fact in facts:
        for half, source in zip(HALVES, (fact.frame, fact.twin), strict=True):
            _copy(source, folder / "train" / half / f"{fact.name}.png")
    lines = (json.dumps(row(fact), ensure_ascii=False, allow_nan=False) for fact in facts)
    files.write_text(folder / METADATA, "".join(line + "\n" for line in lines))
    files.write_text(folder / "README.md", text)


def row(fact: Fact) -> dict[str, object]:
    """What metadata.jsonl says of a pair; every pair has the same keys."""
    told: dict[str, object] = {f"{half}_file_name": f"{half}/{fact.name}.png" for half in HALVES}
    told |= {
        "name": fact.name,
        "film": fact.film,
        "time_s": fact.time_s,
        "instruction": fact.prompt,
        "concept": fact.concept,
        "made_by": fact.made_by,
        "seed": fact.seed,
        "verdict": fact.verdict,
        "judge": fact.judge,
        "reasons": list(fact.reasons),
    }
    return told | dict(sorted(fact.measures.items()))


def parquet(folder: Path, into: Path) -> Path:
    """The same as one Parquet file with the images in it, written by `datasets`."""
    import datasets

    datasets.disable_progress_bars()
    pairs = datasets.load_dataset(
        "imagefolder",
        data_dir=str(folder),
        split="train",
        cache_dir=str(into / "cache"),
    )
    target = into / "train-00000-of-00001.parquet"
    with files.appearing(target) as part:
        pairs.to_parquet(str(part))
    shutil.rmtree(into / "cache", ignore_errors=True)
    shutil.copyfile(folder / "README.md", into / "README.md")
    return target


def push(asked: Push) -> str:
    """Upload a folder; private unless asked otherwise. Returns where it is.

    Raises:
        PushFailed: the Hub refuses, or the dataset is there and seen by others than asked.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError
    from huggingface_hub.utils.tqdm import disable_progress_bars

    if asked.is_quiet:
        disable_progress_bars()
    api = HfApi(token=os.environ[_TOKEN])
    try:
        url = api.create_repo(
            asked.name, repo_type="dataset", private=not asked.is_public, exist_ok=True
        )
        there = api.repo_info(asked.name, repo_type="dataset")
        if bool(there.private) == asked.is_public:
            raise PushFailed(asked.name, _SEEN[asked.is_public])
        api.upload_folder(
            repo_id=asked.name,
            repo_type="dataset",
            folder_path=asked.folder,
            commit_message="Pairs made with curate",
            delete_patterns=["train/**"],
        )
    except HfHubHTTPError as error:
        said = error.server_message or str(error).splitlines()[0]
        status = error.response.status_code
        raise PushFailed(asked.name, f"the Hub answered {status}, {said.rstrip('.')}") from error
    return str(url)


def _copy(source: Path, target: Path) -> None:
    """A PNG as it is, another image as one; nothing where it is there already."""
    if source.suffix.lower() != ".png":
        images.write(target, images.read(source))
        return
    try:
        data = source.read_bytes()
    except OSError as error:
        raise ImageUnreadable.of(source, error) from error
    if not target.is_file() or target.read_bytes() != data:
        files.write_bytes(target, data)
