"""A LoRA with some of its blocks only: the other modules are left out, these stay as they are."""

from __future__ import annotations

from pathlib import Path

from curate.merge import files, lora, select

BLOCKS = "curate.blocks"


def write(source: Path, output: Path, blocks: str) -> int:
    """Write the modules of `source` that lie in a range of blocks; returns how many.

    Args:
        source: a LoRA.
        output: the file to write; its metadata are the source's and the range.
        blocks: as `select.chosen` takes it.

    Raises:
        LoraUnreadable: the source is damaged or not understood.
        NoModuleChosen, BadSetting: the range matches nothing, or is none.
        DiskFull, NotWritable: as `files.write`.
    """
    with files.TensorFile(source) as file:
        modules = list(lora.modules(file).values())
        chosen = select.chosen([module.name for module in modules], blocks=[blocks])
        kept = [module for module in modules if module.name in chosen]
        names = [tensor for module in kept for tensor in module.tensors.values()]
        entries = [(name, file.entries[name]) for name in names]
        slots = [files.Slot(name, entry.shape, entry.dtype) for name, entry in entries]
        values = (file.stored(name) for name in names)
        files.write(output, slots, values, {**file.metadata, BLOCKS: blocks})
    return len(kept)
