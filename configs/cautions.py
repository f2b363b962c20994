"""Warnings about configs that are valid but cannot train well."""

from __future__ import annotations

from nnbasic.configs.schema import Config
from nnbasic.model import Initializer, Layer
from nnbasic.model.network import hidden_activations


def cautions(config: Config) -> list[str]:
    """A warning for each component of ``config`` that cannot train well, none of them twice."""
    components: list[Layer | Initializer] = [
        *hidden_activations(config.layers, config.activation),
        config.init,
    ]
    return list(dict.fromkeys(c.caution for c in components if c.caution))
