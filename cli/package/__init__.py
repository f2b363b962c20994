"""Train MNIST networks in NumPy and see what the activation and the initialisation did.

This is the package above the rooms; it imports none of them.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    """``__version__``, looked up when it is asked for: that takes longer than the rest."""
    if name == "__version__":
        from importlib.metadata import version

        return version("nnbasic")
    raise AttributeError(f"module 'nnbasic' has no attribute {name!r}")
