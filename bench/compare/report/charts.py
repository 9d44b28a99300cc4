"""Charts as SVG text without a style of its own: the page's style sheet colours the classes. Names stand at the ends of
their lines; systems differ by marker and dash as well as by colour."""
import math
from xml.sax.saxutils import escape

from results import in_order

WIDTH, HEIGHT = 540, 320
LEFT, RIGHT, TOP, BOTTOM = 72, 116, 14, 46
KNOWN = ["engram", "opensearch", "pgvector", "qdrant", "chroma", "mem0"]
MARKERS = "osd^+x"


def style_of(system):
    """The number of a system's colour, marker and dash: fixed for those we know, by the letters of others."""
    name = system.lower()
    for i, known in enumerate(KNOWN):
        if name.startswith(known):
            return i
    return len(KNOWN) + sum(name.encode()) % 2


def marker(style, x, y):
    shape = MARKERS[style % len(MARKERS)]
    if shape == "o":
        body = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.6"/>'
    elif shape in "sd":
        turn = f' transform="rotate(45 {x:.1f} {y:.1f})"' if shape == "d" else ""
        body = f'<rect x="{x - 3.2:.1f}" y="{y - 3.2:.1f}" width="6.4" height="6.4"{turn}/>'
    elif shape == "^":
        body = f'<path d="M{x:.1f} {y - 4:.1f} l4 7 h-8 z"/>'
    else:
        turn = f' transform="rotate(45 {x:.1f} {y:.1f})"' if shape == "x" else ""
        body = f'<path class="open" d="M{x - 4:.1f} {y:.1f} h8 M{x:.1f} {y - 4:.1f} v8"{turn}/>'
    return f'<g class="mark c{style}">{body}</g>'


def ticks(low, high, log):
    if log:
        powers = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1)
        steps = (1, 2, 5) if math.log10(high / low) < 2.5 else (1,)
        return [s * 10.0**p for p in powers for s in steps if low <= s * 10.0**p <= high]
    raw = (high - low) / 5
    power = 10 ** math.floor(math.log10(raw))
    step = next(s * power for s in (1, 2, 5, 10) if s * power >= raw)
    return [i * step for i in range(math.ceil(low / step), math.floor(high / step + 1e-9) + 1)]


def tick_text(value):
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.6g}"


class Scale:
    """A value to a place on an axis. kind: "linear", "log", or "recall", which stretches towards 1."""

    def __init__(self, values, start, end, kind, pad=0.06):
        self.kind, self.start, self.end = kind, start, end
        low, high = min(values), max(values)
        if kind == "recall":
            self.low, self.high = self._turned(min(low, 0.95) - 0.005), self._turned(1.0)
        elif kind == "log":
            self.low, self.high = math.log10(low) - 0.08, math.log10(high) + 0.08
        else:
            self.low, self.high = min(0, low), high * (1 + pad) or 1.0

    def _turned(self, value):
        if self.kind == "recall":
            return -math.log10(1.004 - min(value, 1.0))
        return math.log10(value) if self.kind == "log" else value

    def at(self, value):
        return self.start + (self._turned(value) - self.low) / (self.high - self.low) * (self.end - self.start)

    def marks(self):
        if self.kind == "recall":
            return [r for r in (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0) if self._turned(r) >= self.low]
        low, high = (10**self.low, 10**self.high) if self.kind == "log" else (self.low, self.high)
        return ticks(low, high, self.kind == "log")


