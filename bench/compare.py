"""Measures ossmpu, the baseline and the peers in interleaved rounds, and writes a table and a plot.

Used by `run.sh`, which builds the programs and checks that the peers are installed.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections import namedtuple
from dataclasses import asdict
from pathlib import Path

from harness import addresses, delta, files, goals, machine, plot, table, working_set
from harness.clients import BASELINE, OURS, Job, command
from harness.neighbors import Neighbors
from harness.samples import Row, Sample
from harness.scenarios import PART, scenarios
from harness.sink import Settings, Sink

Certificate = namedtuple("Certificate", "ca cert key")
RUN_SECONDS_MAX = 300


def main():
    given = flags()
    started = time.monotonic()
    scale, rounds = (4, min(given.rounds, 2)) if given.quick else (1, given.rounds)
    chosen = [scenario for scenario in scenarios(machine.kernels(), scale)
              if not given.only or scenario.key in given.only]
    certificate = Certificate(*(
        str(given.work / name) for name in ("ca.pem", "cert.pem", "key.pem")))
    rows, failed = [], []
    for scenario in chosen:
        wanted = rounds if scenario.main else -(-rounds * 3 // 5)
        say(f"{scenario.key}: {wanted} rounds [{(time.monotonic() - started) / 60:.1f} min]")
        samples = measure(scenario, given, certificate, wanted, started + given.minutes * 60)
        for entry in scenario.entries:
            if samples[entry]:
                rows.append(Row.from_samples(scenario, entry, samples[entry]))
            else:
                failed.append((scenario, entry))
    # What is measured by one run or a few, and has a table of its own.
    further = {}
    for part in (delta, working_set, addresses):
        if not given.only or part.KEY in given.only:
            say(f"{part.KEY} [{(time.monotonic() - started) / 60:.1f} min]")
            further[part] = part.measure(given.programs, given.work, scale, say)
    write(given.work, chosen, rows, further)
    for scenario, entry in failed:
        say(f"no results: {scenario.key}, {entry.label}")
    say(f"took {(time.monotonic() - started) / 60:.1f} min")
    return 1 if any(entry.client in (OURS, BASELINE) for _, entry in failed) else 0


def flags():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=Path, required=True,
                        help="directory of sink, baseline, upload_bench")
    parser.add_argument("--work", type=Path, required=True,
                        help="directory for files and results")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of the main scenarios")
    parser.add_argument("--quick", action="store_true",
                        help="a quarter of the sizes, at most two rounds")
    parser.add_argument("--only", nargs="+", help="only these scenarios")
    parser.add_argument("--minutes", type=float, default=28,
                        help="after this time no scenario runs a second round")
    return parser.parse_args()


def measure(scenario, given, certificate, rounds, no_more_rounds_after):
    """Runs the clients of a scenario in interleaved rounds: A B C A B C."""
    samples = {entry: [] for entry in scenario.entries}
    failed = set()
    settings = Settings(scenario.delay_ms, scenario.verify, scenario.tls)
    with Sink(given.programs, settings, certificate) as sink, Neighbors(scenario.neighbors):
        for number in range(rounds):
            if number > 0 and time.monotonic() > no_more_rounds_after:
                break
            for entry in scenario.entries:
                if entry in failed:
                    continue
                job = job_of(scenario, entry.client, given.work, sink.endpoint, certificate)
                sample = run(entry, job, sink, given.programs)
                if sample:
                    samples[entry].append(sample)
                else:
                    failed.add(entry)
    return samples


def job_of(scenario, client, work, endpoint, certificate):
    """The job of a client in a scenario; creates its files."""
    ca = certificate.ca if scenario.tls else ""
    if scenario.objects:
        object_dir = files.object_dir(work, scenario.objects, scenario.object_size)
        return Job(endpoint, PART, objects=scenario.objects, object_size=scenario.object_size,
                   object_dir=object_dir, ca=ca)
    if scenario.data_size:
        return Job(endpoint, PART, data_size=scenario.data_size, ca=ca)
    size, sparse = scenario.size_for(client)
    make = files.sparse_file if sparse else files.data_file
    return Job(endpoint, PART, file=make(work, size), ca=ca)


def run(entry, job, sink, programs):
    """Runs a client once; returns None if it failed or did not send all bytes."""
    sink.reset()
    try:
        done = subprocess.run(
            command(entry, job, programs), capture_output=True, text=True, check=True,
            timeout=RUN_SECONDS_MAX)
        report = json.loads(done.stdout.splitlines()[-1])
    except (subprocess.SubprocessError, ValueError, IndexError) as error:
        say(f"  {entry.label}: {error}\n{(getattr(error, 'stderr', '') or '')[-2000:]}")
        return None
    stats = sink.stats()
    if stats["bytes"] < report["bytes"]:
        say(f"  {entry.label}: sent only {stats['bytes']} of {report['bytes']} bytes")
        return None
    sample = Sample.from_report(report, stats)
    say(f"  {entry.label}: {sample.seconds:.2f} s, CPU {sample.cpu_seconds:.2f} s, "
        f"{sample.rss_kib / 1024:.0f} MiB, {sample.connections} connections")
    return sample


def write(work, chosen, rows, further):
    """Writes all results to the work directory, and the table to stdout."""
    described = machine.describe()
    further = {part: results for part, results in further.items() if results}
    found = list(goals.goals(rows))
    if delta in further:
        found += delta.goals(further[delta], goals.Goal)
    text = table.markdown(described, chosen, rows, found)
    for part, results in further.items():
        text += "\n" + part.table(results)
    (work / "table.md").write_text(text, encoding="utf-8")
    rows_of = {part.KEY: [asdict(result) for result in results]
               for part, results in further.items()}
    (work / "results.json").write_text(
        json.dumps({"rows": [asdict(row) for row in rows], **rows_of}, indent=1), encoding="utf-8")
    shown = [row for row in rows if row.scenario == "file-crc64"]
    shown += [row for row in rows if row.scenario == "file-md5" and "avx" in row.label]
    if shown:
        title = "Upload of one file: ossmpu, the baseline, and other clients with their checks on"
        (work / "plot.svg").write_text(plot.svg(title, described, shown), encoding="utf-8")
    print(text)


def say(line):
    """Prints progress to stderr."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
