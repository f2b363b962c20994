"""`nnbasic gradcheck`: is the gradient that training uses the gradient of the loss?"""

from __future__ import annotations

import click

from nnbasic.cli.options import ConfigCommand, config_option, set_option

EXAMPLES = 8


@click.command(cls=ConfigCommand)
@config_option
@set_option
@click.pass_context
def gradcheck(ctx: click.Context, config: str | None, overrides: tuple[str, ...]) -> None:
    """Compare a network's gradient with central differences.

    The network is the config's before its first step, in float64, and looked at with random
    inputs, at up to 100 entries of each parameter. The exit code is 1 if any parameter's relative
    error is above the tolerance.
    """
    if config is None:
        raise click.UsageError("Give --config FILE.")
    import numpy as np

    from nnbasic import configs, runs
    from nnbasic.model import check_gradients
    from nnbasic.model.gradcheck import TOLERANCE

    loaded = configs.load(config, overrides).model_copy(update={"dtype": "float64"})
    rng = np.random.default_rng(loaded.seed)
    x = rng.random((EXAMPLES, loaded.layers[0]))
    labels = rng.integers(0, loaded.layers[-1], EXAMPLES)
    checks = check_gradients(runs.build(loaded), x, labels)
    click.echo(f"{'parameter':<16} {'size':>9} {'checked':>8} {'relative error':>15}")
    for check in checks:
        verdict = "" if check.agrees else f"  above {TOLERANCE:g}"
        click.echo(
            f"{check.name:<16} {check.size:>9} {check.checked:>8} {check.error:>15.1e}{verdict}"
        )
    wrong = sum(not check.agrees for check in checks)
    if wrong:
        click.echo(f"{wrong} of {len(checks)} parameters {'differs' if wrong == 1 else 'differ'}.")
        ctx.exit(1)
    click.echo(f"All {len(checks)} parameters agree to within {TOLERANCE:g}.")
