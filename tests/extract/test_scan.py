from __future__ import annotations

from curate import engine
from curate.demo.film import Take, draw
from curate.extract import film, run
from curate.ledger import Ledger
from curate.records import Frame, Refusal, Shot


def test_a_film_in_pieces_has_the_shots_of_the_film_in_one(tmp_path, monkeypatch):
    path = tmp_path / "film.mkv"
    draw(
        path,
        [Take(place, 6) for place in ("street", "market", "library", "kitchen")],
        size=(320, 180),
    )
    found, counts = [], []
    for name, most_s in (("pieces", (10, 30)), ("one", (1000, 1000))):
        monkeypatch.setattr(film, "_PIECE_S", most_s)
        monkeypatch.setattr(engine, "cores", lambda: 2)
        counts.append(len(film.pieces(film.probe(path))))
        with Ledger(tmp_path / name) as ledger:
            run.extract(ledger, [path])
            found.append([ledger.all(kind) for kind in (Shot, Frame, Refusal)])

    assert counts[0] > counts[1] == 1
    assert len(found[0][0]) >= 4
    assert found[0] == found[1]
