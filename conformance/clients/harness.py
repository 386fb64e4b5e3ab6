"""Runs the cases of one client and reports each result as one line of JSON.

The module of a client has a class with one method per case, marked with `case`, and the names of
the cases that the client does not support. The setup is JSON in the first argument.
"""

import base64
import hashlib
import http.client
import json
import subprocess
import sys
import traceback
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path

PART = 100 * 1024
REGION = "cn-hangzhou"

ODD_KEYS = [
    "with space",
    "plus+plus",
    "per%cent%20and%2F",
    "a/b/c.d",
    "double//slash",
    "trailing/",
    "中文/文件名",
    "form\x0cfeed",
    "<quotes'\"&>",
    "tilde~!*(),;:@=$",
    "question?hash#",
    "emoji 😀",
]


@dataclass
class Setup:
    """Parameters of a client and the emulator."""

    signature: str
    style: str
    endpoint: str
    bucket: str
    source_bucket: str
    key_id: str
    secret: str
    emulator: str
    url: str
    callback: str
    folder: Path
    cases: list = field(default_factory=list)

    def tool(self, *arguments):
        """Runs a client command of the emulator and returns its stdout."""
        keys = ["--access-key-id", self.key_id, "--access-key-secret", self.secret]
        command = [self.emulator, *map(str, arguments), *keys, "--region", REGION]
        done = subprocess.run(command, capture_output=True, timeout=20)
        if done.returncode != 0:
            raise AssertionError(f"oss-emulator {arguments}: {done.stderr.decode().strip()}")
        return done.stdout

    def read(self, key, bucket=None):
        """The content of an object, read with the client command of the emulator."""
        return self.tool("get", self.address(key, bucket))

    def store(self, key, content, bucket=None):
        """Stores an object with the client command of the emulator."""
        file = self.folder / hashlib.md5(key.encode()).hexdigest()
        file.write_bytes(content)
        self.tool("put", self.address(key, bucket), file)

    def exists(self, key):
        """Whether an object exists."""
        return key in self.objects(key)

    def objects(self, prefix=""):
        """The keys of the bucket."""
        lines = self.tool("ls", self.address(prefix)).decode().split("\n")
        return [line.lstrip(" ").split(" ", 1)[1] for line in lines if line]

    def uploads(self, prefix=""):
        """The unfinished uploads of the bucket, as pairs of key and upload ID."""
        lines = self.tool("uploads", self.address(prefix)).decode().split("\n")
        return [tuple(line.rsplit(" ", 1)) for line in lines if line]

    def address(self, key, bucket=None):
        """The URL of an object for the client commands."""
        return f"{self.url}/{bucket or self.bucket}/{urllib.parse.quote(key)}"


def case(name):
    """Marks a method as one of the cases."""

    def mark(method):
        method.case = name
        return method

    return mark


def content(size, seed=1):
    """Pseudo-random bytes, so that all parts differ."""
    block = hashlib.sha512(str(seed).encode()).digest()
    text = b"".join(hashlib.sha512(block + str(i).encode()).digest() for i in range(size // 64 + 1))
    return text[:size]


def parts_of(data, size=PART):
    """Splits data into parts."""
    return [data[start:start + size] for start in range(0, len(data), size)]


def md5(data):
    """The ETag of a part."""
    return hashlib.md5(data).hexdigest().upper()


def content_md5(data):
    """The value of a Content-MD5 header."""
    return base64.b64encode(hashlib.md5(data).digest()).decode()


def callback_headers(url):
    """The values of the x-oss-callback and x-oss-callback-var headers."""
    body = "bucket=${bucket}&object=${object}&size=${size}&color=${x:color}"
    callback = {"callbackUrl": url, "callbackBody": body}
    return encode(callback), encode({"x:color": "deep blue"})


def encode(value):
    """Encodes a value as Base64 of JSON."""
    return base64.b64encode(json.dumps(value).encode()).decode()


def check_callback_response(setup, response, key, size):
    """Checks the response of the callback server, which repeats what it received."""
    fields = dict(urllib.parse.parse_qsl(response["received"]))
    expect("status of the callback", response["status"], "OK")
    expect("bucket in the callback", fields["bucket"], setup.bucket)
    expect("object in the callback", fields["object"], key)
    expect("size in the callback", fields["size"], str(size))
    expect("variable in the callback", fields["color"], "deep blue")


def send(method, url, body=b"", headers=None):
    """Sends a presigned request with the given headers only; returns status, headers by lower-case
    name, and body."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    try:
        target = f"{parts.path}?{parts.query}"
        connection.request(method, target, body=body, headers=headers or {})
        response = connection.getresponse()
        received = {name.lower(): value for name, value in response.getheaders()}
        return response.status, received, response.read().decode()
    finally:
        connection.close()


def expect(what, found, wanted):
    """Fails unless the values are equal."""
    if found != wanted:
        raise AssertionError(f"{what}: {shorten(found)}, not {shorten(wanted)}")


def expect_bytes(what, found, wanted):
    """Fails unless the bytes are equal; the message has their sizes and digests."""
    if found != wanted:
        raise AssertionError(
            f"{what}: {len(found)} bytes {md5(found)}, not {len(wanted)} bytes {md5(wanted)}")


def shorten(value):
    """The value as text, shortened for a message."""
    text = repr(value)
    return text if len(text) < 300 else f"{text[:300]}…"


def run(client, unsupported):
    """Runs the requested cases and reports each."""
    arguments = json.loads(sys.argv[1])
    setup = Setup(**arguments)
    setup.folder = Path(setup.folder)
    names = json.loads((Path(__file__).parents[1] / "cases.json").read_text())
    methods = {}
    for name in dir(client):
        method = getattr(client, name)
        if hasattr(method, "case"):
            methods[method.case] = method
    for name in setup.cases or names:
        if name in unsupported:
            report(name, "unsupported")
        elif name not in methods:
            report(name, "FAIL", "this client has no such case")
        else:
            report(name, *outcome(methods[name], client(setup)))


def outcome(method, instance):
    """Runs one case; returns its result and reason."""
    try:
        method(instance)
    except Exception as error:  # pylint: disable=broad-except
        frames = traceback.extract_tb(error.__traceback__)
        here = [f"{Path(f.filename).name}:{f.lineno}" for f in frames if "/clients/" in f.filename]
        return "FAIL", f"{type(error).__name__} at {' < '.join(reversed(here))}: {error}"
    return ("ok",)


def report(name, result, reason=""):
    """Prints the result of a case for the suite."""
    print(json.dumps({"case": name, "result": result, "reason": reason}), flush=True)
