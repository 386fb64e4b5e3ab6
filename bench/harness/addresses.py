"""A host with two addresses of different speed: which of them serves the parts of a file.

The name is resolved by a hosts file in a mount namespace of the client. Needs root.
"""

import json
import os
import subprocess
from collections import namedtuple
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from . import files
from .scenarios import GIB, PART
from .sink import Settings, Sink

KEY = "addresses"
CONNECTIONS = 8
ADDRESSES = ("127.0.0.1", "127.0.0.2")
#: Of the responses at each address.
DELAYS_MS = ((0, 0), (0, 50), (50, 50))
ROUNDS = 3
HOST = "service.test"
RUN = 'mount --bind "$0" /etc/hosts && exec "$@"'

Sample = namedtuple("Sample", "seconds requests")


@dataclass(frozen=True)
class Result:
    """The medians of the runs with one pair of delays."""

    delays_ms: tuple
    size: int
    seconds: float
    #: At each address.
    requests: tuple


def measure(programs, work, scale, say):
    """All pairs of delays, in interleaved rounds."""
    if os.geteuid() != 0:
        say(f"  {KEY}: needs root")
        return []
    file = files.data_file(work, 2 * GIB // scale)
    hosts = Path(work) / "hosts"
    hosts.write_text("".join(f"{address} {HOST}\n" for address in ADDRESSES),
                     encoding="utf-8")
    samples = {delays: [] for delays in DELAYS_MS}
    for _ in range(ROUNDS):
        for delays in DELAYS_MS:
            samples[delays].append(run(programs, file, hosts, delays))
            say(f"  {delays} ms: {samples[delays][-1].seconds:.2f} s, "
                f"requests {samples[delays][-1].requests}")
    size = os.stat(file).st_size
    return [Result(delays, size, median(sample.seconds for sample in found),
                   tuple(median(numbers) for numbers in zip(*(s.requests for s in found))))
            for delays, found in samples.items()]


def run(programs, file, hosts, delays):
    """Uploads the file to both addresses."""
    with Sink(programs, Settings(delays[0], second_delay_ms=delays[1])) as sink:
        command = ["unshare", "--mount", "sh", "-c", RUN, str(hosts.resolve()),
                   str(programs / "upload_bench"), "--endpoint", f"http://{HOST}:{sink.port}",
                   "--file", file, "--part-size", str(PART), "--parallel", str(CONNECTIONS)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
        report = json.loads(done.stdout.splitlines()[-1])
        return Sample(report["seconds"], tuple(sink.stats()["requests_by_address"]))


def table(results):
    """The pairs of delays as Markdown."""
    lines = [
        f"Upload of {results[0].size / GIB:g} GiB to a host with two addresses, {CONNECTIONS} "
        f"connections, medians of {ROUNDS} rounds:",
        "",
        "| delay of each address | requests to each | throughput |",
        "|---|---:|---:|",
    ]
    for result in results:
        delays, requests = (" and ".join(f"{number:,.0f}" for number in numbers)
                            for numbers in (result.delays_ms, result.requests))
        lines.append(f"| {delays} ms | {requests} | {result.size / result.seconds / 1e9:.2f} GB/s |")
    return "\n".join(lines) + "\n"
