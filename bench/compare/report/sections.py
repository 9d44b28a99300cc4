"""The sections of a report, in their order. Each says what was measured and, where nothing was, that nothing was."""
import charts
import quality_tables
import verdicts
from blocks import Cell, Chart, Missing, Section, Table, Text
from results import FIRST, in_order, number, share

# Metrics as they are called on the page. Those not named here stand under their own name and unit.
NAMES = {"qps": "per second", "recall_at_10": "recall@10", "p50_ms": "p50 ms", "p95_ms": "p95 ms", "p99_ms": "p99 ms",
         "rows_per_s": "memories/s", "first_answer_ms": "ms to the first right answer", "server_cpu_us": "server CPU µs"}


# Stand before the others.
FOREMOST = ["rows_per_s", "qps", "recall_at_10", "p50_ms", "p95_ms", "p99_ms", "resident_bytes_per_row"]


def called(metric):
    return NAMES.get(metric, metric.replace("_", " "))


def figure(metric, best=False):
    text = share(metric.median) if metric.unit == "ratio" else number(metric.median)
    spread = ""
    if metric.max > metric.min:
        spread = f"{number(metric.min)}–{number(metric.max)}" if metric.unit != "ratio" else ""
    return Cell(text, number=True, best=best, unstable=metric.unstable, spread=spread)


def natural(value):
    """Orders parameters: numbers by size, texts after them ("2-4" by its first number)."""
    if isinstance(value, (int, float)):
        return (0, value, "")
    first = str(value).split("-")[0].split("+")[0]
    return (0, float(first), str(value)) if first.replace(".", "", 1).isdigit() else (1, 0, str(value))


def table_of(measurements, caption=""):
    """A line for every measurement, those of one case together. The best of a case is in bold, except where systems are
    swept over an ef: what one of them does at 100 is not what another does."""
    parameters = list(dict.fromkeys(k for m in measurements for k in m.parameters))
    metrics = sorted(dict.fromkeys(k for m in measurements for k in m.metrics),
                     key=lambda k: FOREMOST.index(k) if k in FOREMOST else len(FOREMOST))
    several = len({m.data for m in measurements}) > 1
    swept = len({m.parameters.get("ef") for m in measurements}) > 1
    columns = ["data"] * several + [p.replace("_", " ") for p in parameters] + ["system"] + [called(k) for k in metrics]

    def order(m):
        values = [(k, natural(m.parameters.get(k, ""))) for k in parameters]
        return (m.data, [v for k, v in values if k != "ef"], m.system != FIRST, m.system, [v for k, v in values if k == "ef"])

    best = {}
    for m in measurements:
        for name, metric in m.metrics.items():
            best.setdefault((m.case(), name), []).append(metric.direction * metric.median)
    rows = []
    for m in sorted(measurements, key=order):
        row = [Cell(m.data)] * several
        row += [Cell(charts.tick_text(v) if isinstance(v, (int, float)) else str(v), number=not isinstance(v, str))
                for v in (m.parameters.get(k, "") for k in parameters)]
        row.append(Cell(m.system))
        for name in metrics:
            metric = m.metrics.get(name)
            if metric is None:
                row.append(Cell("–", number=True))
                continue
            others = best[m.case(), name]
            leads = metric.direction and len(others) > 1 and metric.direction * metric.median == max(others) > min(others)
            row.append(figure(metric, best=not swept and bool(leads)))
        rows.append(row)
    return Table(columns, rows, caption)


def by_system(measurements, x, y):
    series = {}
    for m in measurements:
        a, b = (m.get(x) if x in m.metrics else m.parameters.get(x)), m.get(y)
        if isinstance(a, (int, float)) and b is not None:
            series.setdefault(m.system, []).append((a, b))
    return series


def grouped(measurements, *keys):
    """Those of one data set and one value of `keys` together, in order."""
    groups = {}
    for m in measurements:
        groups.setdefault((m.data, *(m.parameters.get(k) for k in keys)), []).append(m)
    return sorted(groups.items(), key=lambda item: [natural(v) for v in item[0]])


def place(data, connections):
    if connections is None:
        return data
    return f"{data}, {charts.tick_text(connections)} connection{'' if connections == 1 else 's'}"


def chart(section, svg, caption):
    if svg:
        section.blocks.append(Chart(svg, caption))


