"""Measured runs and their medians."""

from dataclasses import dataclass
from statistics import median

GIB = 1 << 30


@dataclass(frozen=True)
class Sample:
    """One run of one client."""

    seconds: float
    cpu_seconds: float
    rss_kib: float
    size: int
    items: int
    connections: int

    @classmethod
    def from_report(cls, report, stats):
        """Combines the report of the client with the counters of the sink."""
        return cls(
            report["seconds"], report["cpu_user"] + report["cpu_sys"], report["max_rss_kib"],
            report["bytes"], report["items"], stats["connections"])


@dataclass(frozen=True)
class Row:
    """The medians of one entry of one scenario."""

    scenario: str
    client: str
    label: str
    parallel: int
    runs: int
    gb_per_second: float
    items_per_second: float
    cpu_per_gib: float
    cpu_us_per_item: float
    rss_mib: float
    connections: int

    @classmethod
    def from_samples(cls, scenario, entry, samples):
        """The median of each value; the maximum of memory and connections."""
        def middle(figure):
            return median(figure(sample) for sample in samples)

        return cls(
            scenario=scenario.key, client=entry.client, label=entry.label,
            parallel=entry.parallel, runs=len(samples),
            gb_per_second=middle(lambda s: s.size / s.seconds / 1e9),
            items_per_second=middle(lambda s: s.items / s.seconds),
            cpu_per_gib=middle(lambda s: s.cpu_seconds / s.size * GIB),
            cpu_us_per_item=middle(lambda s: s.cpu_seconds / s.items * 1e6),
            rss_mib=max(s.rss_kib for s in samples) / 1024,
            connections=max(s.connections for s in samples))
