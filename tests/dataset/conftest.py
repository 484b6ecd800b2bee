from __future__ import annotations

from pathlib import Path

import pytest

from tests.dataset.workspaces import check
from tests.pairs.scenes import place_twin, scene, shifted, twin_of


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Two good pairs, a moved one and a doubtful one, checked."""
    place = tmp_path / "data"
    place_twin(place, "b", scene(1), twin_of(1))
    place_twin(place, "a", scene(2), twin_of(2))
    place_twin(place, "moved", scene(3), shifted(twin_of(3), 9, 0))
    doubtful = twin_of(5)
    doubtful[150:260, 300:360] = (240, 20, 30)
    place_twin(place, "doubtful", scene(5), doubtful)
    check(place)
    return place
