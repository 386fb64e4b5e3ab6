"""rclone copyto and copy. It computes the MD5 of every part in any case.

rclone is a separate process; its startup is measured first and subtracted.
"""

import os
import shutil
import subprocess
import sys
import time

import measure


def main():
    given = measure.flags()
    target = f":s3:{measure.BUCKET}/"
    if given.file:
        job = ["copyto", given.file, target + "object"]
        size = os.path.getsize(given.file)
        items = -(-size // given.part_size)
    else:
        job = ["copy", given.object_dir, target]
        size, items = given.objects * given.object_size, given.objects
    command = [
        find_rclone(), *job, "--config", "/dev/null", "--quiet", "--stats", "0",
        "--retries", "1", "--low-level-retries", "1",
        "--ignore-times", "--no-check-dest", "--s3-no-head", "--s3-no-check-bucket",
        "--s3-provider", "Alibaba", "--s3-endpoint", given.endpoint,
        "--s3-access-key-id", measure.KEY_ID, "--s3-secret-access-key", measure.SECRET,
        "--s3-force-path-style=true", "--s3-use-unsigned-payload=true",
        "--s3-use-multipart-etag=false",
        "--s3-upload-cutoff", f"{given.part_size}B", "--s3-chunk-size", f"{given.part_size}B",
        "--s3-upload-concurrency", str(given.parallel),
        "--multi-thread-streams", str(given.parallel),
        "--transfers", str(given.parallel), "--checkers", str(given.parallel),
    ]
    if given.checks == "off":
        command.append("--s3-disable-checksum")
    if given.ca:
        command += ["--ca-cert", given.ca]
    idle, idle_cpu = timed([find_rclone(), "version", "--config", "/dev/null"])
    seconds, used = timed(command)
    measure.report(
        max(seconds - idle, 1e-6), max(used.ru_utime - idle_cpu.ru_utime, 0),
        max(used.ru_stime - idle_cpu.ru_stime, 0), used.ru_maxrss, size, items)


def find_rclone():
    """The pinned rclone next to this Python, or the one of the system."""
    pinned = os.path.join(os.path.dirname(sys.executable), "rclone")
    return pinned if os.path.exists(pinned) else shutil.which("rclone") or "rclone"


def timed(command):
    """Runs a process and returns its wall time and resource usage."""
    started = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"rclone exited with {process.returncode}")
    return time.monotonic() - started, used


if __name__ == "__main__":
    main()
