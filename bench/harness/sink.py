"""Runs the sink server."""

import json
import ssl
import subprocess
import urllib.request
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """How the server behaves."""

    delay_ms: int = 0
    verify: bool = False
    tls: bool = False
    #: If not None, the server has a second address with this delay.
    second_delay_ms: int | None = None


class Sink:
    """A context manager that runs the sink as a child process."""

    def __init__(self, programs, settings, certificate=None):
        self.command = [str(programs / "sink"), "--delay-ms", str(settings.delay_ms)]
        if settings.second_delay_ms is not None:
            self.command += ["--second-delay-ms", str(settings.second_delay_ms)]
        if settings.verify:
            self.command.append("--verify")
        self.scheme, self.context = "http", None
        if settings.tls:
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
        self.port = int(address.rpartition(":")[2])
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
