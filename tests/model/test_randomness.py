"""Streams of random numbers: one seed, independent purposes."""

import numpy as np

from nnbasic.model import StepRandom, stream
from nnbasic.model.randomness import STREAMS


def test_the_order_of_the_names_is_part_of_every_run_on_record() -> None:
    assert STREAMS[:4] == ("initialisation", "batch_order", "noise", "augmentation")
    # NumPy promises that SeedSequence and PCG64 never change
    assert np.random.PCG64(stream(0, "initialisation")).random_raw() == 17394127715520444142


def test_the_noise_of_a_step_is_its_own() -> None:
    steps = [(0, 1, 0), (1, 1, 0), (0, 2, 0), (0, 1, 1), (0, 0, 1)]
    first = [StepRandom(*step).random((3, 2)).tobytes() for step in steps]
    assert first == [StepRandom(*step).random((3, 2)).tobytes() for step in steps]
    assert len(set(first)) == len(steps)
    rng = StepRandom(0, 1, 0)
    assert not np.array_equal(rng.random((3, 2)), rng.random((3, 2)))
