"""Fetching from real HTTP servers that are slow, wrong, cut short, silent or absent."""

import base64
import gzip
import os
import socket
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from nnbasic.data import DataError, idx, mnist
from nnbasic.data import fetch as module
from nnbasic.data.fetch import FetchError, Progress

Behaviour = Callable[[BaseHTTPRequestHandler], None]
Serve = Callable[[Behaviour], str]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """One second is enough for a server on this machine, however busy it is."""
    monkeypatch.setattr(module, "PATIENCE", 1.0)


def fetch(*mirrors: str, progress: Progress | None = None) -> list[Path]:
    """What is fetched from these mirrors."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("NNBASIC_MIRRORS", " ".join(mirrors))
        return module.fetch(progress=progress)


def send(
    request: BaseHTTPRequestHandler, body: bytes, *, length: int | None = None, status: int = 200
) -> None:
    request.send_response(status)
    request.send_header("Content-Length", str(len(body) if length is None else length))
    request.end_headers()
    request.wfile.write(body)


def files_in(folder: Path) -> Behaviour:
    """What a good mirror does."""
    return lambda request: send(request, (folder / Path(request.path).name).read_bytes())


def not_found(request: BaseHTTPRequestHandler) -> None:
    send(request, b"no such file", status=404)


def truncated(folder: Path) -> Behaviour:
    """A body that ends in the middle."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        body = (folder / Path(request.path).name).read_bytes()
        send(request, body[: len(body) // 2], length=len(body))

    return answer


def sign_in_page(request: BaseHTTPRequestHandler) -> None:
    send(request, b"<html>Welcome to our wireless network. Please sign in.</html>")


def endless(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    while True:
        request.wfile.write(bytes(1 << 16))


def stalling(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    request.wfile.write(b"\x1f\x8b")
    request.rfile.read()  # until the client goes away


def broken_length(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/9 nonsense\r\n\r\n")


@pytest.fixture
def dead() -> str:
    """The URL of a port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}/"


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def check(folder: Path) -> None:
    """The four files, verified, and nothing else are in ``folder``."""
    assert names(folder) == {f"{file.name}.gz" for file in mnist.FILES}
    assert [len(array) for array in mnist.read(folder)] == [file.shape[0] for file in mnist.FILES]


def test_files_are_fetched_with_progress_and_only_once(small_mnist: Path, serve: Serve) -> None:
    heard: list[tuple[str, int, int | None]] = []
    requests: list[str] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        requests.append(request.path)
        files_in(small_mnist)(request)

    url = serve(answer)
    fetched = fetch(url, progress=lambda *news: heard.append(news))
    assert fetched == [mnist.CACHE / f"{file.name}.gz" for file in mnist.FILES]
    assert requests == [f"/mnist/{file.name}.gz" for file in mnist.FILES]
    check(mnist.CACHE)
    for path in fetched:
        size = path.stat().st_size
        news = [(received, total) for name, received, total in heard if f"{name}.gz" == path.name]
        assert news[0] == (0, None)
        assert {total for _, total in news[1:]} == {size}
        assert news[-1] == (size, size)
    assert fetch(url) == []
    assert len(requests) == 4


BAD: dict[str, tuple[Callable[[Path], Behaviour], str]] = {
    "404": (lambda _: not_found, "HTTP status 404"),
    "truncated": (truncated, "broke off after "),
    "a sign-in page": (lambda _: sign_in_page, "bytes that are not MNIST's"),
    "endless": (lambda _: endless, "sends more than "),
    "stalling": (lambda _: stalling, "sent nothing for 1 s"),
    "no HTTP": (lambda _: broken_length, "HTTP/9"),
}


@pytest.mark.parametrize("case", BAD)
def test_the_reason_is_named_and_nothing_left_and_the_next_mirror_tried(
    small_mnist: Path, serve: Serve, dead: str, case: str
) -> None:
    behaviour, message = BAD[case]
    url = serve(behaviour(small_mnist))
    with pytest.raises(FetchError, match=message) as caught:
        fetch(url, dead)
    _, first, second, advice = str(caught.value).splitlines()
    assert first.startswith(f"  {url}train-images-idx3-ubyte.gz: ")
    assert second == f"  {dead}train-images-idx3-ubyte.gz: Connection refused"
    assert advice == "Check the connection to the network."
    assert not mnist.CACHE.exists()
    fetch(dead, url, serve(files_in(small_mnist)))
    check(mnist.CACHE)


def test_mirrors_are_asked_in_turn_and_the_one_that_worked_first(
    small_mnist: Path, serve: Serve
) -> None:
    asked: list[str] = []

    def noting(name: str, behaviour: Behaviour) -> Behaviour:
        def answer(request: BaseHTTPRequestHandler) -> None:
            asked.append(name)
            behaviour(request)

        return answer

    good = files_in(small_mnist)
    kinds = {"one": sign_in_page, "two": not_found, "three": good, "four": good}
    fetch(*(serve(noting(name, kind)) for name, kind in kinds.items()))
    assert asked == ["one", "two", *["three"] * 4]
    check(mnist.CACHE)


def test_a_server_that_unpacks_on_the_way_is_understood(small_mnist: Path, serve: Serve) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        send(request, gzip.decompress((small_mnist / Path(request.path).name).read_bytes()))

    fetch(serve(answer))
    check(mnist.CACHE)


@pytest.mark.parametrize("url", ["nonsense", "http://", "http://[", "gopher://x/"])
def test_mirrors_that_are_no_urls_are_errors_like_others(small_mnist: Path, url: str) -> None:
    with pytest.raises(FetchError):
        fetch(url)


def test_what_is_there_is_kept_and_the_rest_fetched(small_mnist: Path, serve: Serve) -> None:
    name = mnist.FILES[0].name
    mnist.CACHE.mkdir(parents=True)
    idx.write(mnist.CACHE / name, idx.read(small_mnist / f"{name}.gz"))
    before = (mnist.CACHE / name).stat()
    fetched = fetch(serve(files_in(small_mnist)))
    assert [path.name for path in fetched] == [f"{file.name}.gz" for file in mnist.FILES[1:]]
    assert (mnist.CACHE / name).stat() == before
    assert len(mnist.read(mnist.CACHE)[0]) == 40


def test_a_broken_file_that_is_there_is_an_error_and_stays(small_mnist: Path, serve: Serve) -> None:
    mnist.CACHE.mkdir(parents=True)
    broken = mnist.CACHE / f"{mnist.FILES[0].name}.gz"
    broken.write_bytes(b"mine")
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte\.gz: starts with") as caught:
        fetch(serve(files_in(small_mnist)))
    assert not isinstance(caught.value, FetchError)
    assert names(mnist.CACHE) == {broken.name}
    assert broken.read_bytes() == b"mine"


def test_a_folder_that_cannot_be_written_is_named_and_not_the_network(
    small_mnist: Path, serve: Serve
) -> None:
    Path("data").write_text("a file where the folder should be")
    stored = r"MNIST cannot be stored in data/mnist \(Not a directory\): make that folder writable"
    with pytest.raises(DataError, match=stored) as caught:
        fetch(serve(files_in(small_mnist)))
    assert not isinstance(caught.value, FetchError), "the digits are no remedy"


def test_a_password_is_sent_to_its_mirror_alone_and_never_printed(
    small_mnist: Path, serve: Serve
) -> None:
    heard: list[str | None] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        heard.append(request.headers["Authorization"])
        not_found(request)

    def redirect(request: BaseHTTPRequestHandler) -> None:
        heard.append(request.headers["Authorization"])
        request.send_response(302)
        request.send_header("Location", elsewhere)
        request.end_headers()

    elsewhere = serve(answer)
    url = serve(redirect).replace("http://", "http://ann:s%40cret@")
    with pytest.raises(FetchError) as caught:
        fetch(url, "http://ann:s%40cret@[/", "ann:cret@b/")
    assert heard == ["Basic " + base64.b64encode(b"ann:s@cret").decode(), None]
    assert "127.0.0.1" in str(caught.value)
    assert "cret" not in str(caught.value)


def test_what_a_killed_process_left_is_deleted(small_mnist: Path, serve: Serve) -> None:
    mnist.CACHE.mkdir(parents=True)
    stale, fresh = (mnist.CACHE / f".train-images-idx3-ubyte.gz.{n}.part" for n in "12")
    for part in (stale, fresh):
        part.write_bytes(b"half")
    os.utime(stale, (0, 0))
    fetch(serve(files_in(small_mnist)))
    assert not stale.exists()
    assert fresh.exists(), "another process may still be writing it"
