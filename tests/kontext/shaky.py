"""A backend that a third party might write: it moves the picture, how far depends on the seed."""

import numpy as np

from curate.kontext import embedded

VERSION = "shaky/1"
MADE_BY = "a hand that shakes"
WORKERS = 1


def twin(frame, instruction, seed):
    if instruction.startswith("Change nothing"):
        return frame
    return np.roll(embedded.simplified(frame), seed % 3 * 5, axis=1)
