"""`nnbasic activations`: what there is to choose from, in figures and as a picture."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from nnbasic.cli import options
from nnbasic.cli.tables import Column, table
from nnbasic.cli.terminal import GAP, err, indented, out, paragraph, terminal_width
from nnbasic.compare import figure_file
from nnbasic.compare.style import INK, MUTED, SETTINGS, looks
from nnbasic.configs import ConfigError
from nnbasic.configs.plugins import PluginError, run_plugin
from nnbasic.configs.text import Document
from nnbasic.model import ACTIVATIONS, Layer
from nnbasic.model.gradcheck import curve, pieces

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEADS = ("name", f"{'range':^10}", "f(0)", "f'(0)", "max f'", "mean", "options")

COLUMNS = 4
SIDES = (-4.0, 4.0)
HEIGHTS = (-2.0, 3.0)
FUNCTION: dict[str, Any] = {"linewidth": 2.4}
DERIVATIVE: dict[str, Any] = {"linewidth": 1.2, "dashes": (4, 1.5)}


complete_activation = options.completer(lambda _: ACTIVATIONS)


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=complete_activation)
@click.option(
    "--plugin",
    "plugins",
    multiple=True,
    type=options.HomePath(exists=True, dir_okay=False, path_type=Path),
    help="A Python file that registers activations; it is run. May be repeated.",
)
@options.figure
@options.force
def activations(
    names: tuple[str, ...], plugins: tuple[Path, ...], figure: Path | None, force: bool
) -> None:
    """Show the activations: formula, range, derivative, options.

    All of them, or those that are named: elu, 'elu(alpha=2)', or any form that --set takes.

    \b
    nnbasic activations relu 'leaky_relu(slope=0.2)' --figure two.pdf
    nnbasic activations my_own --plugin my_activation.py --figure own.png
    """
    if figure is not None:
        figure_file.check()
    for plugin in plugins:
        try:
            run_plugin(plugin.resolve())
        except PluginError as error:
            raise click.BadParameter(str(error), param_hint="--plugin") from None
    chosen = [named(text) for text in names or ACTIVATIONS]
    out(*table_of(chosen, terminal_width()))
    if figure is not None:
        figure_file.save(draw(chosen), figure)
        err(f"The figure is in {figure}")


def named(text: str) -> Layer:
    """The activation that ``text`` describes: ``elu``, ``elu(alpha=2)`` or what --set takes."""
    if call := re.fullmatch(r"\s*(\w+)\s*\((.*)\)\s*", text, re.DOTALL):
        text = f"{{name: {call[1]}, {call[2].replace('=', ': ')}}}"
    try:
        return ACTIVATIONS.build(Document(text, "NAME").value)
    except (ConfigError, ValueError) as error:
        raise click.BadParameter(str(error), param_hint="NAME") from None


def table_of(chosen: Sequence[Layer], room: int) -> list[str]:
    """The figures of each activation in one line, and its formula below."""
    cells = [(ACTIVATIONS.name(each), *_figures(each), hyperparameters(each)) for each in chosen]
    columns = [
        Column(head, column, justify="right" if head in HEADS[2:6] else "left")
        for head, column in zip(HEADS, zip(*cells, strict=True), strict=True)
    ]
    head, *rows = table(columns, room)
    lines: list[str] = [head]
    for row, activation in zip(rows, chosen, strict=True):
        formula = (inspect.getdoc(type(activation)) or "").replace("``", "")
        lines += [row, *indented(paragraph(formula.replace("\n", " "), room - len(GAP)))]
    return [*lines, "", "mean: of f(z) for z from the standard normal distribution."]


def _figures(activation: Layer) -> tuple[str, str, str, str, str]:
    """Range, f(0), f'(0), largest f' and mean; nothing but a word for what has no fixed curve."""
    if activation.inputs(1) > 1:
        return f"{'learned':^10}", "", "", "", ""
    near = np.linspace(-10, 10, 20_001)  # 0 is among them
    a, slope = curve(activation, near)
    (far_left, far_right), _ = curve(activation, [-1e9, 1e9])
    low, high = min(a.min(), far_left, far_right), max(a.max(), far_left, far_right)
    density = np.exp(-(near**2) / 2)
    mean = float(a @ density / density.sum())
    zero = len(near) // 2
    ends = f"{_short(low):>6} … {_short(high)}"
    return ends, _short(a[zero]), _short(slope[zero]), _short(slope.max()), _short(mean)


def _short(value: float) -> str:
    if abs(value) > 1e6:  # it grows without bound
        return "∞" if value > 0 else "-∞"
    return f"{round(value, 4) + 0.0:.3g}"  # + 0.0 makes -0 plain 0


def hyperparameters(activation: Layer) -> str:
    """Those of ``activation``: ``slope 0.25, shared false``."""
    spec = ACTIVATIONS.spec(activation)
    return ", ".join(f"{key} {json.dumps(value)}" for key, value in spec.items() if key != "name")


def draw(activations: Sequence[Layer]) -> Figure:
    """The picture of activations, each with its name and its options, which stand beside it."""
    import matplotlib
    from matplotlib.lines import Line2D

    from nnbasic.compare import plotting

    with matplotlib.rc_context(SETTINGS):
        figure, panels = plotting.grid(len(activations), (2.6, 1.9), COLUMNS, sharex=True)
        colours = looks(map(ACTIVATIONS.name, activations))
        for axes, activation in zip(panels, activations, strict=True):
            _panel(axes, activation, colours[ACTIVATIONS.name(activation)].colour)
            axes.spines[:].set_visible(False)
        for axes in panels[-COLUMNS:]:  # the lowest of each column has the numbers
            axes.tick_params(labelbottom=True)
        _, labels = panels[0].get_legend_handles_labels()
        # each function has its own colour
        lines = [Line2D([], [], color=INK, **look) for look in (FUNCTION, DERIVATIVE)]
        figure.legend(lines, labels, loc="outside upper center", ncols=2, fontsize=11)
    return figure


def _panel(axes: Axes, activation: Layer, colour: str) -> None:
    z = np.linspace(*SIDES, 1601)
    a, slope = curve(activation, z)
    axes.axhline(0, color=MUTED, linewidth=0.8)
    axes.axvline(0, color=MUTED, linewidth=0.8)
    slopes, offsets = pieces(activation)
    if len(slopes) > 1:
        axes.plot(z, z[:, np.newaxis] * slopes + offsets, color=MUTED, linewidth=0.8, dashes=(2, 2))
    for values, label, look in (
        (a, "function", FUNCTION | {"color": colour}),
        (slope, "derivative", DERIVATIVE | {"color": INK}),
    ):
        jumps = np.abs(np.diff(values, append=values[-1])) > 0.1
        axes.plot(z, np.where(jumps, np.nan, values), label=label, **look)
    axes.set(xlim=SIDES, ylim=HEIGHTS, xticks=range(-4, 5, 2), yticks=range(-2, 4))
    axes.set_title(ACTIVATIONS.name(activation))
    axes.set_title(
        hyperparameters(activation), fontsize=8, fontweight="normal", color=MUTED, loc="right"
    )
