"""The page to draw on: networks, examples, style and script in one HTML file.

What a run's files hold is text of others. It goes into the page as JSON that cannot end its
element, the script only ever makes text of it, and the page's own policy allows no other script
than this one, and no request.
"""

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from nnbasic.data import Dataset, digits
from nnbasic.inference.packing import pack, text_of
from nnbasic.inference.predicting import Prediction, predict
from nnbasic.model import INITIALIZERS
from nnbasic.training import Record, Run, RunError, Trained
from nnbasic.training.storage import write_text
from nnbasic.training.trained import load

SCRIPTS = [
    f"{name}.js" for name in ("preparation", "network", "pictures", "pad", "strip", "card", "draw")
]
OF_A_CLASS, OF_A_KIND = 8, 24
"""How many examples there are of each class, and of each kind of mistake."""


def write(
    runs: Sequence[Run], file: Path, *, dataset: Dataset | str, trust_plugins: bool = False
) -> None:
    """Write the page with the networks of ``runs`` to ``file``, replacing it.

    The examples are test images of ``dataset``; a text says why there are none. RunError if a
    network cannot be used, or ``file`` not be written.
    """
    html = render(runs, dataset=dataset, trust_plugins=trust_plugins)
    try:
        write_text(file, html)
    except OSError as error:
        raise RunError(f"{file}: the page cannot be written: {error.strerror}") from error


def render(runs: Sequence[Run], *, dataset: Dataset | str, trust_plugins: bool = False) -> str:
    """The page as text; which plugins run, says `Run.config`."""
    if isinstance(dataset, Dataset):
        images, source = dataset.test.images, f"test images of {dataset.name}"
    else:
        images, source = digits.load()[2], "built-in digits"
    trained = [load(run, trust_plugins=trust_plugins) for run in runs]
    answers = [predict(n, images, name=run.id) for n, run in zip(trained, runs, strict=True)]
    packed = [pack(network, images) for network in trained]
    titles = _titles(runs, trained)
    classes = titles[0]["classes"]
    bits = "16 bits" if all(each.coded for each in packed) else "up to 32 bits"
    change = max(each.change for each in packed)
    colophon = (
        f"Made by nnbasic; needs no network. Weights have {bits}: on {len(images):,} {source} no"
        f" probability differs by more than {change:.1g} from the networks' own."
    )
    if isinstance(dataset, str):
        colophon += f" There are no examples: {dataset}."
    content = {
        "networks": [title | each.network for title, each in zip(titles, packed, strict=True)],
        "examples": _examples(dataset, answers, classes) if isinstance(dataset, Dataset) else None,
        "colophon": colophon,
    }
    style = _part("draw.css")
    script = '"use strict";\n' + "\n".join(map(_part, SCRIPTS))
    return Template(_part("draw.html")).substitute(
        title="Draw a digit" if classes[0] == "0" else "Draw an image",
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
        data=_json(content),
    )


def _titles(runs: Sequence[Run], networks: Sequence[Trained]) -> list[dict[str, Any]]:
    """What each network and its classes are called, and what the reader should know of it."""
    users = [run.user() for run in runs]
    names = Counter(user.name for user in users)
    return [
        {
            "name": user.name if names[user.name] == 1 else run.id,
            "classes": record.class_names(trained.network.sizes[-1]),
            "facts": _facts(record, trained),
            "notes": user.notes,
        }
        for run, user, trained in zip(runs, users, networks, strict=True)
        for record in [run.record()]
    ]


def _facts(record: Record, trained: Trained) -> list[str]:
    config = trained.config
    facts = [f"{'-'.join(map(str, config.layers))}, {INITIALIZERS.name(config.init)}"]
    if record.test_accuracy is not None:
        facts.append(f"{100 * record.test_accuracy:.2f} % right on {record.dataset}")
    return facts


def _examples(
    dataset: Dataset, answers: Sequence[Prediction], classes: Sequence[str]
) -> dict[str, Any]:
    """Test images of each class, and those on which the networks differ or all are wrong."""
    labels = dataset.test.labels.astype(np.intp)
    said = np.array([answer.digits for answer in answers])
    sure = np.array([answer.probabilities.max(axis=1) for answer in answers])
    groups: list[dict[str, Any]] = [
        {
            "title": f"Digit {label}" if classes[label] == str(label) else classes[label],
            "label": int(label),
            "note": "",
            "images": np.flatnonzero(labels == label)[:OF_A_CLASS],
        }
        for label in np.unique(labels)
    ]
    kinds = {"The networks differ": (said != said[0]).any(axis=0)}
    wrong = "It is wrong" if len(answers) == 1 else "All are wrong"
    kinds[wrong] = (said != labels).all(axis=0)
    for title, which in kinds.items():
        found = np.flatnonzero(which)
        surest = found[np.argsort(-sure[:, found].min(axis=0), kind="stable")][:OF_A_KIND]
        if len(found):
            note = f"{len(found):,} of the {len(labels):,} test images; the surest answers first."
            groups.append({"title": title, "label": None, "note": note, "images": surest})
    chosen = list(dict.fromkeys(int(image) for group in groups for image in group["images"]))
    place = {image: number for number, image in enumerate(chosen)}
    return {
        "pixels": text_of(dataset.test.images[chosen]),
        "captions": [f"test image {image}: {classes[labels[image]]}" for image in chosen],
        "groups": [
            group | {"images": [place[int(image)] for image in group["images"]]} for group in groups
        ],
    }


def _part(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8")


def _hash(content: str) -> str:
    """The source that a Content-Security-Policy allows ``content`` by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def _json(content: dict[str, Any]) -> str:
    """``content`` as JSON that holds no markup: without a <, neither a tag nor a comment begins."""
    return json.dumps(content, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
