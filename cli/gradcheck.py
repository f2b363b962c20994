"""`nnbasic gradcheck`: is the gradient that training uses the gradient of the loss?"""

from dataclasses import replace

import click
import numpy as np

from nnbasic import configs, training
from nnbasic.cli import options
from nnbasic.cli.tables import Column, table
from nnbasic.cli.terminal import out, terminal_width
from nnbasic.model import ACTIVATIONS
from nnbasic.model.gradcheck import (
    POINTS,
    TOLERANCE,
    GradientCheck,
    check_activation,
    check_gradients,
)

EXAMPLES = 8


@click.command(cls=options.ConfigCommand)
@options.config
@options.overrides
def gradcheck(config: str | None, overrides: tuple[str, ...]) -> int:
    """Compare a network's gradient with central differences.

    The network is the config's before its first step, in float64, with random inputs; up to 100
    entries of each parameter are compared. The exit code is 1 if any parameter's relative error
    is above the tolerance.
    """
    if config is None:
        raise click.UsageError("Give --config FILE.")
    loaded = replace(configs.load(config, overrides), dtype="float64")
    network = training.build(loaded)
    faulty = []
    for name, activation in {ACTIVATIONS.name(a): a for a in network.activations}.items():
        kinks, fault = check_activation(activation)
        agrees = f"agrees at {len(POINTS) - len(kinks)} points from {POINTS[0]:g} to"
        agrees += f" {POINTS[-1]:g}"
        if kinks:
            agrees += f"; kinks at z = {', '.join(f'{kink:g}' for kink in kinks)}"
        out(f"{name}: {fault or agrees}")
        faulty += [name] if fault else []
    rng = np.random.default_rng(loaded.seed)
    x = rng.random((EXAMPLES, loaded.layers[0]))
    labels = rng.integers(0, loaded.layers[-1], EXAMPLES)
    differ = _show(check_gradients(network, x, labels), faulty)
    return int(differ or bool(faulty))


def _show(checks: list[GradientCheck], faulty: list[str]) -> bool:
    """Print the relative error of each parameter's gradient; whether one is too large.

    ``faulty`` are the activations that are wrong at a point.
    """
    columns = [
        Column("parameter", [check.name for check in checks]),
        Column("size", [str(check.size) for check in checks], justify="right"),
        Column("checked", [str(check.checked) for check in checks], justify="right"),
        Column("relative error", [f"{check.error:.1e}" for check in checks], justify="right"),
        Column("", ["" if check.agrees else f"above {TOLERANCE:g}" for check in checks]),
    ]
    out(*table(columns, terminal_width()))
    wrong = [check for check in checks if not check.agrees]
    if not wrong:
        agree = f"{len(checks)} parameters agree to within {TOLERANCE:g}"
        points = " and ".join(faulty)
        out(f"The {agree}, but not all points of {points}." if faulty else f"All {agree}.")
        return False
    out(*(check.worst for check in wrong))
    differ = "differs" if len(wrong) == 1 else "differ"
    out(f"{len(wrong)} of {len(checks)} parameters {differ}.")
    return True
