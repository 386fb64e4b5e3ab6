"""Delta uploads: what is sent of a file that was uploaded before and has changed since."""

import json
import os
import random
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import files
from .scenarios import GIB, MIB
from .sink import Settings, Sink

KEY = "delta"
BLOCK = 4 << 10
CHANGED_PLACES = 100
APPENDED = 64 * MIB
PART_SIZES = (1 * MIB, 8 * MIB)
#: Of the runs whose time counts, which have many requests in flight.
DELAYS_MS = (20, 50)
DELAY_CONNECTIONS = 64
CONNECTIONS = 4
GIGABIT = 1e9 / 8


@dataclass(frozen=True)
class Result:
    """One run."""

    change: str
    part_size: int
    manifest: bool
    delay_ms: int
    #: Size of the parts that contain a change.
    changed_bytes: int
    sent_bytes: int
    requests: int
    seconds: float
    cpu_per_gib: float
    size: int


def measure(programs, work, scale, say):
    """All runs."""
    file = Path(files.data_file(work, 4 * GIB // scale))
    results = []
    for part_size in PART_SIZES:
        for delay_ms in (0, *DELAYS_MS):
            # The server hashes what it receives, so that it can copy parts.
            with Sink(programs, Settings(delay_ms, verify=True)) as sink:
                runner = Runner(programs, work, sink, file, part_size, delay_ms)
                results.append(runner.run("all is sent, with MD5", unchanged, "none"))
                for name, change in CHANGES.items():
                    for manifest in (False, True):
                        results.append(runner.run(name, change, "kept" if manifest else "removed"))
                        say(f"  {describe(results[-1])}")
    return results


class Runner:
    """Uploads the file, changes it, and uploads it again."""

    def __init__(self, programs, work, sink, file, part_size, delay_ms):
        self.program = str(programs / "upload_bench")
        self.checkpoint_dir = Path(work) / "delta-checkpoints"
        self.sink, self.file = sink, file
        self.part_size, self.delay_ms = part_size, delay_ms

    def run(self, name, change, manifest):
        """Without a manifest ("none"), all bytes are sent."""
        is_delta = manifest != "none"
        shutil.rmtree(self.checkpoint_dir, ignore_errors=True)
        if is_delta:
            self.upload(delta=True)
        if manifest == "removed":
            shutil.rmtree(self.checkpoint_dir)
        with change(self.file) as ranges:
            files.read_through(self.file)
            size = self.file.stat().st_size
            self.sink.reset()
            report = self.upload(delta=is_delta)
            stats = self.sink.stats()
        parts = {part for start, end in ranges
                 for part in range(start // self.part_size, -(-end // self.part_size))}
        changed = sum(min(self.part_size, size - part * self.part_size) for part in parts)
        return Result(
            name, self.part_size, manifest == "kept", self.delay_ms,
            changed if is_delta else size, stats["bytes"], stats["requests"], report["seconds"],
            (report["cpu_user"] + report["cpu_sys"]) / size * GIB, size)

    def upload(self, delta):
        """Uploads the file and returns the report of the client."""
        connections = DELAY_CONNECTIONS if self.delay_ms else CONNECTIONS
        command = [self.program, "--endpoint", self.sink.endpoint, "--file", str(self.file),
                   "--part-size", str(self.part_size), "--parallel", str(connections)]
        command += (["--delta", "--checkpoint-dir", str(self.checkpoint_dir)] if delta
                    else ["--integrity", "both"])
        if delta:
            self.checkpoint_dir.mkdir(exist_ok=True)
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
        return json.loads(done.stdout.splitlines()[-1])


@contextmanager
def unchanged(_):
    """Changes nothing."""
    yield []


@contextmanager
def rewritten(file):
    """Rewrites one per cent of the blocks, in 100 places; restores them afterwards."""
    size = file.stat().st_size
    length = size // BLOCK // 100 // CHANGED_PLACES * BLOCK
    chosen = random.Random(1)
    ranges = []
    for place in range(CHANGED_PLACES):
        first = place * (size // CHANGED_PLACES)
        room = (size // CHANGED_PLACES - length) // BLOCK
        start = (first + chosen.randrange(room) * BLOCK) // BLOCK * BLOCK
        ranges.append((start, start + length))
    saved = []
    with open(file, "r+b") as opened:
        for start, end in ranges:
            opened.seek(start)
            saved.append(opened.read(end - start))
            opened.seek(start)
            opened.write(os.urandom(end - start))
        os.fsync(opened.fileno())
    try:
        yield ranges
    finally:
        with open(file, "r+b") as opened:
            for (start, _), bytes_before in zip(ranges, saved):
                opened.seek(start)
                opened.write(bytes_before)
            os.fsync(opened.fileno())


@contextmanager
def appended(file):
    """Appends 64 MiB; removes them afterwards."""
    size = file.stat().st_size
    with open(file, "ab") as opened:
        opened.write(os.urandom(APPENDED))
        os.fsync(opened.fileno())
    try:
        yield [(size, size + APPENDED)]
    finally:
        os.truncate(file, size)


CHANGES = {
    "unchanged": unchanged,
    "1 % rewritten in 100 places": rewritten,
    "64 MiB appended": appended,
}


def describe(result):
    """One line about a run."""
    manifest = "manifest" if result.manifest else "no manifest"
    return (f"{result.change}, {result.part_size // MIB} MiB, {manifest}, {result.delay_ms} ms: "
            f"{result.seconds:.2f} s, {result.sent_bytes / MIB:.0f} MiB")


def goals(results, make_goal):
    """The goals of the delta upload."""
    deltas = [result for result in results if result.change in CHANGES]
    worst = max((result for result in deltas if result.changed_bytes),
                key=lambda result: result.sent_bytes / result.changed_bytes)
    yield make_goal("delta: bytes sent / size of the changed parts",
                    worst.sent_bytes / worst.changed_bytes, 1.02, False)
    for part_size in PART_SIZES:
        same = [result for result in results
                if result.part_size == part_size and not result.delay_ms]
        whole = next(result for result in same if result.change not in CHANGES)
        dearest = max(result.cpu_per_gib for result in same if result.change in CHANGES)
        yield make_goal(f"delta, parts of {part_size // MIB} MiB: CPU / upload of all with MD5",
                        dearest / whole.cpu_per_gib, 1, False)
        slowest = max((result for result in deltas
                       if result.part_size == part_size and result.delay_ms == 50
                       and result.change == "unchanged"), key=lambda result: result.seconds)
        yield make_goal(
            f"delta, unchanged, parts of {part_size // MIB} MiB, 50 ms, {DELAY_CONNECTIONS} in "
            "flight: time / time for all at 1 Gbit/s",
            slowest.seconds / (slowest.size / GIGABIT), 0.2, False)


def table(results):
    """The runs as Markdown."""
    lines = [
        f"Delta uploads of {results[0].size / GIB:g} GiB with one run each; {CONNECTIONS} "
        f"connections without delay, {DELAY_CONNECTIONS} with one:",
        "",
        "| change | parts | manifest | delay | changed parts | sent | requests | client CPU | time |",
        "|---|---:|---|---:|---:|---:|---:|---:|---:|",
    ]
    for result in results:
        manifest = "yes" if result.manifest else "no"
        lines.append(
            f"| {result.change} | {result.part_size // MIB} MiB | {manifest} "
            f"| {result.delay_ms} ms | {result.changed_bytes / MIB:,.0f} MiB "
            f"| {result.sent_bytes / MIB:,.1f} MiB | {result.requests:,} "
            f"| {result.cpu_per_gib:.2f} s/GiB | {result.seconds:.2f} s |")
    return "\n".join(lines) + "\n"
