"""Streams of random numbers: one seed, independent purposes."""

from __future__ import annotations

import numpy as np
import pytest

from nnbasic.model import stream
from nnbasic.model.randomness import STREAMS


def numbers(seed: int, name: str) -> list[int]:
    sequence = stream(seed, name)  # type: ignore[arg-type]
    return np.random.default_rng(sequence).integers(0, 2**62, 4).tolist()


def test_streams_are_the_children_of_the_seed_in_turn() -> None:
    children = np.random.SeedSequence(7).spawn(len(STREAMS))
    for name, child in zip(STREAMS, children, strict=True):
        expected = np.random.default_rng(child).integers(0, 2**62, 4).tolist()
        assert numbers(7, name) == expected


def test_purposes_and_seeds_share_nothing() -> None:
    drawn = [numbers(seed, name)[0] for seed in range(20) for name in STREAMS]
    assert len(set(drawn)) == 20 * len(STREAMS)


def test_the_order_of_the_names_is_part_of_every_run_on_record() -> None:
    assert STREAMS[:4] == ("initialisation", "batch_order", "dropout", "augmentation")
    # NumPy promises that SeedSequence and PCG64 never change
    assert np.random.PCG64(stream(0, "initialisation")).random_raw() == 17394127715520444142


def test_an_unknown_purpose_is_refused() -> None:
    with pytest.raises(ValueError, match="not in tuple"):
        stream(0, "lottery")  # type: ignore[arg-type]
