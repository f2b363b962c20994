"""`nnbasic export`: a trained network for other programs."""

from pathlib import Path

import click

from nnbasic.cli import options
from nnbasic.cli.finding import find_one
from nnbasic.cli.terminal import out
from nnbasic.inference import formats


@click.command()
@click.argument("run", shell_complete=options.complete_run)
@click.argument("file", type=options.OutputFile(".onnx", ".safetensors", ".npz", ".json"))
@options.force
@options.runs
@options.trust
def export(run: str, file: Path, force: bool, runs_dir: Path, trust_plugins: bool) -> None:
    """Write the network of RUN for other programs.

    RUN is an id, its beginning, a name or a directory. FILE ends in .onnx (the whole network, from
    pixels to probabilities), .safetensors, .npz or .json (its parameters).
    `nnbasic runs export` writes metrics.

    \b
    nnbasic export relu relu.onnx
    nnbasic export relu relu.safetensors
    """
    chosen = find_one(run, runs_dir)
    formats.export(chosen, file, trust_plugins=trust_plugins, overwrite=force)
    out(f"{file}: the network of {chosen.id} ({file.stat().st_size / 1e6:.1f} MB)")
