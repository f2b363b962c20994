"""Getting MNIST from public mirrors, each in turn: a whole and verified file, or none."""

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
"""The environment variable that names other mirrors: URLs with spaces between."""

CONTACT = 9.0  # seconds in which a mirror must have answered, all of them together
HEAD_START = 2.0  # seconds that a mirror has to itself before the next one is asked as well
STALL = 10.0  # seconds without a byte after which a mirror is given up
SLOWEST = 10_000  # bytes per second, on average, below which a mirror is given up
_SLACK = 1 << 16  # bytes that a file sent may be longer than its decompressed content

Progress = Callable[[str, int, int | None], None]
"""Hears the file's name, the bytes received so far, and the bytes to come in all if known."""


class FetchError(DataError):
    """MNIST is not on disk and could not be fetched."""


def default_mirrors() -> tuple[str, ...]:
    """`MIRRORS`, unless ``$NNBASIC_MIRRORS`` names others."""
    return tuple(os.environ.get(VARIABLE, "").split()) or MIRRORS


def fetch(
    folder: Path = mnist.CACHE,
    *,
    mirrors: Sequence[str] | None = None,
    progress: Progress | None = None,
    contact: float = CONTACT,
    stall: float = STALL,
) -> list[Path]:
    """Complete the four files in ``folder``, from the first of ``mirrors`` that has each one.

    Returns the files that were fetched: none if all were there. What is there is verified and
    never written over. A file that fails verification is taken from the next mirror instead.
    FetchError if a file could not be had: within ``contact`` seconds if no mirror answers.
    DataError if a file that was there already is not MNIST's.
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
        good = _fetch(file, target, order, progress, contact, stall)
        order.sort(key=lambda mirror: mirror != good)  # the one that had a file is asked first
        fetched.append(target)
    return fetched


def _fetch(
    file: mnist.File,
    target: Path,
    mirrors: Sequence[str],
    progress: Progress | None,
    contact: float,
    stall: float,
) -> str:
    """Fetch one file to ``target``; returns the mirror that had it, the first one to answer so."""
    urls = {f"{mirror.rstrip('/')}/{target.name}": mirror for mirror in mirrors}
    failures = []
    if progress is not None:
        progress(file.name, 0, None)  # so that waiting for an answer is seen as well
    with _Answers(list(urls), contact, stall) as answers:
        for url, answer in answers:
            try:
                if isinstance(answer, Exception):
                    raise answer
                with answer:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    with replacing(target) as part:
                        for piece in _body(answer, file, progress, stall):
                            part.write(piece)
                        part.flush()
                        _verify(Path(part.name), file)
                return urls[url]
            except _MirrorError as reason:
                failures.append(f"  {url}: {reason}")
            except OSError as error:
                raise FetchError(
                    f"MNIST cannot be stored in {target.parent} ({error.strerror or error}); make"
                    " it writable, or point --data or $NNBASIC_DATA to a folder that holds MNIST"
                ) from error
    raise FetchError(
        f"MNIST could not be fetched into {target.parent}; {target.name} was not to be had:\n"
        + "\n".join(failures)
        + "\nconnect to the network, or point --data or $NNBASIC_DATA to a folder with its files"
    )


class _MirrorError(Exception):
    """Why a mirror was given up."""


class _Answers:
    """Asks mirrors in turn and iterates over what they answer, within one time limit for all.

    A name that does not resolve and a host that swallows packets can both block for minutes, so
    each mirror is asked in a thread of its own, which is abandoned when the time is up. A mirror
    that keeps silent for `HEAD_START` seconds no longer keeps the next one waiting.
    Only time spent waiting counts, not that in which the caller reads an answer.
    """

    def __init__(self, urls: Sequence[str], contact: float, stall: float) -> None:
        self._urls = urls
        self._contact = contact
        self._stall = stall
        self._queue: queue.SimpleQueue[tuple[str, http.client.HTTPResponse | _MirrorError]]
        self._queue = queue.SimpleQueue()
        self._closed = threading.Event()

    def __enter__(self) -> _Answers:
        return self

    def __exit__(self, *exception: object) -> None:
        self._closed.set()
        self._discard()

    def __iter__(self) -> Iterator[tuple[str, http.client.HTTPResponse | _MirrorError]]:
        waiting = list(self._urls)
        asked: list[str] = []
        left = self._contact
        while left > 0 and (waiting or asked):
            if waiting:
                asked.append(waiting.pop(0))
                threading.Thread(target=self._ask, args=asked[-1:], daemon=True).start()
            start = time.monotonic()
            try:
                url, answer = self._queue.get(timeout=min(left, HEAD_START) if waiting else left)
            except queue.Empty:
                continue
            finally:
                left -= time.monotonic() - start
            asked.remove(url)
            yield url, answer
        for url in asked + waiting:
            yield url, _MirrorError(f"no answer within {self._contact:g} s")

    def _ask(self, url: str) -> None:
        """Put the answer of ``url``, or why there is none, into the queue."""
        answer: http.client.HTTPResponse | _MirrorError
        try:
            request = urllib.request.Request(url, headers={"User-Agent": "nnbasic"})
            answer = urllib.request.urlopen(request, timeout=self._stall)
        except urllib.error.HTTPError as error:
            answer = _MirrorError(f"HTTP status {error.code} ({error.reason})")
            error.close()
        except urllib.error.URLError as error:
            answer = _MirrorError(getattr(error.reason, "strerror", None) or str(error.reason))
        except (OSError, ValueError, http.client.HTTPException) as error:
            answer = _MirrorError(str(error) or type(error).__name__)
        self._queue.put((url, answer))
        if self._closed.is_set():
            self._discard()

    def _discard(self) -> None:
        """Close the answers that nobody waits for any longer."""
        while True:
            try:
                _, answer = self._queue.get_nowait()
            except queue.Empty:
                return
            if isinstance(answer, http.client.HTTPResponse):
                answer.close()


def _body(
    response: http.client.HTTPResponse, file: mnist.File, progress: Progress | None, stall: float
) -> Iterator[bytes]:
    """The pieces of a response; _MirrorError if it breaks off, stalls, crawls or has no end."""
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
            raise _MirrorError(f"sent nothing for {stall:g} s") from None
        except (OSError, http.client.HTTPException) as error:
            raise _MirrorError(f"broke off after {received:,} bytes ({error})") from error
        if not piece:
            break
        received += len(piece)
        if received > file.size + _SLACK:
            raise _MirrorError(f"sends more than the {file.size:,} bytes of {file.name}")
        if received < SLOWEST * (time.monotonic() - start - stall):
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
