"""Why a frame was refused, in words."""

from __future__ import annotations

from curate.records import Refusal

_WORDS = {
    "black": "mean luma {:.0f} of 255",
    "flat": "luma varies by {:.1f} of 127",
    "transition": "{:.2f} off a plain mix of two shots",
    "short": "lasts {:.2f} s",
    "damaged": "the decoder found errors",
    "lettering": "{:.1f} % under letters",
    "blurred": "{:.2f} of the film's median sharpness",
    "bare": "density {:.3f}, too low",
    "similar": "differs by {:.1f} of 255 from one that was taken",
    "surplus": "density {:.3f}, no place left",
    "recurs": "its shot differs by {:.0f} of 64 bits from one there",
}


def kind(refusal: Refusal) -> str:
    """The reason in one word: that of a shot that is in another film too is "recurs"."""
    return refusal.reason.partition(" ")[0]


def told(refusal: Refusal) -> str:
    """The figure that decided, in words."""
    if kind(refusal) == "transition" and not refusal.figure:
        return "a fade"
    return _WORDS.get(kind(refusal), "{:g}").format(refusal.figure)
