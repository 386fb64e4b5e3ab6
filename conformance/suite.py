"""Runs official and third-party OSS clients against the emulator, and our own V1 signatures
against OpenStack Swift, and prints the results.

Each client runs in a process of its own for each signature version and addressing style. A private
/etc/hosts resolves the host names of buckets.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).parent
CASES = json.loads((HERE / "cases.json").read_text())
OLD_DATE = "date 20 minutes old"
KEY_ID = "conformance-id"
SECRET = "conformance-secret"
ENDPOINT_NAME = "oss.localhost"
START_SECONDS = 20
CLIENT_SECONDS = 180
SWIFT_SECONDS = 120


@dataclass(frozen=True)
class Client:
    """A client: its command, and the signature versions and addressing styles it supports."""

    name: str
    short: str
    command: tuple
    signatures: tuple
    styles: tuple
    path_host: str


@dataclass(frozen=True)
class Column:
    """A column of a table: a client with a signature version, an addressing style and a bucket."""

    client: Client
    signature: str
    style: str

    @property
    def title(self):
        return f"{self.signature} {self.style}"

    @property
    def bucket(self):
        return f"{self.client.short}-{self.signature.lower()}-{self.style}"

    @property
    def source_bucket(self):
        return f"{self.bucket}-source"


BOTH = ("V4", "V1"), ("path", "virtual")
PYTHON = (sys.executable, "-B")
NODE = ("node",)
CLIENTS = [
    Client("alibabacloud-oss-v2 (PyPI)", "ossv2", (*PYTHON, HERE / "clients/oss_v2_client.py"),
           *BOTH, path_host="127.0.0.1"),
    Client("oss2 (PyPI)", "oss2", (*PYTHON, HERE / "clients/oss2_client.py"),
           *BOTH, path_host="127.0.0.1"),
    # If the endpoint is an IP address, it sends the host name of the public service.
    Client("ali-oss (npm)", "alioss", (*NODE, HERE / "clients/ali_oss_client.js"),
           *BOTH, path_host=ENDPOINT_NAME),
    Client("opendal (PyPI)", "opendal", (*PYTHON, HERE / "clients/opendal_client.py"),
           ("V1",), ("path", "virtual"), path_host="127.0.0.1"),
]


class Emulator:
    """A context manager that runs the emulator; its log is in the folder."""

    def __init__(self, binary, folder, buckets):
        self.binary = binary
        command = [
            binary, "--listen", "127.0.0.1:0", "--dir", folder / "store", "--region", "cn-hangzhou",
            "--access-key-id", KEY_ID, "--access-key-secret", SECRET, "--bucket", *buckets,
            "--option", "private_callbacks",
        ]
        self.log = open(folder / "emulator.log", "w", encoding="utf-8")
        self.process = subprocess.Popen(
            list(map(str, command)), stdout=subprocess.PIPE, stderr=self.log, text=True)
        timeout = threading.Timer(START_SECONDS, self.process.kill)
        timeout.start()
        line = self.process.stdout.readline()
        timeout.cancel()
        if not line.startswith("listening on "):
            raise SystemExit(f"the emulator did not start, see {folder / 'emulator.log'}")
        self.url = line.removeprefix("listening on ").strip()
        self.port = int(self.url.rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(START_SECONDS)
        self.log.close()


class CallbackHandler(BaseHTTPRequestHandler):
    """The callback server: /ok returns what it received, /broken fails."""

    def do_POST(self):  # pylint: disable=invalid-name
        received = self.rfile.read(int(self.headers["Content-Length"])).decode()
        response = json.dumps({"status": "OK", "received": received}).encode()
        self.send_response(200 if self.path == "/ok" else 500)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(response)))
        self.end_headers()
        self.wfile.write(response)

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


@contextlib.contextmanager
def callback_server():
    """Runs the callback server; yields its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), CallbackHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def with_private_hosts(hosts, command):
    """Wraps a command so that it alone sees the file `hosts` as /etc/hosts."""
    script = 'mount --bind "$0" /etc/hosts && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", script, hosts, *command]


