"""A new run: its directory, with all that is known before the first step."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from nnbasic.configs import Config, dump, shortage
from nnbasic.data import Dataset
from nnbasic.model.diagnostics import diagnose
from nnbasic.training import diagnostics, environment
from nnbasic.training.directory import Run, create
from nnbasic.training.record import RateSearch, Record, User
from nnbasic.training.session import Session
from nnbasic.training.storage import RunError, write_text
from nnbasic.training.trained import build


def start(
    config: Config,
    dataset: Dataset,
    *,
    runs: Path,
    name: str,
    rate_search: RateSearch | None = None,
    queued: str | None = None,
) -> Session:
    """Make a new run in ``runs``, ready to be trained, and diagnose it before its first step.

    Raises RunError if it cannot be written, would not fit in memory, or has too few outputs.
    """
    if reason := shortage(config):
        raise RunError(f"layers {config.layers}: {reason}")
    if dataset.classes > config.layers[-1]:
        raise RunError(
            f"layers {config.layers}: {dataset.name} has {dataset.classes} classes, so the last"
            f" layer needs at least {dataset.classes} units"
        )
    layers = None
    if config.diagnostics or config.plugins:  # a plugin's fault comes to light here
        layers = diagnose(build(config), *diagnostics.probe(config, dataset))
    if not config.diagnostics:
        layers = None
    warning = layers and diagnostics.mismatch(config, layers)
    name = name.encode(errors="replace").decode()  # an argument may be no Unicode
    run = create(runs, name)
    try:
        if layers:
            diagnostics.append(run, 0, 0, layers)
        write_text(run.directory / "config.yaml", dump(config))
        run.write_user(User(name=name))
        warnings = [warning] if warning else []
        record = _first_record(run, config, dataset, rate_search, queued, warnings)
        run.write_record(record)
    except BaseException as error:  # an interrupt too leaves nothing half written
        shutil.rmtree(run.directory, ignore_errors=True)
        if isinstance(error, OSError):
            raise RunError(f"{runs}: cannot begin a run: {error.strerror}") from error
        raise
    return Session(run, config, record, dataset)


def _first_record(
    run: Run,
    config: Config,
    dataset: Dataset,
    rate_search: RateSearch | None,
    queued: str | None,
    warnings: list[str],
) -> Record:
    moment = environment.now()
    return Record(
        id=run.id,
        status="interrupted",  # until `Session.train` begins
        config=config.model_dump(),
        identity=config.identity(),
        rate_search=rate_search,
        dataset=dataset.name,
        dataset_sha256=dataset.sha256,
        scale=dataset.scale(config.data.scale),
        code_sha256=environment.code_sha256(config.plugins),
        plugins=environment.plugins_sha256(config.plugins),
        versions=environment.versions(),
        machine=environment.machine(),
        threads=environment.blas_threads(),
        warnings=warnings,
        queued=queued,
        started=moment,
        process=os.getpid(),
        heartbeat=moment,
    )
