"""Runs the cases of one client and says what came of each, as one line of JSON.

A client's module has a class with one method for each case, named by `case`, and the names of the
cases that the client does not offer. What the setup is comes as JSON in the first argument.
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
    """How one client talks to the emulator."""

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
        """Runs a tool of the emulator and returns what it prints."""
        keys = ["--access-key-id", self.key_id, "--access-key-secret", self.secret]
        command = [self.emulator, *map(str, arguments), *keys, "--region", REGION]
        done = subprocess.run(command, capture_output=True, timeout=20)
        if done.returncode != 0:
            raise AssertionError(f"oss-emulator {arguments}: {done.stderr.decode().strip()}")
        return done.stdout

    def read(self, key, bucket=None):
        """The object as the emulator's own tool reads it."""
        return self.tool("get", self.address(key, bucket))

    def store(self, key, content, bucket=None):
        """Stores an object with the emulator's own tool."""
        file = self.folder / hashlib.md5(key.encode()).hexdigest()
        file.write_bytes(content)
        self.tool("put", self.address(key, bucket), file)

    def exists(self, key):
        """Is there such an object, as the emulator's own tool sees it?"""
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
        """The URL of an object for the tools."""
        return f"{self.url}/{bucket or self.bucket}/{urllib.parse.quote(key)}"


def case(name):
    """Marks a method as one of the cases."""

    def mark(method):
        method.case = name
        return method

    return mark


def content(size, seed=1):
    """Bytes that look different in every part."""
    block = hashlib.sha512(str(seed).encode()).digest()
    text = b"".join(hashlib.sha512(block + str(i).encode()).digest() for i in range(size // 64 + 1))
    return text[:size]


def pieces(data, size=PART):
    """The data cut into parts."""
    return [data[start:start + size] for start in range(0, len(data), size)]


def md5(data):
    """The ETag of a part."""
    return hashlib.md5(data).hexdigest().upper()


def content_md5(data):
    """The value of a Content-MD5 header."""
    return base64.b64encode(hashlib.md5(data).digest()).decode()


def callback_headers(url):
    """The parameters of a callback, as the values of the two headers."""
    body = "bucket=${bucket}&object=${object}&size=${size}&color=${x:color}"
    callback = {"callbackUrl": url, "callbackBody": body}
    return encode(callback), encode({"x:color": "deep blue"})


def encode(value):
    """Base64 of JSON."""
    return base64.b64encode(json.dumps(value).encode()).decode()


def check_callback_answer(setup, answer, key, size):
    """The callback's server answers with what it has received."""
    fields = dict(urllib.parse.parse_qsl(answer["received"]))
    expect("status of the callback", answer["status"], "OK")
    expect("bucket told", fields["bucket"], setup.bucket)
    expect("object told", fields["object"], key)
    expect("size told", fields["size"], str(size))
    expect("variable told", fields["color"], "deep blue")


def send(method, url, body=b"", headers=None):
    """Sends a presigned request as it is, with no header but those given; answers status, headers
    by lower-case name, and body."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    try:
        target = f"{parts.path}?{parts.query}"
        connection.request(method, target, body=body, headers=headers or {})
        answer = connection.getresponse()
        replied = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, replied, answer.read().decode()
    finally:
        connection.close()


def expect(what, found, wanted):
    """Fails unless the two are equal."""
    if found != wanted:
        raise AssertionError(f"{what}: {shorten(found)}, not {shorten(wanted)}")


def expect_bytes(what, found, wanted):
    """Fails unless the two are equal; tells them by size and digest."""
    if found != wanted:
        raise AssertionError(
            f"{what}: {len(found)} bytes {md5(found)}, not {len(wanted)} bytes {md5(wanted)}")


def shorten(value):
    """A value as it fits into a message."""
    text = repr(value)
    return text if len(text) < 300 else f"{text[:300]}…"


def run(client, offered_not):
    """Runs the cases that are asked for and reports each."""
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
        if name in offered_not:
            report(name, "not offered")
        elif name not in methods:
            report(name, "FAIL", "the suite has no such case for this client")
        else:
            report(name, *outcome(methods[name], client(setup)))


def outcome(method, instance):
    """Result and reason of one case."""
    try:
        method(instance)
    except Exception as error:  # pylint: disable=broad-except
        frames = traceback.extract_tb(error.__traceback__)
        here = [f"{Path(f.filename).name}:{f.lineno}" for f in frames if "/clients/" in f.filename]
        return "FAIL", f"{type(error).__name__} at {' < '.join(reversed(here))}: {error}"
    return ("ok",)


def report(name, result, reason=""):
    """One line for the suite."""
    print(json.dumps({"case": name, "result": result, "reason": reason}), flush=True)
