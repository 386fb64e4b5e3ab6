"""The performance goals and whether the results reach them."""

from dataclasses import dataclass

from . import machine
from .clients import BASELINE, OURS, PEER_NAMES
from .scenarios import DELAY_CONNECTIONS, DELAY_MS, PART


@dataclass(frozen=True)
class Goal:
    """A value that must be at least, or at most, its bound."""

    text: str
    value: float
    bound: float
    at_least: bool

    @property
    def reached(self):
        """Whether the value satisfies the bound."""
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    @property
    def verdict(self):
        """The verdict of the table, with the distance from the bound if it was missed."""
        if self.reached:
            return "reached"
        return f"missed by {abs(self.value / self.bound - 1):.0%}"


class Figures:
    """Looks up rows by scenario and client."""

    def __init__(self, rows):
        self.rows = rows

    def find(self, scenario, client, note=""):
        """The row, or None if it was not measured."""
        return next((row for row in self.rows if row.scenario == scenario
                     and row.client == client and note in row.label), None)

    def md5_file(self):
        """The file with MD5 and CRC-64, with the widest kernel of this CPU."""
        return self.find("file-md5", OURS, f"MD5 {machine.kernels()[-1]}")

    def peers(self, scenario):
        """The rows of all peers."""
        return [row for row in self.rows
                if row.scenario == scenario and row.client in PEER_NAMES]


def goals(rows):
    """All goals for which there are results."""
    figures = Figures(rows)
    return [*file_goals(figures), *md5_goals(figures), *memory_goals(figures),
            *stream_goals(figures), *data_goals(figures), *small_goals(figures),
            *delay_goals(figures)]


def file_goals(figures):
    """One large file with CRC-64."""
    ours, baseline = figures.find("file-crc64", OURS), figures.find("file-crc64", BASELINE)
    peers = figures.peers("file-crc64")
    if ours and baseline:
        yield Goal("file, CRC-64: throughput / baseline",
                   ours.gb_per_second / baseline.gb_per_second, 0.85, True)
        yield Goal("file, CRC-64: CPU / baseline",
                   ours.cpu_per_gib / baseline.cpu_per_gib,
                   1.15 if machine.has_avx512() else 1.25, False)
    if ours and peers:
        yield Goal("file, CRC-64: throughput / fastest peer",
                   ours.gb_per_second / max(peer.gb_per_second for peer in peers), 2, True)
        yield Goal("file, CRC-64: CPU / peer with the least",
                   ours.cpu_per_gib / min(peer.cpu_per_gib for peer in peers), 1 / 3, False)


def md5_goals(figures):
    """Content-MD5 with every part."""
    plain = figures.find("file-md5", OURS, "CRC-64 only")
    best = figures.md5_file()
    if best and plain:
        yield Goal("file, MD5 and CRC-64: CPU / CRC-64 only",
                   best.cpu_per_gib / plain.cpu_per_gib, 1.9, False)
    peers = figures.peers("file-crc64")
    if best and peers:
        yield Goal("MD5 and CRC-64: throughput / fastest peer without MD5",
                   best.gb_per_second / max(peer.gb_per_second for peer in peers), 1, True)


def memory_goals(figures):
    """The worst scenario, plain and over TLS, without those that have their data in memory; and each
    way of uploading."""
    ours = [row for row in figures.rows if row.client == OURS and "stream" not in row.scenario
            and row.scenario != "data"]
    for text, tls, each_kib in (("plain", False, 160), ("TLS", True, 512)):
        rows = [row for row in ours if (row.scenario == "tls") == tls]
        if rows:
            def share(row, each_kib=each_kib):
                return row.rss_mib / (8 + row.parallel * each_kib / 1024)
            worst = max(rows, key=share)
            yield Goal(
                f"peak RSS, {text} / (8 MiB + {each_kib} KiB per connection); worst: "
                f"{worst.scenario}, {worst.rss_mib:.1f} MiB with {worst.parallel}",
                share(worst), 1, False)
    ways = [("file, CRC-64", figures.find("file-crc64", OURS), 6),
            ("file, MD5 and CRC-64", figures.md5_file(), 8),
            ("stream, CRC-64", figures.find("stream", OURS), 48),
            ("stream, MD5 and CRC-64", figures.find("stream", OURS, "MD5"), 60)]
    for text, row, bound in ways:
        if row:
            yield Goal(f"{text}: peak RSS in MiB", row.rss_mib, bound, False)


def stream_goals(figures):
    """Streams, beside their own baseline and beside a file."""
    ours, baseline = figures.find("stream", OURS), figures.find("stream", BASELINE)
    file, with_md5 = figures.find("file-crc64", OURS), figures.find("stream", OURS, "MD5")
    if ours and baseline:
        yield Goal("stream: CPU / baseline that reads into part buffers",
                   ours.cpu_per_gib / baseline.cpu_per_gib, 1.2, False)
    if ours and file:
        yield Goal("stream: CPU / file", ours.cpu_per_gib / file.cpu_per_gib, 1.45, False)
    if with_md5 and figures.md5_file():
        yield Goal("stream, MD5 and CRC-64: CPU / file, MD5 and CRC-64",
                   with_md5.cpu_per_gib / figures.md5_file().cpu_per_gib, 1.25, False)


def data_goals(figures):
    """Bytes in memory."""
    ours, baseline = figures.find("data", OURS), figures.find("data", BASELINE)
    if ours and baseline:
        yield Goal("bytes in memory: CPU / baseline that writes from memory",
                   ours.cpu_per_gib / baseline.cpu_per_gib, 1.35, False)


def small_goals(figures):
    """Objects of 1 KiB."""
    ours, peers = figures.find("objects-1k", OURS), figures.peers("objects-1k")
    baseline = figures.find("objects-1k", BASELINE)
    if ours and baseline:
        yield Goal("1 KiB objects: CPU / baseline",
                   ours.cpu_us_per_item / baseline.cpu_us_per_item, 4, False)
    if ours and peers:
        yield Goal("1 KiB objects: requests per second / fastest peer",
                   ours.items_per_second / max(peer.items_per_second for peer in peers), 2, True)


def delay_goals(figures):
    """Responses delayed by 50 ms: compared with a formula and with the baseline.

    The formula assumes an endless upload whose transfers do not compete for the machine; the text
    of the goal therefore says which share of it the baseline reaches.
    """
    undelayed = figures.find("file-none", BASELINE) or figures.find("file-crc64", BASELINE)
    for connections in DELAY_CONNECTIONS:
        ours = figures.find(f"delay-{connections}", OURS)
        baseline = figures.find(f"delay-{connections}", BASELINE)
        if not (undelayed and ours and baseline):
            continue
        text = f"{DELAY_MS} ms delay, {connections} in flight: throughput / "
        yield Goal(text + "baseline with the same delay",
                   ours.gb_per_second / baseline.gb_per_second, 0.95, True)
        rate = undelayed.gb_per_second
        formula = min(rate, connections * PART / 1e9 / (DELAY_MS / 1000 + PART / 1e9 / rate))
        reached = baseline.gb_per_second / formula
        text += f"min(baseline, N part / (delay + transfer)); the baseline reaches {reached:.2f}"
        yield Goal(text, ours.gb_per_second / formula, 0.95, True)