def run_client(column, emulator, callback, folder, hosts):
    """Runs all cases of a column: the one with the old date under faketime."""
    work = folder / column.bucket
    work.mkdir()
    host = column.client.path_host if column.style == "path" else ENDPOINT_NAME
    setup = {
        "signature": column.signature, "style": column.style,
        "endpoint": f"http://{host}:{emulator.port}",
        "bucket": column.bucket, "source_bucket": column.source_bucket,
        "key_id": KEY_ID, "secret": SECRET, "emulator": str(emulator.binary), "url": emulator.url,
        "callback": callback, "folder": str(work),
    }
    results = {}
    today = [case for case in CASES if case != OLD_DATE]
    for cases, clock in ((today, []), ([OLD_DATE], ["faketime", "-f", "-20m"])):
        command = [*clock, *column.client.command, json.dumps({**setup, "cases": cases})]
        done, output = execute(with_private_hosts(hosts, command), work / "client.log",
                               CLIENT_SECONDS)
        for line in output.splitlines():
            report = json.loads(line)
            results[report["case"]] = (report["result"], report["reason"])
        for case in cases:
            results.setdefault(case, ("FAIL", f"no result, {done}, see {work / 'client.log'}"))
    return results


def execute(command, log, seconds):
    """Runs a command with a timeout; returns how it ended and its stdout."""
    with open(log, "a", encoding="utf-8") as errors:
        try:
            done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=errors,
                                  text=True, timeout=seconds, check=False)
        except subprocess.TimeoutExpired as error:
            return f"killed after {seconds} s", (error.stdout or b"").decode()
        return f"exit code {done.returncode}", done.stdout


def run_probe(arguments, folder):
    """Runs ossmpu with V1 signatures through haproxy against Swift."""
    command = ["bash", HERE / "swift/run.sh", folder / "swift", arguments.probe]
    done, output = execute(command, folder / "swift.log", SWIFT_SECONDS)
    results = {}
    for line in output.splitlines():
        name, result, reason = (line.split("\t") + ["", ""])[:3]
        results[name] = (result, reason)
    if done != "exit code 0" or not results:
        results["probe"] = ("FAIL", f"{done}, see {folder / 'swift.log'}")
    return results


def table(title, cases, columns):
    """Prints a table of cases; columns are pairs of a title and results by case."""
    width = max(map(len, cases), default=0)
    print(f"\n{title}")
    print("  " + " " * width + "".join(f"  {name:<12}" for name, _ in columns).rstrip())
    for name in cases:
        cells = [results.get(name, ("FAIL", ""))[0] for _, results in columns]
        print(f"  {name:<{width}}" + "".join(f"  {cell:<12}" for cell in cells).rstrip())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--emulator", type=Path, required=True)
    parser.add_argument("--probe", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--only", default="", help="only columns whose bucket name contains this")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    columns = [
        Column(client, signature, style)
        for client in CLIENTS for signature in client.signatures for style in client.styles
    ]
    columns = [column for column in columns if arguments.only in column.bucket]
    buckets = [name for column in columns for name in (column.bucket, column.source_bucket)]
    hosts = folder / "hosts"
    names = [ENDPOINT_NAME, *(f"{bucket}.{ENDPOINT_NAME}" for bucket in buckets)]
    lines = "".join(f"127.0.0.1 {name}\n" for name in names)
    hosts.write_text(Path("/etc/hosts").read_text(encoding="utf-8") + "\n" + lines)

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool, callback_server() as callback, \
            Emulator(arguments.emulator.resolve(), folder, buckets) as emulator:
        probe = pool.submit(run_probe, arguments, folder)
        jobs = {
            column: pool.submit(run_client, column, emulator, callback, folder, hosts)
            for column in columns
        }
        results = {column: job.result() for column, job in jobs.items()}
        probed = probe.result()

    for client in CLIENTS:
        mine = [(c.title, found) for c, found in results.items() if c.client == client]
        if mine:
            table(client.name, CASES, mine)
    ours = "ossmpu through haproxy, verified by OpenStack Swift"
    table(ours, list(probed), [("V1 path", probed)])
    named = [(f"{column.client.name}, {column.title}", found) for column, found in results.items()]
    return summary([*named, (ours, probed)])


def summary(blocks):
    """Prints the failures and the totals; returns the exit code."""
    passed, failed = 0, []
    for title, results in blocks:
        for case, (result, reason) in results.items():
            passed += result == "ok"
            if result == "FAIL":
                failed.append(f"{title}: {case}\n    {reason}")
    if failed:
        print("\nFAIL\n  " + "\n  ".join(failed))
    print(f"\n{passed} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
