"""`nnbasic export`: a trained network for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nnbasic.cli.options import complete_run, ends_in, runs_option, trust_option


@click.command()
@click.argument("run", shell_complete=complete_run)
@click.argument(
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=ends_in(".onnx", ".safetensors", ".npz", ".json"),
)
@runs_option
@trust_option
def export(**options: Any) -> None:
    """Write the network of RUN for other programs.

    RUN is an id, its beginning, a name or a directory. FILE ends in .onnx (the whole network, from
    pixels to probabilities), .safetensors, .npz or .json (its parameters); it must not exist.
    `nnbasic runs export` writes metrics.

    \b
    nnbasic export relu relu.onnx
    nnbasic export relu relu.safetensors
    """
    from nnbasic.cli import exporting

    exporting.export(**options)