def spread_out(places, least=13, low=TOP + 4, high=HEIGHT - BOTTOM):
    """Moves labels apart so that none covers another, as little as that needs."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    moved = [max(low, p) for p in places]
    for previous, i in zip(order, order[1:]):
        moved[i] = max(moved[i], moved[previous] + least)
    if order and moved[order[-1]] > high:
        moved[order[-1]] = high
        for i, following in zip(order[-2::-1], order[:0:-1]):
            moved[i] = min(moved[i], moved[following] - least)
    return moved


def _frame(x, y, x_title, y_title, x_text, width=WIDTH, height=HEIGHT):
    out = []
    for value in y.marks():
        at = y.at(value)
        out.append(f'<path class="grid" d="M{LEFT} {at:.1f} H{width - RIGHT}"/>')
        out.append(f'<text class="tick" x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{tick_text(value)}</text>')
    last = -100.0
    for value in x.marks():
        at = x.at(value)
        out.append(f'<path class="grid" d="M{at:.1f} {TOP} V{height - BOTTOM}"/>')
        if at - last < 30:
            continue
        last = at
        out.append(f'<text class="tick" x="{at:.1f}" y="{height - BOTTOM + 16}" text-anchor="middle">{x_text(value)}</text>')
    out.append(f'<text class="axis" x="{(LEFT + width - RIGHT) / 2:.0f}" y="{height - 8}" text-anchor="middle">'
               f'{escape(x_title)}</text>')
    out.append(f'<text class="axis" x="10" y="{(TOP + height - BOTTOM) / 2:.0f}" text-anchor="middle" '
               f'transform="rotate(-90 10 {(TOP + height - BOTTOM) / 2:.0f})">{escape(y_title)}</text>')
    return out


def _svg(parts, title, width=WIDTH, height=HEIGHT):
    return (f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title, {chr(34): "&quot;"})}">'
            + "".join(parts) + "</svg>")


def lines(series, title, x_title, y_title, x_kind="linear", y_kind="log", x_text=tick_text, floor=None):
    """series: {system: [(x, y)]}. `floor` draws a dashed level that y should not be below. None without points."""
    series = {s: sorted(points) for s, points in series.items() if points}
    if y_kind == "log":
        series = {s: kept for s, points in series.items() if (kept := [p for p in points if p[1] > 0])}
    if not series:
        return None
    xs = [x for points in series.values() for x, _ in points]
    ys = [y for points in series.values() for _, y in points]
    x = Scale(xs, LEFT + 8, WIDTH - RIGHT - 4, x_kind)
    y = Scale(ys + ([floor] if floor is not None else []), HEIGHT - BOTTOM, TOP, y_kind)
    out = _frame(x, y, x_title, y_title, x_text)
    if floor is not None:
        out.append(f'<path class="floor" d="M{LEFT} {y.at(floor):.1f} H{WIDTH - RIGHT}"/>')
    ends = []
    for system in reversed(in_order(series)):
        style, points = style_of(system), [(x.at(a), y.at(b)) for a, b in series[system]]
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
        out.append(f'<polyline class="line c{style}" points="{path}"/>')
        out += [marker(style, a, b) for a, b in points]
        ends.append((system, style, *points[-1]))
    for (system, style, at, level), label in zip(ends, spread_out([e[3] for e in ends])):
        edge = WIDTH - RIGHT + 12
        out.append(f'<path class="lead c{style}" d="M{at + 5:.1f} {level:.1f} L{edge - 3} {label:.1f}"/>')
        out.append(f'<text class="name c{style}" x="{edge}" y="{label + 4:.1f}">{escape(system)}</text>')
    return _svg(out, title)


def _labels_width(rows):
    return 20 + 7.4 * max(len(row[0]) for row in rows)


def ranges(rows, title, x_title, ends="p50 to p99"):
    """rows: [(label, system, [values from small to large])], each drawn as a line with a mark at every value."""
    rows = [row for row in rows if row[2] and min(row[2]) > 0]
    if not rows:
        return None
    left, height = _labels_width(rows) + 4, TOP + 24 * len(rows) + BOTTOM
    x = Scale([v for row in rows for v in row[2]], left, WIDTH - 62, "log")
    out = []
    for value in x.marks():
        out.append(f'<path class="grid" d="M{x.at(value):.1f} {TOP} V{height - BOTTOM}"/>')
        out.append(f'<text class="tick" x="{x.at(value):.1f}" y="{height - BOTTOM + 16}" text-anchor="middle">'
                   f'{tick_text(value)}</text>')
    for i, (label, system, values) in enumerate(rows):
        style, level = style_of(system), TOP + 24 * i + 14
        out.append(f'<text class="name c{style}" x="{left - 12:.1f}" y="{level + 4}" text-anchor="end">{escape(label)}</text>')
        out.append(f'<path class="line c{style}" d="M{x.at(values[0]):.1f} {level} H{x.at(values[-1]):.1f}"/>')
        out += [marker(style, x.at(v), level) for v in values]
        out.append(f'<text class="tick" x="{x.at(values[-1]) + 9:.1f}" y="{level + 4}">{tick_text(round(values[-1], 2))}</text>')
    out.append(f'<text class="axis" x="{(left + WIDTH - 62) / 2:.0f}" y="{height - 8}" text-anchor="middle">'
               f'{escape(x_title)} ({escape(ends)}, log)</text>')
    return _svg(out, title, WIDTH, height)


def bars(rows, title, x_title):
    """rows: [(label, system, value)]; from 0, the value written at the end."""
    rows = [row for row in rows if row[2] is not None]
    if not rows:
        return None
    left, height = _labels_width(rows), TOP + 24 * len(rows) + 26
    x = Scale([row[2] for row in rows], left, WIDTH - 70, "linear", pad=0)
    out = []
    for i, (label, system, value) in enumerate(rows):
        style, level = style_of(system), TOP + 24 * i
        out.append(f'<text class="name c{style}" x="{left - 8:.1f}" y="{level + 14}" text-anchor="end">{escape(label)}</text>')
        out.append(f'<rect class="bar c{style}" x="{left:.1f}" y="{level + 2}" width="{max(1, x.at(value) - left):.1f}" height="17"/>')
        out.append(f'<text class="tick" x="{x.at(value) + 6:.1f}" y="{level + 15}">{tick_text(float(f"{value:.3g}"))}</text>')
    out.append(f'<text class="axis" x="{left:.1f}" y="{height - 6}">{escape(x_title)}</text>')
    return _svg(out, title, WIDTH, height)
