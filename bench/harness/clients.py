"""The clients, and the command line that runs a job with each."""

import sys
from dataclasses import dataclass
from pathlib import Path

PEERS = Path(__file__).resolve().parent.parent / "peers"
OURS = "ossmpu"
BASELINE = "baseline"
PEER_NAMES = ["crt", "boto3", "oss_v2", "oss2", "rclone"]
LABELS = {
    BASELINE: "bare pread + write",
    "crt": "awscrt",
    "oss_v2": "alibabacloud-oss-v2",
}

# The number of connections with which each client is fastest on two cores.
BEST_PARALLEL = {
    BASELINE: 4, OURS: 4, "crt": 8, "boto3": 4, "oss_v2": 4, "oss2": 2, "rclone": 4,
}
BEST_PARALLEL_SMALL = {
    BASELINE: 4, OURS: 8, "crt": 8, "boto3": 4, "oss_v2": 8, "oss2": 2, "rclone": 8,
}


@dataclass(frozen=True)
class Entry:
    """One row of a scenario: a client and its settings."""

    client: str
    parallel: int
    integrity: str = "crc64"
    kernel: str = "auto"
    #: If not 0, upload a stream of unknown length with this memory limit in bytes, which the baseline
    #: does not need.
    stream_memory: int = 0
    note: str = ""

    @property
    def label(self):
        """The name in the table."""
        name = LABELS.get(self.client, self.client)
        return f"{name}, {self.note}" if self.note else name


@dataclass(frozen=True)
class Job:
    """The data to upload and the server to upload to."""

    endpoint: str
    part_size: int
    file: str = ""
    objects: int = 0
    object_size: int = 0
    object_dir: str = ""
    #: Bytes in memory.
    data_size: int = 0
    ca: str = ""


def command(entry, job, programs):
    """The command line that runs the job with the client of the entry."""
    arguments = ["--endpoint", job.endpoint, "--parallel", str(entry.parallel)]
    if job.file:
        arguments += ["--file", job.file, "--part-size", str(job.part_size)]
    elif job.data_size:
        arguments += ["--size", str(job.data_size), "--part-size", str(job.part_size)]
    else:
        arguments += ["--objects", str(job.objects), "--object-size", str(job.object_size)]
    if job.ca:
        arguments += ["--ca", job.ca]
    if entry.client == BASELINE:
        stream = ["--stream"] if entry.stream_memory else []
        return [str(programs / "baseline"), *arguments, *stream]
    if entry.client == OURS:
        ours = ["--integrity", entry.integrity, "--kernel", entry.kernel]
        if entry.stream_memory:
            ours += ["--stream", "--memory-limit", str(entry.stream_memory)]
        return [str(programs / "upload_bench"), *arguments, *ours]
    if job.object_dir:
        arguments += ["--object-dir", job.object_dir]
    checks = "off" if entry.integrity == "none" else "on"
    script = PEERS / f"peer_{entry.client}.py"
    return [sys.executable, str(script), *arguments, "--checks", checks]
