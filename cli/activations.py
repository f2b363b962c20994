"""`nnbasic activations`: what there is to choose from, in figures and as a picture."""

from __future__ import annotations

import inspect
import json
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from nnbasic.cli.options import ends_in

if TYPE_CHECKING:
    from nnbasic.model import Activation


def complete_activation(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The names of activations that begin so."""
    from nnbasic.model import ACTIVATIONS

    return [CompletionItem(name) for name in ACTIVATIONS if name.startswith(incomplete)]


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=complete_activation)
@click.option(
    "--plot",
    metavar="FILE",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    callback=ends_in(".png", ".svg"),
    help="Draw each function and its derivative into a .png or .svg file.",
)
def activations(names: tuple[str, ...], plot: Path | None) -> None:
    """Show the activations: formula, range, derivative, options.

    All of them, or those that are named.
    """
    from nnbasic.model import ACTIVATIONS

    chosen = {}
    for name in names or ACTIVATIONS:
        try:
            chosen[name] = ACTIVATIONS.build(name)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="NAME") from None
    click.echo(table(chosen))
    if plot is not None:
        from nnbasic.cli.curves import draw

        draw(chosen, {name: options(each) for name, each in chosen.items()}, plot)
        click.echo(f"\n{plot}")


def table(chosen: dict[str, Activation]) -> str:
    """The figures of each activation in one line of 80 columns, and its formula below."""
    heads = "  f(0)  f'(0)  max f'   mean"
    lines = [f"{'name':<11}{'range':^14}{heads}  options"]
    for name, activation in chosen.items():
        lines.append(f"{name:<11}{_figures(activation)}  {options(activation)}".rstrip())
        formula = (inspect.getdoc(type(activation)) or "").replace("``", "")
        lines += textwrap.wrap(formula, 80, initial_indent="  ", subsequent_indent="  ")
    lines += ["", "mean: of f(z) for z from the standard normal distribution."]
    return "\n".join(lines)


def _figures(activation: Activation) -> str:
    import numpy as np

    from nnbasic.model.curves import curve

    if activation.affine_units(1) > 1:
        return f"{'learned':^14}{'':28}"
    near = np.linspace(-10, 10, 20_001)  # 0 is among them
    a, slope = curve(activation, near)
    (far_left, far_right), _ = curve(activation, [-1e9, 1e9])
    low, high = min(a.min(), far_left, far_right), max(a.max(), far_left, far_right)
    density = np.exp(-(near**2) / 2)
    mean = float(a @ density / density.sum())
    zero = len(near) // 2
    figures = [f"{_short(low):>6} … {_short(high):<5}"]
    for value, width in [(a[zero], 6), (slope[zero], 7), (slope.max(), 8), (mean, 7)]:
        figures.append(f"{_short(value):>{width}}")
    return "".join(figures)


def _short(value: float) -> str:
    if abs(value) > 1e6:  # what grows without bound
        return "∞" if value > 0 else "-∞"
    return f"{round(value, 4) + 0.0:.3g}"  # + 0.0 makes -0 plain 0


def options(activation: Activation) -> str:
    """Its hyperparameters: ``slope 0.25, shared false``."""
    from nnbasic.model import ACTIVATIONS

    spec = ACTIVATIONS.spec(activation)
    return ", ".join(f"{key} {json.dumps(value)}" for key, value in spec.items() if key != "name")
