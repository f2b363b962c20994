"""Streams of random numbers: one seed, independent purposes."""

from __future__ import annotations

import numpy as np
import pytest

from nnbasic.model import StepRandom, stream
from nnbasic.model.randomness import STREAMS


def numbers(seed: int, name: str) -> list[int]:
    sequence = stream(seed, name)  # type: ignore[arg-type]
    return np.random.default_rng(sequence).integers(0, 2**62, 4).tolist()


def test_streams_are_the_children_of_the_seed_in_turn() -> None:
    children = np.random.SeedSequence(7).spawn(len(STREAMS))
    for name, child in zip(STREAMS, children, strict=True):
        expected = np.random.default_rng(child).integers(0, 2**62, 4).tolist()
        assert numbers(7, name) == expected


def test_the_order_of_the_names_is_part_of_every_run_on_record() -> None:
    assert STREAMS[:4] == ("initialisation", "batch_order", "noise", "augmentation")
    # NumPy promises that SeedSequence and PCG64 never change
    assert np.random.PCG64(stream(0, "initialisation")).random_raw() == 17394127715520444142


@pytest.mark.parametrize("draw", ["random", "standard_normal"])
def test_processes_draw_the_rows_that_one_process_would(draw: str) -> None:
    def drawn(rows: slice | None, n: int) -> list[np.ndarray]:
        rng = StepRandom(3, 2, 17)
        rng.share = None if rows is None else (rows, 7)
        return [getattr(rng, draw)(shape) for shape in ((n, 4), (n, 2))]

    whole = drawn(None, 7)
    parts = [drawn(slice(start, stop), stop - start) for start, stop in ((0, 2), (2, 2), (2, 7))]
    for number, expected in enumerate(whole):
        joined = np.concatenate([part[number] for part in parts])
        np.testing.assert_array_equal(joined, expected)
    assert whole[0].dtype == np.float32


def test_the_noise_of_a_step_is_its_own() -> None:
    steps = [(0, 1, 0), (1, 1, 0), (0, 2, 0), (0, 1, 1), (0, 0, 1)]
    first = [StepRandom(*step).random((3, 2)).tobytes() for step in steps]
    assert first == [StepRandom(*step).random((3, 2)).tobytes() for step in steps]
    assert len(set(first)) == len(steps)
    rng = StepRandom(0, 1, 0)
    assert not np.array_equal(rng.random((3, 2)), rng.random((3, 2)))
