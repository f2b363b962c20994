"""A small stand-in for MNIST, and real HTTP servers on this machine that behave in any way."""

import contextlib
import dataclasses
import gzip
import hashlib
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from nnbasic.data import idx, mnist

Behaviour = Callable[[http.server.BaseHTTPRequestHandler], None]


@pytest.fixture
def small_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with four small files that for this test are MNIST; the test runs in `tmp_path`.

    Only the table of shapes and hashes is another: all code that uses it is the real code.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NNBASIC_DATA", raising=False)
    monkeypatch.delenv("NNBASIC_MIRRORS", raising=False)
    monkeypatch.setenv("no_proxy", "*")
    rng = np.random.default_rng(0)
    folder = tmp_path / "origin"
    files = []
    for file, count in zip(mnist.FILES, (40, 40, 10, 10), strict=True):
        shape = (count, *file.shape[1:])
        array = rng.integers(0, 256 if len(shape) == 3 else 10, shape, dtype=np.uint8)
        path = folder / f"{file.name}.gz"
        idx.write(path, array)
        sha256 = hashlib.sha256(gzip.decompress(path.read_bytes())).hexdigest()
        files.append(dataclasses.replace(file, shape=shape, sha256=sha256))
    monkeypatch.setattr(mnist, "FILES", tuple(files))
    return folder


@pytest.fixture
def serve() -> Iterator[Callable[[Behaviour], str]]:
    """Start an HTTP server that answers every GET with a given function; returns its URL."""
    servers = []

    def start(behaviour: Behaviour) -> str:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                # The client may go away while it is being answered.
                with contextlib.suppress(ConnectionError):
                    behaviour(self)

            def log_message(self, *arguments: object) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/mnist/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
