"""What other programs can compute: the components of nnbasic, and none of a plugin."""

from typing import Any

from nnbasic.model import ACTIVATIONS, LOSSES, Layer, Loss
from nnbasic.model.losses import MeanSquaredError
from nnbasic.model.registry import Registry
from nnbasic.training import RunError


def spec(activation: Layer, limit: str) -> dict[str, Any]:
    """The complete specification of ``activation``; RunError if it is a plugin's.

    ``limit`` says in the message what cannot compute it, and what to do instead.
    """
    _check(activation, ACTIVATIONS, limit)
    return ACTIVATIONS.spec(activation)


def output(loss: Loss, limit: str) -> str:
    """What makes probabilities of logits, ``softmax`` or ``sigmoid``; RunError as for `spec`."""
    _check(loss, LOSSES, limit)
    return loss.output if isinstance(loss, MeanSquaredError) else "softmax"


def _check(component: object, registry: Registry[Any], limit: str) -> None:
    if not type(component).__module__.startswith("nnbasic.model."):
        raise RunError(
            f"the {registry.kind} {registry.name(component)!r} is a plugin's, which {limit}"
        )
