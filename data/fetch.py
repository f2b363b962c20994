"""Fetching MNIST from public mirrors, one after another: whole and verified files, or none."""

import base64
import contextlib
import hashlib
import os
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote_to_bytes

from nnbasic.data import mnist
from nnbasic.data.files import DataError, clear, replacing

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://raw.githubusercontent.com/fgnt/mnist/master/",
    "http://yann.lecun.com/exdb/mnist/",
)
VARIABLE = "NNBASIC_MIRRORS"
"""The environment variable that names other mirrors: URLs separated by spaces."""

PATIENCE = 5.0
"""Seconds without a connection or without a byte after which the next mirror is tried."""

STALE = 3600
"""Seconds after which a file that is still being written is taken for that of a killed process."""

_SLACK = 1 << 16  # bytes by which a download may exceed the decompressed file

Progress = Callable[[str, int, int | None], None]
"""Called with the file's name, the bytes received so far, and the total if it is known."""


class FetchError(DataError):
    """MNIST is not on disk and could not be fetched."""


def fetch(folder: Path = mnist.CACHE, *, progress: Progress | None = None) -> list[Path]:
    """Fetch those of the four files that ``folder`` lacks, each from the first mirror that works.

    The mirrors are those that ``$NNBASIC_MIRRORS`` names, or else `MIRRORS`. Returns the new files.
    Files already in ``folder`` are verified and never overwritten; a new one takes its place there
    only once it is verified. Raises FetchError if no mirror delivers a file, DataError if
    ``folder`` cannot be written or a file that was there already is not MNIST's.
    """
    there = [(file, file.within(folder)) for file in mnist.FILES]
    for file, path in there:
        if path is not None:
            mnist.read_file(path, file)
    mirrors = os.environ.get(VARIABLE, "").split() or list(MIRRORS)
    missing = {folder / f"{file.name}.gz": file for file, path in there if path is None}
    for target, file in missing.items():
        content = _first_delivery(file, target, mirrors, progress or (lambda *_: None))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            clear(folder, STALE)
            with replacing(target) as part:
                part.write(content)
        except OSError as error:
            raise DataError(
                f"MNIST cannot be stored in {folder} ({error.strerror or error}): make that folder"
                f" writable, or name another one by ${mnist.VARIABLE}"
            ) from error
    return list(missing)


def _first_delivery(
    file: mnist.File, target: Path, mirrors: list[str], progress: Progress
) -> bytes:
    """The verified content of ``target`` from the first mirror that works, which becomes first."""
    failures = []
    for mirror in mirrors:
        url, password = _without_password(f"{mirror.rstrip('/')}/{target.name}")
        try:
            content = _download(url, password, file, progress)
        except FetchError as reason:
            failures.append(f"\n  {url}: {reason}")
            continue
        mirrors.sort(key=lambda other: other != mirror)
        return content
    raise FetchError(
        f"MNIST could not be fetched into {target.parent}; no mirror delivered {target.name}:"
        + "".join(failures)
        + "\nCheck the connection to the network."
    )


def _without_password(url: str) -> tuple[str, str | None]:
    """``url`` without the ``user:password@`` in it, and the `Authorization` that says the same."""
    match = re.fullmatch(r"(\w+://)?([^/]*)@(.*)", url)
    if match is None:
        return url, None
    scheme, user, address = match.groups(default="")
    token = base64.b64encode(unquote_to_bytes(user)).decode()
    return scheme + address, f"Basic {token}"


def _download(url: str, password: str | None, file: mnist.File, progress: Progress) -> bytes:
    """What ``url`` sends; FetchError if that is cut short, stalls, or is not ``file``."""
    # They take longer to import than MNIST to read, and are seldom needed.
    import http.client
    import urllib.error
    import urllib.request

    received, total = bytearray(), None
    progress(file.name, 0, None)  # shows that an answer is being waited for
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "nnbasic"})
        if password:
            request.add_unredirected_header("Authorization", password)
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            length = response.headers.get("Content-Length", "")
            total = int(length) if length.isdecimal() else None
            while piece := response.read1(1 << 16):
                received += piece
                if len(received) > file.size + _SLACK:
                    raise FetchError(f"sends more than the {file.size:,} bytes of {file.name}")
                progress(file.name, len(received), total)
    except urllib.error.HTTPError as error:
        error.close()
        raise FetchError(f"HTTP status {error.code} ({error.reason})") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        cause = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(cause, TimeoutError):
            raise FetchError(f"sent nothing for {PATIENCE:g} s") from error
        text = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
        raise FetchError(" ".join(text.split())) from error
    if total is not None and len(received) < total:
        raise FetchError(f"broke off after {len(received):,} of {total:,} bytes")
    unpacked = bytes(received)
    with contextlib.suppress(zlib.error):  # it is not gzipped, or broken
        unpacked = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(received, file.size + 1)
    if hashlib.sha256(unpacked).hexdigest() != file.sha256:
        raise FetchError(f"sent {len(received):,} bytes that are not MNIST's {file.name}")
    return bytes(received)
