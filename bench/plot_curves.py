#!/usr/bin/env python3
"""Draws recall against queries a second from what `vector --json` kept, as SVG; needs nothing but Python 3.

  bench/plot_curves.py figures.json docs/plots/vector.svg [--from 0.8] [--only engram,hnswlib]

The better, the further to the upper right. Speed is on a logarithmic scale, recall on one that stretches towards 1.
"""
import argparse
import json
import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 760, 450
LEFT, RIGHT, TOP, BOTTOM = 70, 205, 60, 52
INK = "#7d8590"  # legible on white and on dark
COLOURS = ["#e5484d", "#3e8fd8", "#30a46c", "#d6861d", "#9a6fd8", "#12a5a5", "#c2508f", "#8a8f28", "#a2744f", "#6f7d8c"]
RECALL_TICKS = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999]


def stretched(recall):
    return -math.log10(1.0005 - min(recall, 1.0))


def curves_of(figures, only, least):
    curves = {}
    for point in figures["curves"]:
        if point["engine"] == "engram" and point["beside"]:
            continue  # the medians over all its rounds are drawn
        if only and point["engine"] not in only or point["recall"] < least:
            continue
        curves.setdefault(point["engine"], []).append((point["recall"], point["per_second"]))
    # A larger ef that finds no more is not worth a point.
    for engine, points in curves.items():
        points.sort()
        curves[engine] = [p for i, p in enumerate(points) if all(q[0] < p[0] or q[1] <= p[1] for q in points[i + 1:])]
    return curves


def speed_ticks(low, high):
    ticks = [step * 10**power for power in range(6) for step in (1, 2, 5)]
    return [t for t in ticks if low <= t <= high]


def draw(figures, curves, least):
    speeds = [speed for points in curves.values() for _, speed in points]
    low, high = min(speeds) / 1.1, max(speeds) * 1.1
    x0, x1 = stretched(least), stretched(1.0)

    def at(recall, speed):
        x = LEFT + (stretched(recall) - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT)
        y = HEIGHT - BOTTOM - math.log(speed / low) / math.log(high / low) * (HEIGHT - TOP - BOTTOM)
        return round(x, 1), round(y, 1)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
           f'font-size="12" fill="{INK}">']
    title = f'{figures["rows"]:,} vectors of {figures["dimensions"]} dimensions, k = 10, one thread'
    out.append(f'<text x="{LEFT}" y="18" font-size="14" font-weight="bold">{escape(title)}</text>')
    for y, line in ((34, figures["data"]), (48, figures["machine"])):
        out.append(f'<text x="{LEFT}" y="{y}" font-size="11">{escape(line)}</text>')
    grid = f'stroke="{INK}" stroke-opacity="0.25"'
    for recall in [r for r in RECALL_TICKS if r >= least]:
        x, _ = at(recall, low)
        out.append(f'<line x1="{x}" y1="{TOP}" x2="{x}" y2="{HEIGHT - BOTTOM}" {grid}/>')
        out.append(f'<text x="{x}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{recall:g}</text>')
    for speed in speed_ticks(low, high):
        _, y = at(least, speed)
        out.append(f'<line x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}" {grid}/>')
        out.append(f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{speed:,}</text>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) // 2}" y="{HEIGHT - 12}" text-anchor="middle">recall@10</text>')
    out.append(f'<text x="16" y="{HEIGHT // 2}" text-anchor="middle" transform="rotate(-90 16 {HEIGHT // 2})">'
               'queries a second</text>')
    for i, (engine, points) in enumerate(curves.items()):
        colour = COLOURS[i % len(COLOURS)]
        wide = 3 if engine == "engram" else 1.6
        dash = ' stroke-dasharray="6 3"' if i >= len(COLOURS) else ""
        places = [at(*point) for point in points]
        path = " ".join(f"{x},{y}" for x, y in places)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{wide}"{dash}/>')
        out += [f'<circle cx="{x}" cy="{y}" r="{wide + 0.6}" fill="{colour}"/>' for x, y in places]
        y = TOP + 10 + 20 * i
        out.append(f'<line x1="{WIDTH - RIGHT + 14}" y1="{y}" x2="{WIDTH - RIGHT + 38}" y2="{y}" stroke="{colour}" '
                   f'stroke-width="{wide}"{dash}/>')
        out.append(f'<text x="{WIDTH - RIGHT + 44}" y="{y + 4}">{escape(engine)}</text>')
    return "\n".join(out + ["</svg>"]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figures")
    parser.add_argument("svg")
    parser.add_argument("--from", dest="least", type=float, default=0.8, help="recall on the left")
    parser.add_argument("--only", help="engines with commas between them")
    arguments = parser.parse_args()
    with open(arguments.figures, encoding="utf-8") as file:
        figures = json.load(file)
    curves = curves_of(figures, arguments.only.split(",") if arguments.only else None, arguments.least)
    if not curves:
        raise SystemExit(f"{arguments.figures} has no curve of those engines from recall {arguments.least}")
    with open(arguments.svg, "w", encoding="utf-8") as file:
        file.write(draw(figures, curves, arguments.least))


if __name__ == "__main__":
    main()