def summary(results):
    section = Section("Who wins", "summary")
    judged = verdicts.judge(results)
    won, lost = (sum(v.state == s for v in judged) for s in ("won", "lost"))
    section.blocks.append(Text(f"Of {len(judged)} floors Engram keeps {won}, misses {lost}, and "
                               f"{len(judged) - won - lost} could not be judged. The worst case of each decides."))
    rows = [[v.what, Cell(v.floor, number=True), Cell(v.found, number=True, best=v.twice, unstable=v.unstable),
             Cell(v.state + (", twice" if v.twice and v.state == "won" else ""), verdict=v.state), v.detail] for v in judged]
    section.blocks.append(Table(["floor", "at least", "found", "verdict", "from"], rows))
    if results.missing:
        section.blocks.append(Missing("Left out: " + "; ".join(
            f"{m['system']}{', ' + m['workload'] if m.get('workload') else ''} ({m['why']})" for m in results.missing) + "."))
    for note in results.notes:
        section.blocks.append(Text(note))
    return section


def vector(results):
    section = Section("Vector search", "vector")
    found = results.of("vector")
    for (data, connections), ms in grouped(found, "connections"):
        chart(section, charts.lines(by_system(ms, "recall_at_10", "qps"), f"Recall against queries a second, {place(data, connections)}",
                                    "recall@10", "queries/s", "recall"),
              f"{place(data, connections)}: the further up and right, the better.")
    if results.equal_recall:
        section.blocks.append(equal_recall(results))
    if found:
        section.blocks.append(table_of(found, "Every point of the curves"))
    return section


def equal_recall(results):
    entries = results.equal_recall
    cases, easy = {}, set()
    for e in entries:
        case = e.get("workload", "vector"), e["data"], e.get("connections") or 0, e["recall"]
        cases.setdefault(case, {})[e["system"]] = e["qps"]
        if e.get("least"):
            easy.add((case, e["system"]))
    systems = in_order(e["system"] for e in entries)
    rows = []
    for case, qps in sorted(cases.items(), key=lambda item: [natural(v) for v in item[0]]):
        workload, data, connections, recall = case
        ours = qps.get(FIRST)
        row = [workload, data, Cell(charts.tick_text(connections) if connections else "–", number=True), Cell(f"{recall:.2f}", number=True)]
        for system in systems:
            value = qps.get(system)
            ratio = f" ({ours / value:.1f}x)" if system != FIRST and ours and value else ""
            row.append(Cell((number(value) if value else "not reached") + "‡" * ((case, system) in easy) + ratio, number=True,
                            best=value is not None and value == max((v for v in qps.values() if v), default=None)))
        rows.append(row)
    return Table(["workload", "data", "connections", "recall"] + systems, rows,
                 "Queries a second at equal recall, between the points of the curves; in brackets "
                 "how often ours contains theirs; ‡ its smallest ef already finds more")


def filtered(results):
    section = Section("Filtered search", "filtered")
    found = results.of("filtered")
    for (data, connections), ms in grouped(found, "connections"):
        best = {}
        for m in ms:  # of several settings the one with the best recall
            key = m.system, m.parameters.get("pass_percent")
            if key not in best or (m.get("recall_at_10") or 0) > (best[key].get("recall_at_10") or 0):
                best[key] = m
        ms = best.values()
        where = place(data, connections)
        chart(section, charts.lines(by_system(ms, "pass_percent", "recall_at_10"), f"Recall by selectivity, {where}",
                                    "share of the memories that match, %", "recall@10", "log", "recall",
                                    floor=verdicts.RECALL),
              f"{where}: recall; dashed, the floor of {verdicts.RECALL}.")
        chart(section, charts.lines(by_system(ms, "pass_percent", "qps"), f"Queries a second by selectivity, {where}",
                                    "share of the memories that match, %", "queries/s", "log", "log"),
              f"{where}: queries a second at that recall.")
    if found:
        section.blocks.append(table_of(found))
    return section


def latencies(workload, title, x=None, says=""):
    """A section of latencies: p50 to p99 of every case, and its table."""
    def make(results):
        section = Section(title, workload)
        found = results.of(workload)
        if found and says:
            section.blocks.append(Text(says))
        for (data, connections), ms in grouped(found, "connections" if x != "connections" else None):
            rows, where = [], place(data, connections)
            for m in sorted(ms, key=lambda m: ([natural(v) for _, v in sorted(m.parameters.items())], m.system != FIRST, m.system)):
                values = [m.get(k) for k in ("p50_ms", "p95_ms", "p99_ms") if m.get(k) is not None]
                told = m.parameters.get(x) if x else None
                told = charts.tick_text(told) if isinstance(told, (int, float)) else told
                rows.append((m.system + (f", {told}" if told is not None else ""), m.system, values))
            if 0 < len(rows) <= 24:
                chart(section, charts.ranges(rows, f"{title}: latencies, {where}", "ms", "p50, p95, p99"),
                      f"{where}: latencies, shorter and further left is better" + (f"; after the name: {x}." if x else "."))
        if found:
            section.blocks.append(table_of(found))
        return section
    return make


