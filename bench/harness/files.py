"""Creates the files to upload, once, and reads them into the page cache."""

import os
import time
from pathlib import Path

CHUNK = 8 << 20
#: ossmpu reads a file twice if it was written less than a minute ago.
NEW_SECONDS = 61


def data_file(work, size):
    """A file of random bytes."""
    path = Path(work) / f"data-{size}"
    if not path.exists() or path.stat().st_size != size:
        with open(path, "wb") as file:
            for offset in range(0, size, CHUNK):
                file.write(os.urandom(min(CHUNK, size - offset)))
            # Writing dirty pages back during a measurement would disturb it.
            os.fsync(file.fileno())
    wait_until_old(path)
    read_through(path)
    return str(path)


def sparse_file(work, size):
    """A file that is a single hole."""
    path = Path(work) / f"sparse-{size}"
    if not path.exists() or path.stat().st_size != size:
        with open(path, "wb") as file:
            file.truncate(size)
        wait_until_old(path)
        read_through(path)
    return str(path)


def object_dir(work, count, size):
    """A directory of small files, for clients that cannot upload from memory."""
    path = Path(work) / f"objects-{count}-{size}"
    path.mkdir(exist_ok=True)
    for index in range(count):
        name = path / f"object-{index}"
        if not name.exists():
            name.write_bytes(os.urandom(size))
    return str(path)


def wait_until_old(path):
    """Waits until a file was written long enough ago."""
    time.sleep(max(0, path.stat().st_mtime + NEW_SECONDS - time.time()))


def read_through(path):
    """Reads a file into the page cache, as far as it fits."""
    buffer = bytearray(CHUNK)
    with open(path, "rb", buffering=0) as file:
        while file.readinto(buffer):
            pass
