"""One tar file with a manifest of checksums: written the same each time, read with suspicion."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import IO, Any

from curate import files
from curate.errors import ArchiveUnusable, ImageUnreadable

MANIFEST = "manifest.json"
_FORMAT = 1
_MODE = 0o644
_CHUNK_BYTES = 1 << 20
_MOST_MANIFEST_BYTES = 1 << 28
_FORBIDDEN = frozenset('\\:*?"<>|')

Content = Path | bytes
"""A file to pack, or the bytes of one."""


def write(file: Path, contents: Mapping[str, Content], about: Mapping[str, object]) -> None:
    """Write an archive: the manifest first, then the files by name; no times, no owners.

    Args:
        file: the archive.
        contents: what it holds, by name with forward slashes.
        about: the rest of the manifest; must have a JSON form.

    Raises:
        ImageUnreadable: a file cannot be read.
        DiskFull, NotWritable: as `files.appearing`.
    """
    names = sorted(contents)
    sums = {name: _sum(contents[name]) for name in names}
    manifest = {"format": _FORMAT, **about, "files": sums}
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"
    with files.appearing(file) as part, tarfile.open(part, "w", format=tarfile.PAX_FORMAT) as tar:
        _add(tar, MANIFEST, text)
        for name in names:
            _add(tar, name, contents[name])


def extract(file: Path, folder: Path) -> dict[str, Any]:
    """Unpack an archive into an empty folder once all in it is known to be safe; its manifest.

    Raises:
        ArchiveUnusable: it is damaged, was changed, or has anything but plain files below its
            own root.
        DiskFull, NotWritable: as `files.appearing`.
    """
    try:
        with tarfile.open(file, "r:") as tar:
            members = _members(file, tar)
            manifest = _manifest(file, tar, members)
            for name, expected in manifest["files"].items():
                _extract(file, tar, members[name], folder / name, expected)
            return manifest
    except (OSError, tarfile.TarError, EOFError) as error:
        raise ArchiveUnusable(file, str(error) or "it is cut off") from error


def _members(file: Path, tar: tarfile.TarFile) -> dict[str, tarfile.TarInfo]:
    members: dict[str, tarfile.TarInfo] = {}
    folded: set[str] = set()
    for member in tar:
        name = member.name
        if not member.isreg():
            raise ArchiveUnusable(file, f"{name!r} is a link or no plain file")
        parts = PurePosixPath(name).parts
        is_inside = PurePosixPath(name).as_posix() == name and ".." not in parts
        if not is_inside or name.startswith("/") or _FORBIDDEN & set(name) or "\0" in name:
            raise ArchiveUnusable(file, f"{name!r} would be written outside of the folder")
        if name.casefold() in folded:
            raise ArchiveUnusable(file, f"{name!r} stands in it twice")
        folded.add(name.casefold())
        members[name] = member
    return members


def _manifest(
    file: Path, tar: tarfile.TarFile, members: Mapping[str, tarfile.TarInfo]
) -> dict[str, Any]:
    member = members.get(MANIFEST)
    if member is None or member.size > _MOST_MANIFEST_BYTES:
        raise ArchiveUnusable(file, f"it has no {MANIFEST}")
    stream = tar.extractfile(member)
    assert stream is not None
    try:
        manifest: dict[str, Any] = json.loads(stream.read())
        listed, form = set(manifest["files"]), manifest["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise ArchiveUnusable(file, f"its {MANIFEST} cannot be read") from error
    if form != _FORMAT:
        raise ArchiveUnusable(file, f"its format is {form}, this curate reads {_FORMAT}")
    if odd := sorted(listed ^ (members.keys() - {MANIFEST})):
        raise ArchiveUnusable(file, f"{odd[0]!r} stands only in it or only in its {MANIFEST}")
    return manifest


def _extract(
    file: Path, tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path, expected: str
) -> None:
    stream = tar.extractfile(member)
    assert stream is not None
    with files.appearing(target) as part:
        with part.open("wb") as out:
            found = _copied(stream, out)
        if found != expected:
            raise ArchiveUnusable(file, f"{member.name!r} is damaged: its checksum is another")


def _copied(source: IO[bytes], target: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := source.read(_CHUNK_BYTES):
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()


def _add(tar: tarfile.TarFile, name: str, content: Content) -> None:
    member = tarfile.TarInfo(name)
    member.mode = _MODE
    if isinstance(content, bytes):
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
        return
    with content.open("rb") as stream:
        member.size = content.stat().st_size
        tar.addfile(member, stream)


def _sum(content: Content) -> str:
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    try:
        with content.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ImageUnreadable.of(content, error) from error
