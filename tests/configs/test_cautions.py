"""Choices that are allowed, and pointed out."""

from __future__ import annotations

from nnbasic.configs import cautions, load, loads, presets


def test_no_preset_but_step_surprises() -> None:
    assert [name for name in presets() if cautions(load(name))] == ["step"]


def test_each_is_said_once() -> None:
    assert len(cautions(loads("activation: [step, step]\ninit: zeros"))) == 2
