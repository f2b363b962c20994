"""A trained network as a file for other programs: ONNX, safetensors, `.npz` or JSON."""

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from nnbasic.data.files import replacing
from nnbasic.model.arrays import Array
from nnbasic.training import Record, Run, RunError, Trained
from nnbasic.training.storage import needs_extra
from nnbasic.training.trained import load

Facts = Mapping[str, Any]
"""What a file says of its network, in the types of JSON."""


def export(run: Run, file: Path, *, trust_plugins: bool = False, overwrite: bool = False) -> None:
    """Write the network of ``run``, with its best parameters, in the format of ``file``'s ending.

    Which plugins run, says `Run.config`.

    RunError, before there is a file, if ``file`` exists (unless ``overwrite``) or has another
    ending, an extra is missing, or the format cannot hold the network; and if ``file`` cannot be
    written.
    """
    form = FORMATS.get(file.suffix.lower())
    if form is None:
        raise RunError(f"{file}: its name must end in {', '.join(FORMATS)}")
    if file.exists() and not overwrite:
        raise RunError(f"{file}: already exists; name a new file")
    trained = load(run, trust_plugins=trust_plugins)
    if not np.isfinite(trained.network.vector).all():
        raise RunError(f"{run.directory}: its training diverged; there is no network to export")
    trained = replace(trained, network=trained.network.folded())
    try:
        content = form(trained, _facts(run, run.record(), trained))
    except ImportError:
        extra = file.suffix[1:].lower()
        raise RunError(needs_extra(f"{file.suffix} files", extra)) from None
    try:
        with replacing(file, new=not overwrite) as opened:
            opened.write(content)
    except FileExistsError:  # made since it was looked for
        raise RunError(f"{file}: already exists; name a new file") from None
    except OSError as error:
        raise RunError(f"{file}: cannot be written: {error.strerror}") from error


def _facts(run: Run, record: Record, trained: Trained) -> Facts:
    return {
        "run": run.id,
        "name": run.user().name,
        "config": record.config,
        "scale": {"multiplier": trained.scale.multiplier, "offset": trained.scale.offset},
        "data": record.dataset,
        "data_sha256": record.dataset_sha256,
        "classes": record.class_names(trained.network.sizes[-1]),
        "test_accuracy": record.test_accuracy,
        "nnbasic": record.versions.get("nnbasic"),
    }


def _onnx(trained: Trained, facts: Facts) -> bytes:
    from nnbasic.inference import onnx_graph

    return onnx_graph.serialize(trained, _texts(facts))


def _safetensors(trained: Trained, facts: Facts) -> bytes:
    from safetensors.numpy import save

    return save(_arrays(trained), _texts(facts))


def _npz(trained: Trained, facts: Facts) -> bytes:
    file = io.BytesIO()
    facts_text = np.array(json.dumps(facts))
    np.savez(file, allow_pickle=False, metadata=facts_text, **_arrays(trained))
    return file.getvalue()


def _json(trained: Trained, facts: Facts) -> bytes:
    parameters = {name: array.tolist() for name, array in _arrays(trained).items()}
    return json.dumps({"metadata": facts, "parameters": parameters}, allow_nan=False).encode()


FORMATS: dict[str, Callable[[Trained, Facts], bytes]] = {
    ".onnx": _onnx,
    ".safetensors": _safetensors,
    ".npz": _npz,
    ".json": _json,
}
"""The ending of a file's name → what makes its content."""


def _arrays(trained: Trained) -> dict[str, Array]:
    """All that the network computes with, by name: ``layer1.weight`` is (inputs, units)."""
    return trained.network.parameters


def _texts(facts: Facts) -> dict[str, str]:
    """The facts for formats that hold text alone: what is not text is written as JSON."""
    return {key: v if isinstance(v, str) else json.dumps(v) for key, v in facts.items()}
