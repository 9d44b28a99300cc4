"""What a comparison measured (results.json), checked as it is read. The form: bench/compare/README.md."""
import json

SPREAD_MOST = 0.20  # (max - min) / median of the repetitions; above it a figure is marked
FIRST = "engram"


class Malformed(Exception):
    """results.json isn't what it should be; the message names the place."""


class Metric:
    """A figure over its repetitions."""

    def __init__(self, name, given, place):
        self.name = name
        if not isinstance(given, dict) or not isinstance(given.get("median"), (int, float)):
            raise Malformed(f"{place}.metrics.{name} has no number called median")
        self.unit = given.get("unit", "")
        # 1 when more is better, -1 when less is, 0 when neither.
        self.direction = {"1/s": 1, "ratio": 1, "ms": -1, "us": -1, "s": -1, "B": -1}.get(self.unit, 0)
        self.median = given["median"]
        self.min = given.get("min", self.median)
        self.max = given.get("max", self.median)

    @property
    def unstable(self):
        return self.max - self.min > SPREAD_MOST * abs(self.median)


class Measurement:
    """One workload on one system with one set of parameters."""

    def __init__(self, given, place):
        for key, kind in (("workload", str), ("system", str), ("metrics", dict)):
            if not isinstance(given.get(key), kind):
                raise Malformed(f"{place}.{key} is {given.get(key)!r}, not a {kind.__name__}")
        self.workload, self.system, self.data = given["workload"], given["system"], given.get("data", "")
        self.parameters = given.get("parameters") or {}
        self.runs = given.get("runs", 1)
        # A figure that could not be made (no request was answered) is null.
        self.metrics = {name: Metric(name, metric, place) for name, metric in given["metrics"].items()
                        if not (isinstance(metric, dict) and "median" in metric and metric["median"] is None)}

    def get(self, name):
        """The median, or None."""
        metric = self.metrics.get(name)
        return None if metric is None else metric.median

    def case(self, but=()):
        """What has to be equal for two systems to be compared: data and parameters, except those of `but`."""
        return self.data, tuple(sorted((k, v) for k, v in self.parameters.items() if k not in but))


class Results:
    def __init__(self, given):
        if not isinstance(given, dict) or not isinstance(given.get("measurements"), list):
            raise Malformed("there is no list called measurements")
        self.measurements = [Measurement(m, f"measurements[{i}]") for i, m in enumerate(given["measurements"])]
        self.machine = given.get("machine", {})
        self.commit, self.time = given.get("commit", "unknown"), given.get("time", "unknown")
        self.command = given.get("command", "")
        self.generator = given.get("generator", {})
        self.data = given.get("data", [])
        self.missing = given.get("missing", [])
        self.described = given.get("systems", [])
        self.equal_recall = [self._checked(e, f"equal_recall[{i}]", ("data", "system", "recall", "qps"))
                             for i, e in enumerate(given.get("equal_recall", []))]
        self.quality = [self._checked(q, f"quality[{i}]", ("data", "system", "mode", "ndcg_at_10"))
                        for i, q in enumerate(given.get("quality", []))]
        self.quality_systems = given.get("quality_systems", [])
        self.notes = given.get("notes", [])

    @staticmethod
    def read(path):
        try:
            with open(path, encoding="utf-8") as file:
                return Results(json.load(file))
        except (OSError, ValueError) as error:
            raise Malformed(f"{path}: {error}") from error
        except Malformed as error:
            raise Malformed(f"{path}: {error}") from error

    @staticmethod
    def _checked(given, place, keys):
        for key in keys:
            if key not in given:
                raise Malformed(f"{place} has no {key}")
        return given

    def of(self, workload, system=None):
        return [m for m in self.measurements if m.workload == workload and system in (None, m.system)]

    def workloads(self):
        return list(dict.fromkeys(m.workload for m in self.measurements))

    def systems_of(self, measurements):
        """Names in the order they are always shown in: ours, then the others by name."""
        return in_order(m.system for m in measurements)


def in_order(names):
    return sorted(set(names), key=lambda name: (name != FIRST, name))


def number(value):
    """A figure with three or four digits that mean something."""
    if value is None:
        return "–"
    size = abs(value)
    if size >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 1 else f"{value:.3f}"


def share(value):
    """Recall, nDCG: three digits behind the point, always."""
    return "–" if value is None else f"{value:.3f}"
