"""The processor and a card do the same work on the same modules."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

import numpy as np
import pytest

from curate.errors import BadSetting
from curate.merge import device as devices
from curate.merge import files, found, run, solving
from curate.merge.run import Settings
from tests.merge import drawn


def solved(paths, device):
    with ExitStack() as stack:
        opened = [stack.enter_context(files.TensorFile(path)) for path in paths]
        side_by_side = found.side_by_side(opened, (1.0, -1.0), Settings())
        work = partial(
            solving.solve,
            sources=side_by_side.sources,
            device=device,
            wanted=solving.Wanted(4, 1.0, "F32"),
        )
        batches = solving.batches(side_by_side.chosen)
        made = [one for b in solving.in_threads(work, batches, device.lanes) for one in b]
        return {one.aligned.key: one.factors[0] @ one.factors[1] for one in made}


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.float64])
@pytest.mark.parametrize("apart", [1.0, 1e-2])
def test_torchs_path_gives_what_numpys_gives(tmp_path, dtype, apart):
    one, other = drawn.factors(1), drawn.factors(2)
    second = {k: tuple(a + apart * b for a, b in zip(one[k], other[k], strict=True)) for k in one}
    paths = [
        drawn.save(tmp_path / f"{i}.safetensors", drawn.musubi(parts, alpha=2.0, dtype=dtype))
        for i, parts in enumerate((one, second))
    ]

    here, there = (
        solved(paths, device) for device in (devices.processor(), devices.through_torch("cpu"))
    )

    assert here.keys() == there.keys()
    assert drawn.error(there, here) < 1e-5


@pytest.mark.parametrize("wish", ["cpu", "mps"])
def test_the_processor_can_be_asked_for(wish):
    assert devices.choose(wish, work_flop=1e15).name == "cpu"


def test_little_work_stays_on_the_processor():
    assert devices.choose("auto", work_flop=1e9).name == "cpu"


def test_a_failed_module_stops_the_others():
    begun = []

    def work(item):
        begun.append(item)
        if item == 0:
            raise BadSetting("no", remedy="none")

    with pytest.raises(BadSetting):
        list(solving.in_threads(work, range(1000), 1))

    assert len(begun) < 1000


@pytest.mark.gpu
def test_a_merge_on_a_card_agrees_with_one_on_the_processor(tmp_path):
    files_ = drawn.pair(tmp_path, apart=1e-3)
    for device in ("cpu", "cuda"):
        out = tmp_path / f"{device}.safetensors"
        report = run.merge(None, *files_, out, Settings(device=device))
        assert not report.failures

    here, there = (drawn.applied(tmp_path / f"{d}.safetensors") for d in ("cpu", "cuda"))
    assert drawn.error(there, here) < 1e-5
