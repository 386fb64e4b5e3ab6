"""What an upload of a large file leaves of the page cache of another process.

Both run in one memory control group, which is smaller than their files. Needs root.
"""

import ctypes
import json
import mmap
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import files
from .scenarios import GIB, MIB
from .sink import Settings, Sink

KEY = "working-set"
CONNECTIONS = 4
GROUP = "ossmpu-bench"
V1 = Path("/sys/fs/cgroup/memory")
V2 = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Result:
    """One run."""

    way: str
    working_set: int
    resident_before: int
    resident_after: int
    uploaded_size: int
    #: Of the uploaded file.
    cached_after: int
    seconds: float
    cpu_per_gib: float
    limit: int


def measure(programs, work, scale, say):
    """A run for each way, one round after the other."""
    if os.geteuid() != 0 or not (V1.is_dir() or (V2 / "cgroup.controllers").exists()):
        say(f"  {KEY}: needs root and a memory control group")
        return []
    limit = 4 * GIB // scale
    memory = files.data_file(work, 2 * GIB // scale)
    uploaded = files.data_file(work, 8 * GIB // scale)
    results = []
    for way in ("--keep-cache", "--drop-cache") * 3:
        with Sink(programs, Settings()) as sink, control_group(limit) as join:
            results.append(run(programs, memory, uploaded, way, sink, join, limit))
        say(f"  {way}: {results[-1].resident_after / MIB:.0f} MiB stayed resident")
    return results


def run(programs, memory, uploaded, way, sink, join, limit):
    """Touches the working set, uploads the other file, and counts what has stayed."""
    forget(memory)
    forget(uploaded)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, memory], stdout=subprocess.PIPE, stdin=subprocess.PIPE,
        text=True, preexec_fn=join)
    holder.stdout.readline()
    before = resident(memory)
    command = [str(programs / "upload_bench"), "--endpoint", sink.endpoint, "--file", uploaded,
               "--parallel", str(CONNECTIONS), way]
    done = subprocess.run(command, capture_output=True, text=True, check=True, preexec_fn=join)
    report = json.loads(done.stdout.splitlines()[-1])
    after, cached = resident(memory), resident(uploaded)
    holder.communicate("end\n")
    size = os.stat(uploaded).st_size
    cpu = report["cpu_user"] + report["cpu_sys"]
    return Result(way, os.stat(memory).st_size, before, after, size, cached, report["seconds"],
                  cpu / size * GIB, limit)


#: Reads all of a file twice, as a program that uses it does, and keeps it mapped.
HOLDER = """
import mmap, sys
with open(sys.argv[1], "rb") as file:
    pages = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
    for _ in range(2):
        for offset in range(0, len(pages), 4096):
            pages[offset]
    print("touched", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def control_group(limit):
    """A memory control group; gives the function with which a child joins it."""
    if (V2 / "cgroup.controllers").exists():
        group, limit_file = V2 / GROUP, "memory.max"
    else:
        group, limit_file = V1 / GROUP, "memory.limit_in_bytes"
    group.mkdir(exist_ok=True)
    (group / limit_file).write_text(str(limit))
    try:
        yield lambda: (group / "cgroup.procs").write_text(str(os.getpid()))
    finally:
        # Its processes have ended, which the kernel notices a little later.
        for _ in range(50):
            try:
                group.rmdir()
                break
            except OSError:
                time.sleep(0.1)


def forget(path):
    """Removes a file from the page cache."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def resident(path):
    """How many bytes of a file are in the page cache."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int,
                          ctypes.c_int, ctypes.c_long]
    libc.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p]
    libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        address = libc.mmap(None, size, 0, mmap.MAP_SHARED, file.fileno(), 0)
        pages = ctypes.create_string_buffer(-(-size // mmap.PAGESIZE))
        failed = libc.mincore(address, size, pages)
        libc.munmap(address, size)
    if failed:
        raise OSError(ctypes.get_errno(), "mincore")
    return sum(byte & 1 for byte in pages.raw) * mmap.PAGESIZE


def table(results):
    """The runs as Markdown."""
    first = results[0]
    lines = [
        f"Upload of {first.uploaded_size / GIB:g} GiB that were not cached, while another process "
        f"has {first.working_set / GIB:g} GiB of a file mapped; both in a control group of "
        f"{first.limit / GIB:g} GiB:",
        "",
        "| page cache | working set before | after | uploaded file cached | client CPU | time |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for result in results:
        way = "kept" if result.way == "--keep-cache" else "left to the host"
        lines.append(
            f"| {way} | {result.resident_before / MIB:,.0f} MiB "
            f"| {result.resident_after / MIB:,.0f} MiB | {result.cached_after / MIB:,.0f} MiB "
            f"| {result.cpu_per_gib:.2f} s/GiB | {result.seconds:.2f} s |")
    return "\n".join(lines) + "\n"
