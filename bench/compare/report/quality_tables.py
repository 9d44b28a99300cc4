"""nDCG@10 and R@10 of every system on every labelled set: the best of each system beside ours, then every mode."""
import charts
from blocks import Cell, Chart, Table, Text
from results import FIRST, share

ORDER = {"hybrid": 0, "own": 0, "text": 1, "vector": 2}


def _modes(results):
    pairs = dict.fromkeys((q["system"], q["mode"]) for q in results.quality)
    return sorted(pairs, key=lambda pair: (pair[0] != FIRST, pair[0], ORDER.get(pair[1], 3), pair[1]))


def _table(results, metric, caption):
    sets = list(dict.fromkeys(q["data"] for q in results.quality))
    value = {(q["data"], q["system"], q["mode"]): q.get(metric) for q in results.quality}
    best = {s: max((v for (data, _, _), v in value.items() if data == s and v is not None), default=None) for s in sets}
    rows = []
    for system, mode in _modes(results):
        row, known = [system, mode], []
        for s in sets:
            v = value.get((s, system, mode))
            known += [v] if v is not None else []
            row.append(Cell(share(v), number=True, best=v is not None and v == best[s]))
        mean = sum(known) / len(known) if len(known) == len(sets) else None
        rows.append(row + [Cell(share(mean), number=True)])
    return Table(["system", "mode"] + sets + ["mean"], rows, caption)


def _against(results):
    """Ours against each peer's best mode, with what the pairing over queries says."""
    rows = []
    for q in results.quality:
        if q["system"] == FIRST or "ours_ahead" not in q:
            continue
        rows.append((q["data"], q["system"], q["mode"], q))
    if not rows:
        return None
    out = []
    for data, system, mode, q in rows:
        ahead = q["ours_ahead"]
        out.append([data, system, mode, Cell(f"{ahead:+.3f}", number=True),
                    Cell(f"{q['ahead_from']:+.3f} to {q['ahead_to']:+.3f}", number=True),
                    Cell("–" if q.get("p") is None else f"{q['p']:.3f}", number=True),
                    Cell("won" if ahead > 0 else "lost", verdict="won" if ahead > 0 else "lost")])
    return Table(["set", "system", "mode", "ours ahead", "95 %", "p", "mean"], out,
                 "Engram's hybrid against each peer's best mode, the same queries paired (bootstrap and sign-flip test)")


def tables(results):
    sets = list(dict.fromkeys(q["data"] for q in results.quality))
    blocks = [Text("The same documents, queries and vectors (all-MiniLM-L6-v2) for every system; each with its own text "
                   "analysis and its own way to combine. Relevance is yes or no. Highest of a set in bold.")]
    means = {}
    for q in results.quality:
        means.setdefault((q["system"], q["mode"]), []).append(q["ndcg_at_10"])
    rows = [(f"{s}, {mode}", s, sum(v) / len(v)) for s, mode in _modes(results)
            if len(v := means[s, mode]) == len(sets)]
    svg = charts.bars(rows, "Mean nDCG@10", "nDCG@10, mean of the sets")
    if svg:
        blocks.append(Chart(svg, f"Mean nDCG@10 of {len(sets)} sets."))
    blocks.append(_table(results, "ndcg_at_10", "nDCG@10"))
    if any(q.get("recall_at_10") is not None for q in results.quality):
        blocks.append(_table(results, "recall_at_10", "R@10"))
    against = _against(results)
    if against:
        blocks.append(against)
    for system in sorted(results.quality_systems, key=lambda s: (s["name"] != FIRST, s["name"])):
        blocks.append(Table(["setting", "value", "why"], [[s["name"], str(s["value"]), s.get("why", "")]
                                                         for s in system.get("settings", [])],
                            f"{system['name']} {system.get('version', '')}, for quality"))
    return blocks
