"""A trained network in use: the parameters of a checkpoint, and what pixels are scaled by.

Training scores with it, `eval` and the report load it from a run; none of them needs the images
that the network was trained on.
"""

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from nnbasic import data
from nnbasic.configs import Config, Data
from nnbasic.configs.schema import Augmentation
from nnbasic.data import Batches, Dataset, Scale, Split
from nnbasic.data.augmentation import Distortion
from nnbasic.data.fetch import Progress
from nnbasic.model import MLP, stream
from nnbasic.model.arrays import Array
from nnbasic.model.blas import one_blas_thread
from nnbasic.training.checkpoint import restore
from nnbasic.training.directory import Run
from nnbasic.training.predictions import Evaluation
from nnbasic.training.record import Record
from nnbasic.training.storage import RunError

Checkpoint = Literal["best", "last"]
SplitName = Literal["train", "validation", "test"]

SCORING_BATCH = 500
"""Images scored at a time. One number everywhere: a product's last bits depend on its shape."""


def build(config: Config) -> MLP:
    """The network that ``config`` describes, before its first step."""
    return MLP(
        config.layers,
        config.activation,
        config.init,
        loss=config.loss,
        batch_norm=config.batch_norm,
        dropout=config.dropout,
        input_dropout=config.input_dropout,
        input_noise=config.input_noise,
        seed=config.seed,
        dtype=config.dtype,
    )


def distortion(recipe: Augmentation, seed: int, count: int) -> Distortion:
    """What distorts the ``count`` training images of a run with this ``seed``, as ``recipe`` says.

    Each image has a distortion of its own in each epoch, counted from 1.
    """
    return Distortion(count, stream(seed, "augmentation"), **recipe.model_dump())


@dataclass(frozen=True)
class Trained:
    """A network that takes pixels: images are uint8 (n, 784), 0 the background, 255 full ink.

    They are taken `SCORING_BATCH` at a time and by one BLAS thread, so that the same images in the
    same order have the same bits wherever they are scored.
    """

    network: MLP
    scale: Scale
    config: Config

    def logits(self, images: Array) -> Array:
        """The logits of ``images``, shape (n, classes).

        ValueError if the images are not uint8: scaled ones would be scaled again.
        """
        if images.dtype != np.uint8:
            raise ValueError(f"images are {images.dtype}; they must be uint8, as pixels 0 to 255")
        found = [np.empty((0, self.network.sizes[-1]), self.network.dtype)]
        if len(images):
            labels = np.zeros(len(images), np.uint8)  # batches have some; they are not looked at
            batches = self.batches(Split(images, labels)).epoch(0)
            with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
                found += [self.network.forward(x) for x, _ in batches]
        return np.concatenate(found)

    def probabilities(self, images: Array) -> Array:
        """The probability of each class for each of ``images``, shape (n, classes)."""
        return self.network.loss.probabilities(self.logits(images))

    def evaluate(self, split: Split) -> Evaluation:
        """Predict the images of ``split``, and compare with its labels."""
        logits, labels = self.logits(split.images), split.labels.astype(np.intp)
        with np.errstate(over="ignore", invalid="ignore"):  # the loss says if it has diverged
            losses = self.network.loss.forward(logits, labels)
            probabilities = self.network.loss.probabilities(logits)
        # added up by batches, as in training
        parts = (losses[i : i + SCORING_BATCH] for i in range(0, len(losses), SCORING_BATCH))
        loss = sum(float(part.sum(dtype=np.float64)) for part in parts) / len(losses)
        # of the logits, as in training: probabilities near 1 are rounded to ties
        return Evaluation(labels, logits.argmax(axis=1), probabilities, loss)

    def batches(self, split: Split, batch_size: int = SCORING_BATCH) -> Batches:
        """``split``, scaled, in batches for scoring."""
        dtype = self.config.dtype
        return Batches(
            split.images, split.labels, batch_size=batch_size, scale=self.scale, dtype=dtype
        )

    def training_batches(self, split: Split) -> Batches:
        """``split``, scaled, in batches for training: shuffled, and distorted if so configured."""
        config, recipe = self.config, self.config.augmentation
        transform = distortion(recipe, config.seed, len(split.labels)) if recipe else None
        order, in_order = stream(config.seed, "batch_order"), self.batches(split, config.batch_size)
        return replace(in_order, order=order, transform=transform)


def load(run: Run, checkpoint: Checkpoint = "best", *, trust_plugins: bool = False) -> Trained:
    """The network of ``run`` with the parameters of its best or its last epoch.

    Which plugins run, says `Run.config`. RunError if the run is broken, or has no such checkpoint.
    """
    record, config = run.record(), run.config(trust_plugins=trust_plugins)
    if not record.epoch:  # last.npz may be there, but holds the weights before the first step
        raise RunError(f"{run.directory}: {_why_untrained(run, record, config)}")
    network = build(config)
    if checkpoint == "best":
        restore(run.best, network)
    else:
        state = config.optimizer.init(network.vector)
        restore(run.last, network, state)
        network.vector[:] = state.get("average", network.vector)  # what is scored
    return Trained(network, record.scale, config)


def _why_untrained(run: Run, record: Record, config: Config) -> str:
    """Why a run without an epoch has no trained network, and what to do."""
    status, directory = run.status(record), shlex.quote(str(run.directory))
    if status == "diverged":
        return (
            f"the run diverged in its first epoch and has no trained network: {record.reason}. To"
            f" try a tenth of the rate: nnbasic train --config {directory}/config.yaml"
            f" --set optimizer.lr={config.optimizer.lr / 10:g}"
        )
    go_on = f"go on with: nnbasic train --resume {directory}"
    remedy = "wait until it has" if status == "running" else go_on
    return f"the run ({status}) has not completed its first epoch, so there is no network; {remedy}"


def evaluate_run(
    run: Run,
    dataset: Dataset,
    split: SplitName = "test",
    checkpoint: Checkpoint = "best",
    *,
    trust_plugins: bool = False,
) -> Evaluation:
    """Score a checkpoint of ``run`` on a split of the data set that it was trained on.

    RunError if the checkpoint cannot be used, the data set is another one, or the split is empty.
    """
    record = run.record()
    check_dataset(run, record, dataset)
    chosen: Split = getattr(dataset, split)
    if not len(chosen.labels):
        raise RunError(f"{run.directory}: the run was trained without a {split} split")
    return load(run, checkpoint, trust_plugins=trust_plugins).evaluate(chosen)


def load_dataset(
    wanted: Data,
    found: str | None = None,
    *,
    directory: Path | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """The data set that a config wants.

    ``found`` is what ``auto`` has turned out to be, if that is known. ``directory`` is where the
    files are: where MNIST is looked for first, or where those of ``idx`` are now. Raises as
    `nnbasic.data.load`.
    """
    if wanted.dataset == "idx":
        dataset = data.load_idx(
            directory or Path(wanted.directory or ""),
            name=wanted.name or "",
            validation=wanted.validation,
            classes=wanted.classes,
        )
    else:
        dataset = data.load(
            found or wanted.dataset,
            validation=wanted.validation,
            directory=directory,
            progress=progress,
        )
    return dataset.shortened(wanted.train)


def check_dataset(run: Run, record: Record, dataset: Dataset) -> None:
    """RunError unless ``dataset`` is, byte for byte, what ``run`` was trained on."""
    if record.dataset_sha256 != dataset.sha256:
        raise RunError(
            f"{run.directory}: trained on {record.dataset} {record.dataset_sha256[:12]}…, but the"
            f" data at hand is {dataset.name} {dataset.sha256[:12]}…; scores would not compare"
        )
