"""The files that are uploaded. Made once, and in the page cache when they are used."""

import os
from pathlib import Path

CHUNK = 8 << 20


def data_file(work, size):
    """Bytes that do not repeat."""
    path = Path(work) / f"data-{size}"
    if not path.exists() or path.stat().st_size != size:
        with open(path, "wb") as file:
            for offset in range(0, size, CHUNK):
                file.write(os.urandom(min(CHUNK, size - offset)))
            # Pages that are written back meanwhile would disturb the measurement.
            os.fsync(file.fileno())
    read_through(path)
    return str(path)


def sparse_file(work, size):
    """A file that is one hole."""
    path = Path(work) / f"sparse-{size}"
    if not path.exists() or path.stat().st_size != size:
        with open(path, "wb") as file:
            file.truncate(size)
        read_through(path)
    return str(path)


def object_dir(work, count, size):
    """A folder of small files, for the clients that read nothing else."""
    path = Path(work) / f"objects-{count}-{size}"
    path.mkdir(exist_ok=True)
    for index in range(count):
        name = path / f"object-{index}"
        if not name.exists():
            name.write_bytes(os.urandom(size))
    return str(path)


def read_through(path):
    """Brings a file into the page cache, as far as it fits."""
    buffer = bytearray(CHUNK)
    with open(path, "rb", buffering=0) as file:
        while file.readinto(buffer):
            pass
