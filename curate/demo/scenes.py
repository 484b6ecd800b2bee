"""The places of the drawn film, who stands in them and what is written there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from curate.demo import indoors, outdoors
from curate.demo.ink import Colour, Ink


@dataclass(frozen=True, slots=True)
class Person:
    """Who stands in a scene: the head's centre and height in units, `walk` units a second."""

    x: float
    y: float
    size: float
    hair: Colour
    coat: Colour
    walk: float = 0.0


@dataclass(frozen=True, slots=True)
class Scene:
    """A background and the people before it."""

    draw: Callable[[Ink, np.random.Generator], None]
    people: tuple[Person, ...] = ()
    title: tuple[str, ...] = ()


_RED, _TEAL, _NAVY = (168, 62, 58), (52, 120, 128), (56, 62, 104)
_BROWN, _BLACK, _BLONDE = (110, 70, 50), (52, 46, 66), (226, 184, 106)

SCENES = {
    "library": Scene(indoors.library, (Person(430, 420, 250, _BROWN, _NAVY),)),
    "kitchen": Scene(indoors.kitchen),
    "classroom": Scene(indoors.classroom, (Person(1020, 400, 215, _BLACK, _TEAL),)),
    "bedroom": Scene(indoors.bedroom, (Person(720, 430, 230, _BLONDE, _RED),)),
    "empty room": Scene(indoors.empty_room),
    "close-up": Scene(indoors.plain_wall, (Person(800, 400, 480, _BROWN, _NAVY),)),
    "answer": Scene(indoors.plain_wall, (Person(860, 410, 460, _BLONDE, _RED),)),
    "sky": Scene(outdoors.sky),
    "field": Scene(outdoors.field, (Person(420, 540, 190, _BLACK, _TEAL, 60.0),)),
    "sea": Scene(outdoors.sea),
    "street": Scene(outdoors.street, (Person(500, 560, 150, _BROWN, _NAVY, 90.0),)),
    "market": Scene(outdoors.market, (Person(1010, 430, 230, _BLACK, _RED),)),
    "night": Scene(outdoors.night),
    "title": Scene(indoors.plain_wall, title=("THE TIDY TOWN", "a film drawn by a program")),
}
