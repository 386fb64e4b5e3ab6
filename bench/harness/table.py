"""Formats the results as Markdown tables."""

from .clients import OURS


def markdown(machine, all_scenarios, rows, goals):
    """The machine, the table of results and the table of goals."""
    lines = [
        f"Measured on {machine};",
        "loopback, with the server on the same cores. Medians of interleaved rounds; the CPU time",
        "of the client alone; the maximum of the peak RSS.",
        "",
        "| scenario | client | connections | throughput | client CPU | peak RSS | rounds |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for scenario in all_scenarios:
        mine = [row for row in rows if row.scenario == scenario.key]
        for number, row in enumerate(mine):
            title = f"{scenario.title}{sizes(scenario)}" if number == 0 else ""
            lines.append(figure_line(title, scenario, row))
    lines += ["", "| goal | measured | bound | verdict |", "|---|---:|---:|---|"]
    for goal in goals:
        sign = "≥" if goal.at_least else "≤"
        lines.append(f"| {goal.text} | {goal.value:.2f} | {sign} {goal.bound:.2f} "
                     f"| {goal.verdict} |")
    return "\n".join(lines) + "\n"


def figure_line(title, scenario, row):
    """One row of the table of results."""
    if scenario.is_small:
        speed = f"{row.items_per_second:,.0f} /s"
        cpu = f"{row.cpu_us_per_item:,.0f} µs each"
    else:
        speed = f"{row.gb_per_second:.2f} GB/s"
        cpu = f"{row.cpu_per_gib:.2f} s/GiB"
    label = f"**{row.label}**" if row.client == OURS else row.label
    return (f"| {title} | {label} | {row.parallel} | {speed} | {cpu} | {row.rss_mib:.1f} MiB "
            f"| {row.runs} |")


def sizes(scenario):
    """The amount of data of a scenario."""
    if scenario.objects:
        return f", {scenario.objects}"
    if scenario.data_size:
        return f", {gib(scenario.data_size)}"
    own = f" (baseline and ossmpu {gib(scenario.long_size)})" if scenario.long_size else ""
    return f", {gib(scenario.file_size)}{own}"


def gib(size):
    """A size in GiB as text."""
    return f"{size / (1 << 30):g} GiB"
