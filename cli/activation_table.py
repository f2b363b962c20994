"""What `nnbasic activations` does: each one in figures, with its formula."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

import click
import numpy as np

from nnbasic.cli.curves import draw
from nnbasic.cli.tables import GAP, Column, indented, paragraph, table
from nnbasic.cli.terminal import out, terminal_width
from nnbasic.compare import figure_file
from nnbasic.configs import ConfigError
from nnbasic.configs.plugins import PluginError, run_plugin
from nnbasic.configs.reader import Document
from nnbasic.model import ACTIVATIONS, Layer
from nnbasic.model.curves import curve

HEADS = ("name", f"{'range':^10}", "f(0)", "f'(0)", "max f'", "mean", "options")


Chosen = list[tuple[str, str, Layer]]
"""Activations, each with its name and its options."""


def activations(names: tuple[str, ...], plugins: tuple[Path, ...], plot: Path | None) -> None:
    """Print the activations that ``names`` describe, or all, and draw them into the file ``plot``.

    Those of ``plugins`` are among them.
    """
    if plot is not None:
        figure_file.check()
    for plugin in plugins:
        try:
            run_plugin(plugin.resolve())
        except PluginError as error:
            raise click.BadParameter(str(error), param_hint="--plugin") from None
    chosen = [named(text) for text in names or ACTIVATIONS]
    if plot is not None:
        figure_file.save(draw(chosen), plot)
    out(*table_of(chosen, terminal_width()))
    if plot is not None:
        out("", str(plot))


def named(text: str) -> tuple[str, str, Layer]:
    """The activation that ``text`` describes: ``elu``, ``elu(alpha=2)`` or what --set takes."""
    if call := re.fullmatch(r"\s*(\w+)\s*\((.*)\)\s*", text, re.DOTALL):
        text = f"{{name: {call[1]}, {call[2].replace('=', ': ')}}}"
    try:
        activation = ACTIVATIONS.build(Document(text, "NAME").value)
    except (ConfigError, ValueError) as error:
        raise click.BadParameter(str(error), param_hint="NAME") from None
    return ACTIVATIONS.name(activation), options(activation), activation


def table_of(chosen: Chosen, room: int) -> list[str]:
    """The figures of each activation in one line, and its formula below."""
    cells = [(name, *_figures(each), options) for name, options, each in chosen]
    columns = [
        Column(head, column, number=head in HEADS[2:6])
        for head, column in zip(HEADS, zip(*cells, strict=True), strict=True)
    ]
    head, *rows = table(columns, room)
    lines: list[str] = [head]
    for row, (_, _, activation) in zip(rows, chosen, strict=True):
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


def options(activation: Layer) -> str:
    """Its hyperparameters: ``slope 0.25, shared false``."""
    spec = ACTIVATIONS.spec(activation)
    return ", ".join(f"{key} {json.dumps(value)}" for key, value in spec.items() if key != "name")
