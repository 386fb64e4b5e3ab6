"""The scenarios of the benchmark."""

from dataclasses import dataclass

from .clients import BASELINE, BEST_PARALLEL, BEST_PARALLEL_SMALL, OURS, PEER_NAMES, Entry

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
PART = 8 * MIB
#: Six part buffers: four in flight, one being filled, one spare.
STREAM_MEMORY = 6 * PART
DELAY_MS = 50
DELAY_CONNECTIONS = (1, 4, 16, 64)


@dataclass(frozen=True)
class Scenario:
    """One job and the clients that run it."""

    key: str
    title: str
    entries: list
    file_size: int = 0
    sparse: bool = False
    #: Size of the sparse file that the baseline and ossmpu send instead, which is long enough for
    #: the requests at its start and end not to matter.
    long_size: int = 0
    objects: int = 0
    object_size: int = 0
    #: Bytes that are uploaded from memory.
    data_size: int = 0
    verify: bool = False
    delay_ms: int = 0
    tls: bool = False
    #: Processes that keep the cores busy during the scenario.
    neighbors: int = 0
    #: Main scenarios run in all rounds, the others in three fifths of them.
    main: bool = False

    def size_for(self, client):
        """The size of the file that a client sends, and whether it is sparse."""
        if self.long_size and client in (BASELINE, OURS):
            return self.long_size, True
        return self.file_size, self.sparse

    @property
    def is_small(self):
        """Whether throughput is counted in requests, not in bytes."""
        return 0 < self.object_size < MIB


def scenarios(kernels, scale):
    """All scenarios, with sizes divided by `scale`."""
    file_size = 2 * GIB // scale
    all_clients = [BASELINE, OURS, *PEER_NAMES]
    found = [
        Scenario(
            "file-crc64", "file, CRC-64 (peers: their own check)", best(all_clients),
            file_size=file_size, main=True),
        Scenario(
            "file-none", "file, no checks", best(all_clients, integrity="none"),
            file_size=file_size),
        Scenario(
            "file-md5", "file, MD5 and CRC-64", md5_entries(kernels), file_size=file_size,
            main=True),
        Scenario(
            "file-verified", "file, the server verifies",
            [*best([OURS, *PEER_NAMES]), ours(4, integrity="both", note="MD5 and CRC-64")],
            file_size=file_size // 2, verify=True),
        Scenario(
            "objects-1k", "1 KiB objects", best(all_clients, BEST_PARALLEL_SMALL),
            objects=5000 // scale, object_size=KIB, main=True),
        Scenario(
            "objects-1m", "1 MiB objects", best(all_clients, BEST_PARALLEL_SMALL),
            objects=1000 // scale, object_size=MIB),
        Scenario(
            "stream", "stream of unknown length, CRC-64", [
                *stream_entries(),
                Entry(OURS, 4, integrity="both", stream_memory=STREAM_MEMORY,
                      note="MD5 and CRC-64")],
            file_size=file_size, main=True),
        Scenario(
            "data", "bytes in memory, CRC-64", best([BASELINE, OURS]), data_size=GIB // scale,
            main=True),
        Scenario(
            "busy-file", "file, CRC-64, beside two busy processes", best(all_clients),
            file_size=file_size // 2, neighbors=2),
        Scenario(
            "busy-stream", "stream of unknown length, CRC-64, beside two busy processes",
            stream_entries(), file_size=file_size // 2, neighbors=2),
    ]
    found += [delayed(connections, scale) for connections in DELAY_CONNECTIONS]
    found += [
        Scenario(
            "tls", "file over TLS, CRC-64", [ours(64), *best([OURS, *PEER_NAMES])],
            file_size=file_size // 2, tls=True),
        # Last, because reading the sparse file evicts the others from the page cache.
        Scenario(
            "sparse", "sparse file, CRC-64",
            [Entry(BASELINE, 4), ours(1), ours(4), ours(64), Entry("crt", BEST_PARALLEL["crt"])],
            file_size=10 * GIB // scale, sparse=True),
    ]
    return found


def delayed(connections, scale):
    """All clients with the same number of connections and delayed responses."""
    size = min(connections * 256 * MIB, 2 * GIB) // scale
    long_size = min(connections * GIB, 10 * GIB) // scale
    return Scenario(
        f"delay-{connections}", f"{DELAY_MS} ms per request, {connections} in flight",
        [Entry(client, connections) for client in (BASELINE, OURS, *PEER_NAMES)],
        file_size=size, long_size=long_size, delay_ms=DELAY_MS)


def best(clients, parallel=None, integrity="crc64"):
    """An entry for each client, with the number of connections with which it is fastest."""
    parallel = parallel or BEST_PARALLEL
    return [Entry(client, parallel[client], integrity=integrity) for client in clients]


def stream_entries():
    """A stream with CRC-64 and its baseline."""
    return [Entry(client, 4, stream_memory=STREAM_MEMORY) for client in (BASELINE, OURS)]


def md5_entries(kernels):
    """CRC-64 alone for comparison, then both checksums with each MD5 kernel of this CPU."""
    both = [ours(4, integrity="both", kernel=name, note=f"MD5 {name}") for name in kernels]
    return [ours(4, note="CRC-64 only"), *both]


def ours(parallel, integrity="crc64", kernel="auto", note=""):
    """An entry of ossmpu."""
    return Entry(OURS, parallel, integrity=integrity, kernel=kernel, note=note)
