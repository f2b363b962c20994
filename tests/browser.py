"""A real browser for tests: Chromium, driven by its own protocol over a pipe, without a package."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP page.test 127.0.0.1",  # a site like others, and not this machine
    "--remote-debugging-pipe",
)
RUN = """
import os, sys
for ours, kept in zip(sys.argv[1:], (103, 104)):
    os.dup2(int(ours), kept)
for kept, theirs in ((103, 3), (104, 4)):
    os.dup2(kept, theirs)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Chromium reads commands from descriptor 3 and answers on descriptor 4."""


class Browser:
    """One page of a headless Chromium."""

    def __init__(self, program: str, profile: Path) -> None:
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()
        arguments = [program, *FLAGS, f"--user-data-dir={profile}"]
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUN, str(commands), str(answers), *arguments],
            pass_fds=(commands, answers),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(answers)
        self.events: list[dict[str, Any]] = []
        self._unread = b""
        self._number = 0
        self._session: dict[str, str] = {}
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = {"sessionId": attached["sessionId"]}
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters, **self._session}
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            self.events.append(answer)
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def open(
        self,
        page: Path | str,
        *,
        width: int,
        height: int = 900,
        scheme: str = "light",
        scale: float = 1,
        forced: bool = False,
    ) -> None:
        """Load ``page``, a file or an address, as a phone or a screen of that size would.

        ``forced`` are forced colours, of a high contrast theme.
        """
        media = [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "forced-colors", "value": "active" if forced else "none"},
        ]
        self.call("Emulation.setEmulatedMedia", features=media)
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=width < 600,
        )
        self.events.clear()
        self.call("Page.navigate", url=page if isinstance(page, str) else page.as_uri())
        while not self.happened("Page.loadEventFired"):
            self.events.append(self._next())

    def evaluate(self, function: str) -> Any:
        """What a JavaScript function of the test's returns."""
        answer = self.call(
            "Runtime.evaluate",
            expression=f"({function})()",
            returnByValue=True,
            awaitPromise=True,
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def drag(self, points: Sequence[tuple[float, float]], pointer: str = "mouse") -> None:
        """Press the mouse's button, or put a pen down, at the first point; lift it at the last."""
        kinds = ["mousePressed", *["mouseMoved"] * (len(points) - 1), "mouseReleased"]
        for kind, (x, y) in zip(kinds, [*points, points[-1]], strict=True):
            event = {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}
            self.call("Input.dispatchMouseEvent", **event, pointerType=pointer)

    def touch(self, *fingers: tuple[float, float], kind: str = "touchStart") -> None:
        """Have ``fingers`` on the screen, at these points; none are left after a ``touchEnd``."""
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(fingers)]
        self.call("Input.dispatchTouchEvent", type=kind, touchPoints=points)

    def swipe(self, points: Sequence[tuple[float, float]]) -> None:
        """Put a finger down at the first point, and lift it at the last one."""
        for number, point in enumerate(points):
            self.touch(point, kind="touchMove" if number else "touchStart")
        self.touch(kind="touchEnd")

    def press(self, key: str, text: str = "", modifiers: int = 0) -> None:
        """Press a key; Ctrl is the modifier 2."""
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, text=text, modifiers=modifiers)

    def happened(self, method: str) -> list[dict[str, Any]]:
        return [event["params"] for event in self.events if event.get("method") == method]

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()
        os.close(self._commands)
        os.close(self._answers)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            content = os.read(self._answers, 1 << 20)
            assert content, "Chromium has ended"
            self._unread += content
        message, _, self._unread = self._unread.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    opened = Browser(program, tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()
