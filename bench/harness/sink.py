"""Runs the sink server."""

import json
import ssl
import subprocess
import urllib.request
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """What a scenario says of the sink, for what is not a scenario."""

    delay_ms: int = 0
    verify: bool = False
    tls: bool = False


class Sink:
    """A context manager that runs the sink as a child process."""

    def __init__(self, programs, scenario, certificate=None):
        self.command = [str(programs / "sink"), "--delay-ms", str(scenario.delay_ms)]
        if scenario.verify:
            self.command.append("--verify")
        self.scheme, self.context = "http", None
        if scenario.tls:
            self.command += ["--cert", certificate.cert, "--key", certificate.key]
            self.scheme, self.context = "https", ssl.create_default_context(
                cafile=certificate.ca)
        # Ignores the proxies of the environment: the sink is on loopback.
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=self.context))

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        address = self.process.stdout.readline().split()[-1]
        self.endpoint = f"{self.scheme}://{address}"
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def reset(self):
        """Resets the counters."""
        self._get("/_reset")

    def stats(self):
        """The counters since the last reset, without the connection of this request."""
        stats = json.loads(self._get("/_stats"))
        stats["connections"] -= 1
        return stats

    def _get(self, path):
        with self.opener.open(self.endpoint + path, timeout=10) as response:
            return response.read()
