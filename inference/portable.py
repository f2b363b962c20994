"""What other programs can compute: the components of nnbasic, and none of a plugin."""

from __future__ import annotations

from typing import Any

from nnbasic.model import ACTIVATIONS, LOSSES, Layer, Loss
from nnbasic.model.losses import MeanSquaredError
from nnbasic.model.registry import Registry
from nnbasic.training import RunError


def spec(activation: Layer, program: str) -> dict[str, Any]:
    """The complete specification of ``activation``; RunError if it is a plugin's.

    ``program`` is what would have to compute it, for the message.
    """
    _check(activation, ACTIVATIONS, program)
    return ACTIVATIONS.spec(activation)


def output(loss: Loss, program: str) -> str:
    """What makes probabilities of logits, ``softmax`` or ``sigmoid``; RunError as for `spec`."""
    _check(loss, LOSSES, program)
    return loss.output if isinstance(loss, MeanSquaredError) else "softmax"


def _check(component: object, registry: Registry[Any], program: str) -> None:
    if not type(component).__module__.startswith("nnbasic.model."):
        raise RunError(
            f"the {registry.kind} {registry.name(component)!r} is a plugin's, and {program} can"
            " only compute those of nnbasic"
        )
