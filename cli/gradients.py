"""What `nnbasic gradcheck` does: gradients are compared with central differences."""

from __future__ import annotations

import click
import numpy as np

from nnbasic import configs, training
from nnbasic.cli.tables import Column, table
from nnbasic.cli.terminal import out, terminal_width
from nnbasic.model import check_gradients
from nnbasic.model.gradcheck import TOLERANCE

EXAMPLES = 8


def check(config: str | None, overrides: tuple[str, ...]) -> int:
    """Print the relative error of each parameter's gradient; the exit code."""
    if config is None:
        raise click.UsageError("Give --config FILE.")
    loaded = configs.load(config, overrides).model_copy(update={"dtype": "float64"})
    rng = np.random.default_rng(loaded.seed)
    x = rng.random((EXAMPLES, loaded.layers[0]))
    labels = rng.integers(0, loaded.layers[-1], EXAMPLES)
    checks = check_gradients(training.build(loaded), x, labels)
    columns = [
        Column("parameter", [each.name for each in checks]),
        Column("size", [str(each.size) for each in checks], number=True),
        Column("checked", [str(each.checked) for each in checks], number=True),
        Column("relative error", [f"{each.error:.1e}" for each in checks], number=True),
        Column("", ["" if each.agrees else f"above {TOLERANCE:g}" for each in checks]),
    ]
    lines = table(columns, terminal_width())
    wrong = sum(not each.agrees for each in checks)
    if wrong:
        differ = "differs" if wrong == 1 else "differ"
        out(*lines, f"{wrong} of {len(checks)} parameters {differ}.")
        return 1
    out(*lines, f"All {len(checks)} parameters agree to within {TOLERANCE:g}.")
    return 0
