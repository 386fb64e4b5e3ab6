"""Plots the results of one scenario as SVG: three panels of labeled bars."""

from xml.sax.saxutils import escape

from .clients import BASELINE, OURS

PANELS = (
    ("throughput, GB/s", "more is better", lambda row: row.gb_per_second, "{:.2f}"),
    ("client CPU, s/GiB", "less is better", lambda row: row.cpu_per_gib, "{:.2f}"),
    ("peak RSS, MiB", "less is better", lambda row: row.rss_mib, "{:.0f}"),
)
NAMES, PANEL, GAP, BAR, STEP, TOP, EDGE = 210, 200, 70, 18, 28, 96, 20
OUR_COLOR, OTHER_COLOR, BASELINE_COLOR = "#1f6f8b", "#c2c8cc", "#8a9499"


def svg(title, machine, rows):
    """The plot."""
    width = EDGE + NAMES + len(PANELS) * (PANEL + GAP)
    height = TOP + len(rows) * STEP + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        text(EDGE, 30, title, size=17, bold=True),
        text(EDGE, height - 14, machine, size=11, color="#667077"),
    ]
    for number, row in enumerate(rows):
        parts.append(text(EDGE + NAMES - 12, TOP + number * STEP + 14, row.label, anchor="end",
                          bold=row.client == OURS))
    for number, panel in enumerate(PANELS):
        parts += bars(EDGE + NAMES + number * (PANEL + GAP), panel, rows)
    return "\n".join([*parts, "</svg>"]) + "\n"


def bars(left, panel, rows):
    """The bars of one panel."""
    heading, hint, figure, form = panel
    most = max((figure(row) for row in rows), default=0) or 1
    yield text(left, TOP - 34, heading, bold=True)
    yield text(left, TOP - 17, hint, size=11, color="#667077")
    for number, row in enumerate(rows):
        top, length = TOP + number * STEP, max(figure(row) / most * PANEL, 1)
        yield (f'<rect x="{left}" y="{top}" width="{length:.1f}" height="{BAR}" rx="2" '
               f'fill="{color_of(row)}"/>')
        yield text(left + length + 6, top + 14, form.format(figure(row)),
                   bold=row.client == OURS)


def color_of(row):
    """ossmpu is highlighted; the baseline differs from the peers."""
    return {OURS: OUR_COLOR, BASELINE: BASELINE_COLOR}.get(row.client, OTHER_COLOR)


def text(x, y, words, size=13, anchor="start", color="#20272b", bold=False):
    """A line of text."""
    weight = ' font-weight="bold"' if bold else ""
    return (f'<text x="{x:.1f}" y="{y}" font-size="{size}" text-anchor="{anchor}" '
            f'fill="{color}"{weight}>{escape(words)}</text>')