def barred(workload, title, metric, axis, says=""):
    def make(results):
        section = Section(title, workload)
        found = results.of(workload)
        if found and says:
            section.blocks.append(Text(says))
        for (data,), ms in grouped(found):
            rows = [(label_of(m), m.system, m.get(metric)) for m in
                    sorted(ms, key=lambda m: (sorted(map(str, m.parameters.items())), m.system != FIRST, m.system))]
            if len(rows) <= 24:
                chart(section, charts.bars(rows, f"{title}, {data}", axis), f"{data}: {axis}.")
        if found:
            section.blocks.append(table_of(found))
        return section
    return make


def label_of(m):
    told = [str(v) for k, v in m.parameters.items() if k in ("durability", "by")]
    return ", ".join([m.system] + told)


def quality(results):
    section = Section("Retrieval quality", "quality")
    if not results.quality:
        return section
    section.blocks += quality_tables.tables(results)
    return section


# Every section between the summary and the settings, by the workload it shows.
KNOWN = [
    ("vector", vector), ("filtered", filtered),
    ("text", latencies("text", "Text search", "words",
                       "Queries of so many words, any of which may match; 0 is a whole question.")),
    ("hybrid", latencies("hybrid", "Hybrid search", "connections")),
    ("quality", quality),
    ("ingest", barred("ingest", "Ingest", "rows_per_s", "memories a second until all are indexed and merged")),
    ("writes", barred(
        "writes", "Single writes", "qps", "writes a second",
        "fsync: the reply means that the write survives a loss of power. relaxed: that it survives the end of the process.")),
    ("reads_during_writes", latencies("reads_during_writes", "Reads during writes")),
    ("visible", latencies("visible", "From write to visible", "by")),
    ("footprint", barred(
        "footprint", "Memory and disk", "resident_bytes_per_row", "resident bytes a memory",
        "Of the process and its children, after the load. Pages that the kernel caches for files they read are nobody's.")),
    ("cold_start", barred("cold_start", "Cold start after kill -9", "first_answer_ms", "ms to the first right answer")),
    ("tenants", latencies("tenants", "Many tenants", "tenants")),
    ("mixed", latencies("mixed", "Mixed traffic of agents", "users")),
]


def settings(results):
    section = Section("Systems and their settings", "settings")
    for system in sorted(results.described, key=lambda s: (s["name"] != FIRST, s["name"])):
        rows = [[s["name"], Cell(str(s["value"])), s.get("why", "")] for s in system.get("settings", [])]
        section.blocks.append(Table(["setting", "value", "why"], rows, f"{system['name']} {system.get('version', '')}"))
    return section


def machine(results):
    section = Section("Machine, data and commands", "machine")
    m = results.machine
    rows = [[k, str(v)] for k, v in m.items()] + [["commit", results.commit], ["time", results.time]]
    rows += [[f"generator: {k}", number(v) if isinstance(v, (int, float)) else str(v)] for k, v in results.generator.items()]
    section.blocks.append(Table(["what", "value"], rows))
    if results.data:
        section.blocks.append(Table(["data", "rows", "dimensions", "source"], [
            [d["name"], Cell(number(d.get("rows")), number=True), Cell(number(d.get("dimensions")), number=True),
             d.get("source", "")] for d in results.data]))
    section.blocks.append(Text("The whole comparison again: `" + (results.command or "./dev compare") + "`\n\n"
                               "This page from its figures: `bench/compare/report/report.py results.json --out DIR`\n\n"
                               "Retrieval quality alone: `bench/compare/quality/quality.py --data DIR --into results.json`"))
    return section


def all_sections(results):
    sections, seen, unmeasured = [summary(results)], set(), []
    for workload, make in KNOWN:
        seen.add(workload)
        section = make(results)
        if not section.blocks:
            section.blocks.append(Missing("Not measured in this run."))
            unmeasured.append(section.title)
        sections.append(section)
    for workload in results.workloads():
        if workload not in seen:
            sections.append(Section(workload.replace("_", " ").capitalize(), workload,
                                    [table_of(results.of(workload))]))
    if unmeasured:
        sections[0].blocks.append(Missing("Not measured in this run: " + ", ".join(unmeasured) + "."))
    return sections + [settings(results), machine(results)]
