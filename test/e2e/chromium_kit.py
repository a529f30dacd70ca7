# SPDX-License-Identifier: Apache-2.0
"""Chromium without a window, spoken to over a pair of pipes (the DevTools protocol, one JSON
message after the other, each ended by a zero byte)."""
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

COMMAND = ("chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
           "--disable-dev-shm-usage", "--disable-extensions", "--disable-background-networking",
           "--disable-component-update", "--disable-sync", "--remote-debugging-pipe")


def available():
    return shutil.which("chromium") is not None


class Chromium:
    """One page."""

    def __init__(self, patience=60):
        self.patience, self.number, self.rest = patience, 0, b""
        self.home = tempfile.mkdtemp(prefix="weir-chromium-")
        its_in, self.out = os.pipe()
        self.inn, its_out = os.pipe()
        line = " ".join(COMMAND) + f" --user-data-dir={self.home} about:blank"
        self.process = subprocess.Popen(
            ["bash", "-c", f"exec 3<&{its_in} 4>&{its_out} {its_in}<&- {its_out}>&-; exec {line}"],
            pass_fds=(its_in, its_out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(its_in)
        os.close(its_out)
        targets = self.until(lambda: [one for one in self.call("Target.getTargets")["targetInfos"]
                                      if one["type"] == "page"])
        self.session = None
        self.session = self.call("Target.attachToTarget", targetId=targets[0]["targetId"],
                                 flatten=True)["sessionId"]
        self.call("Page.enable")

    session = None

    def message(self, deadline):
        while b"\0" not in self.rest:
            assert select.select([self.inn], [], [], max(0, deadline - time.monotonic()))[0], \
                "Chromium says nothing"
            more = os.read(self.inn, 1 << 16)
            assert more, "Chromium is gone"
            self.rest += more
        one, self.rest = self.rest.split(b"\0", 1)
        return json.loads(one)

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + self.patience
        while True:
            answer = self.message(deadline)
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return answer["result"]

    def go(self, url):
        self.call("Page.navigate", url=url)

    def run(self, script):
        """What an expression comes to; None while the page is between two."""
        try:
            answer = self.call("Runtime.evaluate", expression=script, returnByValue=True,
                               awaitPromise=True)
        except AssertionError:
            return None
        return answer["result"].get("value")

    def until(self, look):
        deadline = time.monotonic() + self.patience
        while True:
            seen = look()
            if seen:
                return seen
            assert time.monotonic() < deadline, self.session and self.run(
                "location.href + ' ' + document.body.innerText")
            select.select([], [], [], 0.05)

    def until_true(self, script):
        return self.until(lambda: self.run(script))

    def close(self):
        self.process.terminate()
        self.process.wait(20)
        os.close(self.out)
        os.close(self.inn)
        shutil.rmtree(self.home, ignore_errors=True)
