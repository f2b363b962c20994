"""What is allowed in a config but will surprise who did not mean it."""

from __future__ import annotations

from nnbasic.configs.schema import Config
from nnbasic.model import Activation, Initializer, hidden_activations


def cautions(config: Config) -> list[str]:
    """A sentence for each choice in ``config`` that cannot train well, each said once."""
    components: list[Activation | Initializer] = [
        *hidden_activations(config.layers, config.activation),
        config.init,
    ]
    return list(dict.fromkeys(c.caution for c in components if c.caution))
