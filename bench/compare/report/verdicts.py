"""The floors Engram has to keep, each judged from the figures. The worst case decides: of several data sets, numbers of
connections or lengths of query, the one with the smallest ratio stands in the table."""
from dataclasses import dataclass

from results import FIRST, in_order, number, share

RECALL = 0.95
WRITERS = 16
HYBRID_MODES = ("hybrid", "own")


@dataclass
class Verdict:
    what: str
    floor: str
    found: str       # the ratio or value
    state: str       # "won", "lost" or "open"
    detail: str      # which figures, where; or why it is open
    twice: bool = False
    unstable: bool = False  # one of the two figures varied by more than a fifth


def open_verdict(what, floor, why):
    return Verdict(what, floor, "–", "open", why)


def by_ratio(what, least, cases, unit="x"):
    """cases: [(ratio, detail, unstable)]; won when the smallest reaches `least`."""
    floor = f"≥ {least:g}{unit}"
    if not cases:
        return open_verdict(what, floor, "not measured on both")
    ratio, detail, unstable = min(cases)
    widest = f" (the worst of {len(cases)} cases; the best {max(cases)[0]:.2f}{unit})" if len(cases) > 1 else ""
    return Verdict(what, floor, f"{ratio:.2f}{unit}", "won" if ratio >= least else "lost", detail + widest,
                   ratio >= 2 * least, unstable)


def place(data, parameters, but=()):
    told = [f"{k} {v:g}" if isinstance(v, float) else f"{k} {v}" for k, v in sorted(parameters.items()) if k not in but and v is not None]
    return ", ".join([data] * bool(data) + told)


def equal_recall(results, workload, peer, least, what):
    ours = {(e["data"], e.get("connections")): e for e in results.equal_recall
            if e.get("workload", "vector") == workload and e["system"] == FIRST and e["recall"] == RECALL and e["qps"]}
    cases = []
    for e in results.equal_recall:
        key = (e["data"], e.get("connections"))
        if e.get("workload", "vector") == workload and e["system"] == peer and e["recall"] == RECALL and e["qps"] and key in ours:
            more = "".join(f"; {who} smallest ef already finds more" for who, x in (("our", ours[key]), (f"{peer}'s", e))
                           if x.get("least"))
            cases.append((ours[key]["qps"] / e["qps"], f"{number(ours[key]['qps'])} to {number(e['qps'])} queries/s; "
                          + place(e["data"], {"connections": e.get("connections")}) + more, False))
    return by_ratio(what, least, cases)


def compared(results, workload, metric, peer, least, what, *, smaller=False, but=("ef",), only=lambda m: True, unit=""):
    """Ratios of equal cases. Of several settings of `but`, our worst stands against the peer's best."""
    def extreme(system, choose):
        found = {}
        for m in results.of(workload, system):
            if m.get(metric) and only(m):
                found.setdefault(m.case(but), []).append((m.get(metric), m))
        return {case: choose(pairs, key=lambda pair: pair[0]) for case, pairs in found.items()}

    ours = extreme(FIRST, max if smaller else min)
    theirs = extreme(peer, min if smaller else max)
    cases = []
    for case in ours.keys() & theirs.keys():
        (a, m), (b, n) = ours[case], theirs[case]
        ratio = b / a if smaller else a / b
        cases.append((ratio, f"{number(a)} to {number(b)}{unit}; {place(m.data, m.parameters, but)}",
                      m.metrics[metric].unstable or n.metrics[metric].unstable))
    return by_ratio(what, least, cases)


def filtered(results):
    what, floor = "Filtered search: recall@10 at every selectivity", f"≥ {RECALL}"
    best = {}
    for m in results.of("filtered"):
        if m.get("recall_at_10") is None:
            continue
        key = m.system, m.case(("ef",))
        best[key] = max(best.get(key, 0), m.get("recall_at_10"))
    if not any(system == FIRST for system, _ in best):
        return open_verdict(what, floor, "not measured")
    worst = {system: min(value for (s, _), value in best.items() if s == system) for system in {s for s, _ in best}}
    others = ", ".join(f"{system} {share(worst[system])}" for system in in_order(worst) if system != FIRST)
    return Verdict(what, floor, share(worst[FIRST]), "won" if worst[FIRST] >= RECALL else "lost",
                   f"smallest of all selectivities at the best setting; beside it {others}" if others else "no peer measured")


def quality(results):
    what, floor = "Hybrid nDCG@10 above every peer's on every set", "> the best"
    ours, theirs = {}, {}
    for q in results.quality:
        if q["system"] == FIRST:
            if q["mode"] == "hybrid":
                ours[q["data"]] = q["ndcg_at_10"]
        else:
            known = theirs.setdefault(q["data"], {})
            known[q["system"], q["mode"]] = q["ndcg_at_10"], q.get("p")
    sets = [s for s in ours if theirs.get(s)]
    if not sets:
        return open_verdict(what, floor, "not measured")
    margins = []
    for s in sets:
        (system, mode), (value, p) = max(theirs[s].items(), key=lambda item: item[1][0])
        chance = "" if p is None else f"; p {p:.3f}"
        margins.append((ours[s] - value, f"{s}: {share(ours[s])} to {system}'s {share(value)} ({mode}{chance})"))
    lost = sorted(m for m in margins if m[0] <= 0)
    detail = "lost on " + "; ".join(text for _, text in lost) if lost else "closest on " + min(margins)[1]
    return Verdict(what, floor, f"{len(sets) - len(lost)} of {len(sets)} sets", "lost" if lost else "won", detail)


def durable(m):
    return m.parameters.get("durability") == "fsync" and m.parameters.get("writers") == WRITERS


def judge(results):
    return [
        equal_recall(results, "vector", "opensearch", 5, f"Vector queries/s at recall {RECALL}, against OpenSearch"),
        equal_recall(results, "vector", "pgvector", 2.5, f"Vector queries/s at recall {RECALL}, against pgvector"),
        compared(results, "text", "p99_ms", "opensearch", 1, "Text p99, against OpenSearch", smaller=True, unit=" ms"),
        compared(results, "hybrid", "qps", "opensearch", 5, "Hybrid queries/s, against OpenSearch's hybrid query",
                 unit=" queries/s"),
        filtered(results),
        compared(results, "writes", "qps", "opensearch", 3,
                 f"Durable single writes/s, {WRITERS} writers, against OpenSearch", only=durable, unit=" writes/s"),
        compared(results, "writes", "qps", "pgvector", 1,
                 f"Durable single writes/s, {WRITERS} writers, against pgvector", only=durable, unit=" writes/s"),
        compared(results, "footprint", "resident_bytes_per_row", "opensearch", 2,
                 "Resident bytes a memory, OpenSearch's (heap and mapped) to ours", smaller=True, unit=" bytes"),
        compared(results, "cold_start", "first_answer_ms", "opensearch", 10,
                 "Cold start after kill -9, OpenSearch's time to ours", smaller=True, unit=" ms"),
        quality(results),
    ]
