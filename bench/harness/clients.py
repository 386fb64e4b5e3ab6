"""How each client is told to do a job: one function from a job to a command line."""

import sys
from dataclasses import dataclass
from pathlib import Path

PEERS = Path(__file__).resolve().parent.parent / "peers"
OURS = "ossmpu"
FLOOR = "floor"
PEER_NAMES = ["crt", "boto3", "oss_v2", "oss2", "rclone"]
LABELS = {
    FLOOR: "bare pread + write",
    "crt": "awscrt",
    "oss_v2": "alibabacloud-oss-v2",
}

# What each is fastest with on two cores; more connections only cost it more.
BEST_PARALLEL = {
    FLOOR: 4, OURS: 4, "crt": 8, "boto3": 4, "oss_v2": 4, "oss2": 2, "rclone": 4,
}
BEST_PARALLEL_SMALL = {
    FLOOR: 4, OURS: 8, "crt": 8, "boto3": 4, "oss_v2": 8, "oss2": 2, "rclone": 8,
}


@dataclass(frozen=True)
class Entry:
    """One row of a scenario: a client and its settings."""

    client: str
    parallel: int
    integrity: str = "crc64"
    kernel: str = "auto"
    #: As a stream whose length is not told, with at most so many bytes of part buffers.
    stream_memory: int = 0
    note: str = ""

    @property
    def label(self):
        """As in the table."""
        name = LABELS.get(self.client, self.client)
        return f"{name}, {self.note}" if self.note else name


@dataclass(frozen=True)
class Job:
    """What is uploaded, and where to."""

    endpoint: str
    part_size: int
    file: str = ""
    objects: int = 0
    object_size: int = 0
    object_dir: str = ""
    ca: str = ""


def command(entry, job, programs):
    """The command line that does the job."""
    what = ["--endpoint", job.endpoint, "--parallel", str(entry.parallel)]
    if job.file:
        what += ["--file", job.file, "--part-size", str(job.part_size)]
    else:
        what += ["--objects", str(job.objects), "--object-size", str(job.object_size)]
    if job.ca:
        what += ["--ca", job.ca]
    if entry.client == FLOOR:
        return [str(programs / "floor"), *what]
    if entry.client == OURS:
        ours = ["--integrity", entry.integrity, "--kernel", entry.kernel]
        if entry.stream_memory:
            ours += ["--stream", "--memory-limit", str(entry.stream_memory)]
        return [str(programs / "drive"), *what, *ours]
    if job.object_dir:
        what += ["--object-dir", job.object_dir]
    checks = "off" if entry.integrity == "none" else "on"
    script = PEERS / f"peer_{entry.client}.py"
    return [sys.executable, str(script), *what, "--checks", checks]
