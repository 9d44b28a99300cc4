"""The report on a small handmade results.json beside this file."""
import copy
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree
from html.parser import HTMLParser

HERE = os.path.dirname(os.path.realpath(__file__))
REPORT = os.path.join(HERE, "..", "..", "..", "bench", "compare", "report")
sys.path.insert(0, REPORT)

import charts  # noqa: E402
import markdown  # noqa: E402
import page  # noqa: E402
import verdicts  # noqa: E402
from results import Malformed, Results  # noqa: E402
from sections import KNOWN, all_sections  # noqa: E402

PATH = os.path.join(HERE, "results.json")
VOID = {"meta", "br", "hr", "link", "img", "input"}


def given():
    with open(PATH, encoding="utf-8") as file:
        return json.load(file)


def verdict(results, beginning):
    return next(v for v in verdicts.judge(results) if v.what.startswith(beginning))


class Balanced(HTMLParser):
    """Collects what is opened, and fails when it is closed in another order."""

    def __init__(self):
        super().__init__()
        self.open, self.attributes, self.anchors = [], [], set()

    def handle_starttag(self, tag, attrs):
        self.attributes += [(tag, *a) for a in attrs]
        self.anchors |= {v for k, v in attrs if k == "id"}
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.attributes += [(tag, *a) for a in attrs]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            raise AssertionError(f"</{tag}> closes nothing at {self.getpos()}")


class VerdictTest(unittest.TestCase):
    def setUp(self):
        self.results = Results(given())

    def test_the_worst_case_decides(self):
        found = verdict(self.results, "Vector queries/s at recall 0.95, against OpenSearch")
        self.assertEqual((found.state, found.found), ("lost", "4.00x"))  # 3,000 to 750; 6,000 to 1,000 would do
        self.assertIn("connections 1", found.detail)

    def test_a_floor_reached_twice_over_says_so(self):
        found = verdict(self.results, "Cold start")
        self.assertEqual((found.state, found.found, found.twice), ("won", "25.00x", True))

    def test_a_slower_text_search_is_lost(self):
        self.assertEqual(verdict(self.results, "Text p99").state, "lost")

    def test_what_was_not_measured_is_open(self):
        for floor in ("Hybrid queries", "Durable single writes", "Filtered search", "Resident bytes"):
            self.assertEqual(verdict(self.results, floor).state, "open", floor)

    def test_equal_quality_is_not_above(self):
        found = verdict(self.results, "Hybrid nDCG@10")
        self.assertEqual((found.state, found.found), ("lost", "1 of 2 sets"))
        self.assertIn("second", found.detail)
        self.assertNotIn("first", found.detail)

    def test_quality_is_held_against_the_best_mode_of_a_peer(self):
        changed = given()
        changed["quality"][2]["ndcg_at_10"] = 0.71  # text alone, above our hybrid
        found = verdict(Results(changed), "Hybrid nDCG@10")
        self.assertEqual(found.found, "0 of 2 sets")

    def test_filters_are_judged_by_the_narrowest_miss(self):
        changed = given()
        for percent, recall in ((50, 0.99), (0.01, 0.94)):
            for ef, less in ((10, 0.2), (100, 0)):
                changed["measurements"].append({
                    "workload": "filtered", "system": "engram", "data": "small", "parameters": {"pass_percent": percent, "ef": ef},
                    "metrics": {"recall_at_10": {"unit": "ratio", "median": recall - less}}})
        found = verdict(Results(changed), "Filtered search")
        self.assertEqual((found.state, found.found), ("lost", "0.940"))

    def test_writes_count_only_when_they_are_durable(self):
        changed = given()
        for system, durability, qps in (("engram", "relaxed", 9000), ("pgvector", "relaxed", 1000), ("engram", "fsync", 900),
                                        ("pgvector", "fsync", 1000)):
            changed["measurements"].append({
                "workload": "writes", "system": system, "data": "small", "parameters": {"writers": 16, "durability": durability},
                "metrics": {"qps": {"unit": "1/s", "median": qps}}})
        found = verdict(Results(changed), "Durable single writes/s, 16 writers, against pgvector")
        self.assertEqual((found.state, found.found), ("lost", "0.90x"))


    def test_a_verdict_on_an_unstable_figure_is_marked(self):
        self.assertFalse(verdict(self.results, "Text p99").unstable)
        changed = given()
        changed["measurements"][4]["metrics"]["p99_ms"]["max"] = 4  # OpenSearch: 3, from 3 to 4
        self.assertTrue(verdict(Results(changed), "Text p99").unstable)


