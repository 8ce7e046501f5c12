"""Drives a headless Chromium over its DevTools pipe: one start, any number of pages, no network and no library."""

import base64
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
_OPTIONS = (
    "--headless=new --no-sandbox --disable-gpu --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync --disable-dev-shm-usage --remote-debugging-pipe"
)
_RECORDED = "--use-fake-device-for-media-stream"
_KEYS = {"Enter": (13, "\r"), " ": (32, " "), "Tab": (9, "")}


class Browser:
    """A Chromium with one tab; `messages` holds what pages complained of and what they asked the network for."""

    def __init__(self, profile: Path, server: str = "data:", microphone: Path | None = None, *, refused: bool = False):
        """Start it.

        Args:
            profile: where the browser keeps its things.
            server: of the pages; what goes there is not counted.
            microphone: a wav file, which whoever records hears once from its beginning, without being asked.
            refused: whether whoever wants to record is refused.
        """
        self.own = ("file:", "data:", "blob:", server)
        told, self._say = os.pipe()
        self._hear, answered = os.pipe()
        # Chromium reads from 3 and writes to 4; the shell puts the pipes there.
        start = f'exec "$0" "$@" 3<&{told} 4>&{answered}'
        heard = [_RECORDED, f"--use-file-for-fake-audio-capture={microphone}%noloop"] if microphone else []
        heard.append("--deny-permission-prompts" if refused else "--use-fake-ui-for-media-stream")
        options = [*_OPTIONS.split(), *heard, f"--user-data-dir={profile}"]
        command = ["bash", "-c", start, CHROMIUM, *options, "about:blank"]
        self._process = subprocess.Popen(command, pass_fds=(told, answered), stderr=subprocess.DEVNULL)
        os.close(told)
        os.close(answered)
        self._rest, self._number, self._session, self.messages, self._loaded = b"", 0, None, [], False
        target = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self._session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def close(self) -> None:
        self._session = None
        self.call("Browser.close")
        self._process.wait(20)
        os.close(self._say)
        os.close(self._hear)

    def call(self, method: str, **parameters: object) -> dict:
        """Return what a method of the DevTools protocol answers; events that come before are kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        message |= {"sessionId": self._session} if self._session else {}
        os.write(self._say, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            pass
        assert "error" not in answer, answer
        return answer["result"]

    def _next(self) -> dict:
        while b"\0" not in self._rest:
            heard = os.read(self._hear, 1 << 20)
            assert heard, "chromium ended"
            self._rest += heard
        line, _, self._rest = self._rest.partition(b"\0")
        message = json.loads(line)
        self._note(message.get("method"), message.get("params"))
        return message

    def _note(self, method: str | None, found: dict | None) -> None:
        if method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Network.requestWillBeSent" and not found["request"]["url"].startswith(self.own):
            self.messages.append(found["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.messages.append(found["exceptionDetails"]["text"])
        elif method in ("Runtime.consoleAPICalled", "Log.entryAdded"):
            self.messages.append(str(found.get("entry", found).get("text", found)))

    def open(self, page: Path | str, width: int = 1280, *, dark: bool = False) -> None:
        """Open a file or an address in a window of a given width in CSS pixels and wait until it is shown."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        self._loaded = False
        self.call("Page.navigate", url=page if isinstance(page, str) else page.resolve().as_uri())
        while not self._loaded:
            self._next()

    def ask(self, script: str) -> object:
        """Return what a script says on the page."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait(self, script: str, seconds: float = 60) -> object:
        """Return what a script says once that is true."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if value := self.ask(script):
                return value
            time.sleep(0.05)
        raise TimeoutError(f"{script} is not true of {self.ask('document.body.innerText')!r}; {self.messages}")

    def upload(self, selector: str, file: Path) -> None:
        """Choose a file where the page asks for one."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(file)])

    def type(self, selector: str, text: str) -> None:
        """Write into a field."""
        self.ask(f"document.querySelector({selector!r}).focus()")
        self.call("Input.insertText", text=text)

    def press(self, key: str) -> None:
        """Press and release a key, as a person would: whatever has the focus gets it."""
        code, text = _KEYS[key]
        held = {"key": key, "windowsVirtualKeyCode": code, "text": text}
        self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **held)
        self.call("Input.dispatchKeyEvent", type="keyUp", **held)

    def picture(self, path: Path) -> None:
        """Write the whole page as PNG."""
        found = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(found["data"]))

    def print(self) -> bytes:
        """Return the page on paper, as PDF."""
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True)["data"])
