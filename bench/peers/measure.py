"""Code shared by all peers: flags, and the report of time, CPU time and memory as JSON."""

import argparse
import json
import os
import resource
import time
from concurrent.futures import ThreadPoolExecutor

BUCKET = "bench"
KEY_ID = "bench"
SECRET = "bench-secret"
REGION = "cn-hangzhou"


def flags():
    """Parses the command line, which is the same for all peers."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--file", help="upload this file in parts")
    parser.add_argument("--part-size", type=int, default=8 << 20)
    parser.add_argument("--parallel", type=int, default=8)
    parser.add_argument("--checks", choices=["on", "off"], default="on")
    parser.add_argument("--objects", type=int, help="upload this number of small objects")
    parser.add_argument("--object-size", type=int, default=1024)
    parser.add_argument("--object-dir", help="directory of small files, if objects must be files")
    parser.add_argument("--ca", help="a PEM file with the server's certificate")
    given = parser.parse_args()
    if given.ca:
        for variable in ("REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE", "SSL_CERT_FILE"):
            os.environ[variable] = given.ca
    return given


def run(given, put_file, put_object):
    """Uploads the file or the objects and reports. Imports and setup are not counted."""
    data = os.urandom(given.object_size)
    cpu, started = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    if given.file:
        put_file("object", given.file)
        size = os.path.getsize(given.file)
        items = -(-size // given.part_size)
    else:
        keys = [f"object-{index}" for index in range(given.objects)]
        with ThreadPoolExecutor(given.parallel) as pool:
            for _ in pool.map(lambda key: put_object(key, data), keys):
                pass
        size, items = given.objects * given.object_size, given.objects
    seconds = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_SELF)
    report(seconds, after.ru_utime - cpu.ru_utime, after.ru_stime - cpu.ru_stime,
           own_peak_rss_kib(), size, items)


def report(seconds, cpu_user, cpu_sys, max_rss_kib, size, items):
    """Prints the same line as the Rust programs."""
    print(json.dumps({
        "seconds": round(seconds, 6), "cpu_user": round(cpu_user, 6),
        "cpu_sys": round(cpu_sys, 6), "max_rss_kib": max_rss_kib,
        "bytes": size, "items": items,
    }))


def own_peak_rss_kib():
    """Peak resident memory. Not ru_maxrss, which after exec includes the peak of the parent."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