class PageTest(unittest.TestCase):
    def setUp(self):
        self.results = Results(given())
        self.html = page.render(self.results, all_sections(self.results))

    def test_it_needs_nothing_from_outside(self):
        parser = Balanced()
        parser.feed(self.html)
        self.assertEqual(parser.open, [])
        self.assertNotRegex(self.html, r"https?://|@import|url\(|<script|<link|<img")
        targets = [value for _, name, value in parser.attributes if name in ("href", "src")]
        self.assertTrue(targets)
        for target in targets:
            self.assertTrue(target.startswith("#"), target)
            self.assertIn(target[1:], parser.anchors)

    def test_every_chart_is_well_formed_and_named(self):
        drawn = re.findall(r"<svg.*?</svg>", self.html, re.DOTALL)
        self.assertGreaterEqual(len(drawn), 3)
        for svg in drawn:
            self.assertTrue(xml.etree.ElementTree.fromstring(svg).get("aria-label"))
            self.assertNotIn("nan", svg)

    def test_names_of_the_machine_are_escaped(self):
        self.assertIn("A &lt;CPU&gt; &amp; more", self.html)
        self.assertNotIn("<CPU>", self.html)

    def test_unstable_figures_are_marked_and_others_not(self):
        table = re.search(r'<section id="vector">.*?</section>', self.html, re.DOTALL)[0]
        self.assertEqual(table.count("†"), 1)
        self.assertRegex(table, r"5,000<abbr[^>]*>†")

    def test_what_is_missing_is_named(self):
        self.assertIn("weaviate (no package)", self.html)
        self.assertIn("pgvector, hybrid (it failed)", self.html)
        for name in ("Hybrid search", "Many tenants", "Ingest"):
            self.assertRegex(self.html, f"Not measured in this run: [^<]*{name}")
        self.assertIn("not reached", self.html)
        self.assertIn("1,000‡", self.html)

    def test_a_workload_nobody_foresaw_is_shown(self):
        self.assertIn('<section id="something_new">', self.html)
        self.assertIn("things", self.html)

    def test_results_without_any_measurement_make_a_page(self):
        empty = Results({"measurements": []})
        html = page.render(empty, all_sections(empty))
        self.assertEqual(html.count("Not measured in this run."), len(KNOWN))


class MarkdownTest(unittest.TestCase):
    def test_every_line_of_a_table_has_as_many_columns(self):
        text = markdown.render(all_sections(Results(given())))
        tables = re.findall(r"(?:^\|.*\n?)+", text, re.MULTILINE)
        self.assertGreater(len(tables), 5)
        for table in tables:
            self.assertEqual(len({len(re.findall(r"(?<!\\)\|", line)) for line in table.strip().splitlines()}), 1, table)

    def test_long_tables_are_for_the_page(self):
        changed = given()
        changed["measurements"] += [{"workload": "vector", "system": "engram", "data": "small", "parameters": {"ef": ef},
                                     "metrics": {"qps": {"unit": "1/s", "median": 77777}}} for ef in range(40)]
        sections = all_sections(Results(changed))
        self.assertIn("43 lines, in the page", markdown.render(sections))
        self.assertNotIn("77,777", markdown.render(sections))
        self.assertIn("77,777", page.render(Results(changed), sections))

    def test_only_what_stands_between_marks_is_rewritten(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "comparison.md")
            with open(path, "w", encoding="utf-8") as file:
                file.write("before\n<!-- figures:summary -->\nformer\n<!-- end of figures -->\nafter\n")
            subprocess.run([sys.executable, os.path.join(REPORT, "report.py"), PATH, "--into", path], check=True)
            with open(path, encoding="utf-8") as file:
                text = file.read()
        self.assertRegex(text, r"(?s)\Abefore\n<!-- figures:summary -->\n.*Who wins.*<!-- end of figures -->\nafter\n\Z")
        self.assertNotIn("former", text)
        self.assertNotIn("Vector search\n", text)


class InputTest(unittest.TestCase):
    def test_errors_name_the_place(self):
        for change, place in ((lambda r: r["measurements"][3].pop("system"), "measurements[3].system"),
                              (lambda r: r["measurements"][0]["metrics"]["qps"].pop("median"), "measurements[0].metrics.qps"),
                              (lambda r: r["equal_recall"][1].pop("qps"), "equal_recall[1] has no qps"),
                              (lambda r: r["quality"][2].pop("mode"), "quality[2] has no mode"),
                              (lambda r: r.pop("measurements"), "measurements")):
            changed = copy.deepcopy(given())
            change(changed)
            with self.assertRaises(Malformed) as caught:
                Results(changed)
            self.assertIn(place, str(caught.exception))

    def test_no_page_comes_of_a_file_that_is_not_there(self):
        done = subprocess.run([sys.executable, os.path.join(REPORT, "report.py"), "nowhere.json", "--markdown"],
                              capture_output=True, text=True, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("nowhere.json", done.stderr)


class ChartTest(unittest.TestCase):
    def test_labels_do_not_cover_each_other(self):
        for places in ([10, 11, 12, 13], [270, 271, 272, 260], [100], []):
            moved = charts.spread_out(places)
            ordered = sorted(moved)
            self.assertTrue(all(b - a >= 13 - 1e-9 for a, b in zip(ordered, ordered[1:])), moved)
            self.assertTrue(all(0 < m <= charts.HEIGHT for m in moved))

    def test_logarithmic_scales_keep_order_and_distance(self):
        scale = charts.Scale([1, 1000], 0, 300, "log")
        self.assertAlmostEqual(scale.at(100) - scale.at(10), scale.at(1000) - scale.at(100))
        self.assertEqual([m for m in scale.marks() if 1 <= m <= 1000], [1, 10, 100, 1000])


if __name__ == "__main__":
    unittest.main()
