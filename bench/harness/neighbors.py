"""Processes that compete for the cores."""

import subprocess
import sys

SPIN = "while True:\n    pass"


class Neighbors:
    """A context manager that keeps so many processes busy."""

    def __init__(self, count):
        self.count = count
        self.processes = []

    def __enter__(self):
        self.processes = [subprocess.Popen([sys.executable, "-c", SPIN])
                          for _ in range(self.count)]
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()
