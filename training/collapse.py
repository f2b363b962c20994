"""Why a run ended near chance, as far as the statistics of its layers tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nnbasic.configs import Config, causes

SATURATED = 0.95
"""The share of saturated activations with which a layer passes hardly any gradient on."""


def why_collapsed(
    config: Config, warnings: Sequence[str], diagnostics: Sequence[Mapping[str, Any]]
) -> str:
    """The likely cause, without a full stop: from the last line of ``diagnostics``, if any.

    ``warnings`` are those that the run was started with.
    """
    rate = f"optimizer.lr is {config.optimizer.lr:g}"
    if found := [*causes(config), *warnings]:
        return found[0].removesuffix(".")
    layers = diagnostics[-1]["layers"] if diagnostics else []
    for layer in layers:
        if layer["dead"] == 1:
            return (
                f"all units of {layer['layer']} are dead: they are 0 for every image, and no"
                f" gradient passes them. The learning rate may be too high ({rate}: try a tenth),"
                " or the initial weights too large; leaky_relu and elu cannot die like this"
            )
    for layer in layers:
        if (layer["saturated"] or 0) > SATURATED:
            return (
                f"{100 * layer['saturated']:.0f} % of the activations of {layer['layer']} are"
                f" saturated, where their derivative is near 0. The learning rate may be too high"
                f" ({rate}: try a tenth), or the initial weights too large"
            )
    return f"the learning rate may be too high, or too low for so few epochs ({rate})"
