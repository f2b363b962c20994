"""Fetching MNIST from public mirrors, one after another: whole and verified files, or none."""

from __future__ import annotations

import http.client
import os
import queue
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from nnbasic.data import mnist
from nnbasic.data.files import DataError, replacing

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://raw.githubusercontent.com/fgnt/mnist/master/",
    "http://yann.lecun.com/exdb/mnist/",
)
VARIABLE = "NNBASIC_MIRRORS"
"""The environment variable that names other mirrors: URLs separated by spaces."""

PATIENCE = 5.0
"""Seconds without an answer or without a byte after which the next mirror is tried."""

SLOWEST = 10_000  # bytes per second, on average, below which the next mirror is tried
_SLACK = 1 << 16  # bytes by which a download may exceed the decompressed file

Progress = Callable[[str, int, int | None], None]
"""Called with the file's name, the bytes received so far, and the total if it is known."""


class FetchError(DataError):
    """MNIST is not on disk and could not be fetched."""


class _MirrorError(Exception):
    """Why a mirror did not deliver a file."""


def default_mirrors() -> tuple[str, ...]:
    """`MIRRORS`, unless ``$NNBASIC_MIRRORS`` names others."""
    return tuple(os.environ.get(VARIABLE, "").split()) or MIRRORS


def fetch(
    folder: Path = mnist.CACHE,
    *,
    mirrors: Sequence[str] | None = None,
    progress: Progress | None = None,
    patience: float = PATIENCE,
) -> list[Path]:
    """Fetch those of the four files that ``folder`` lacks, each from the first mirror that works.

    Returns the new files. Files already in ``folder`` are verified and never overwritten; a new
    one takes its place there only once it is verified. A mirror that keeps silent for ``patience``
    seconds, at the start or on the way, is given up. Raises FetchError if no mirror delivers a
    file, DataError if a file that was there already is not MNIST's.
    """
    missing = []
    for file in mnist.FILES:
        path = file.within(folder)
        if path is None:
            missing.append(file)
        else:
            mnist.read_file(path, file)
    order = list(default_mirrors() if mirrors is None else mirrors)
    fetched = []
    for file in missing:
        target = folder / f"{file.name}.gz"
        good = _fetch(file, target, order, progress, patience)
        order.sort(key=lambda mirror: mirror != good)  # the one that worked comes first
        fetched.append(target)
    return fetched


def _fetch(
    file: mnist.File,
    target: Path,
    mirrors: Sequence[str],
    progress: Progress | None,
    patience: float,
) -> str:
    """Fetch one file to ``target``; returns the mirror that delivered it."""
    failures = []
    for mirror in mirrors:
        if progress is not None:
            progress(file.name, 0, None)  # shows that an answer is being waited for
        url = f"{mirror.rstrip('/')}/{target.name}"
        try:
            with _open(url, patience) as response:
                target.parent.mkdir(parents=True, exist_ok=True)
                with replacing(target) as part:
                    for piece in _body(response, file, progress, patience):
                        part.write(piece)
                    part.flush()
                    _verify(Path(part.name), file)
            return mirror
        except _MirrorError as reason:
            failures.append(f"\n  {url}: {reason}")
        except OSError as error:
            raise FetchError(
                f"MNIST cannot be stored in {target.parent} ({error.strerror or error}); make it"
                " writable"
            ) from error
    raise FetchError(
        f"MNIST could not be fetched into {target.parent}; no mirror delivered {target.name}:"
        + "".join(failures)
    )


def _open(url: str, patience: float) -> http.client.HTTPResponse:
    """The response of ``url``; _MirrorError if there is none within ``patience`` seconds.

    A thread waits for it, because the time limit of a socket covers neither the name server nor a
    host with many addresses. It is abandoned when the time is up.
    """
    answers: queue.SimpleQueue[http.client.HTTPResponse | _MirrorError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            request = urllib.request.Request(url, headers={"User-Agent": "nnbasic"})
            answers.put(urllib.request.urlopen(request, timeout=patience))
        except (OSError, ValueError, http.client.HTTPException) as error:
            answers.put(_MirrorError(_reason(error, patience)))

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=patience)
    except queue.Empty:
        answer = _MirrorError(_reason(TimeoutError(), patience))
    if isinstance(answer, _MirrorError):
        raise answer
    return answer


def _reason(error: Exception, patience: float) -> str:
    """Why there is no response, in a few words."""
    if isinstance(error, urllib.error.HTTPError):
        error.close()
        return f"HTTP status {error.code} ({error.reason})"
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return f"no answer within {patience:g} s"
    text = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    return " ".join(text.split())


def _body(
    response: http.client.HTTPResponse,
    file: mnist.File,
    progress: Progress | None,
    patience: float,
) -> Iterator[bytes]:
    """The pieces of a response; _MirrorError if it is cut short, stalls, or is slow or too long."""
    length = response.headers.get("Content-Length", "")
    total = int(length) if length.isdecimal() else None
    received = 0
    start = time.monotonic()
    while True:
        if progress is not None:
            progress(file.name, received, total)
        try:
            piece = response.read1(1 << 16)
        except TimeoutError:
            raise _MirrorError(f"sent nothing for {patience:g} s") from None
        except (OSError, http.client.HTTPException) as error:
            raise _MirrorError(f"broke off after {received:,} bytes ({error})") from error
        if not piece:
            break
        received += len(piece)
        if received > file.size + _SLACK:
            raise _MirrorError(f"sends more than the {file.size:,} bytes of {file.name}")
        if received < SLOWEST * (time.monotonic() - start - patience):
            raise _MirrorError(f"sends less than {SLOWEST:,} bytes a second")
        yield piece
    if total is not None and received < total:
        raise _MirrorError(f"broke off after {received:,} of {total:,} bytes")


def _verify(path: Path, file: mnist.File) -> None:
    try:
        mnist.read_file(path, file)
    except DataError as error:
        size = path.stat().st_size
        raise _MirrorError(f"sent {size:,} bytes that are not MNIST's {file.name}") from error
