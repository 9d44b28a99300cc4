"""What a ranking is worth, how sets are read, and how systems are held against ours."""
import array
import http.server
import json
import os
import sys
import tempfile
import threading
import unittest

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "..", "bench", "compare", "quality"))

import labelled  # noqa: E402
import quality  # noqa: E402
import rank  # noqa: E402
import system  # noqa: E402


def write_set(data, name, docs, queries, labels):
    folder = os.path.join(data, name)
    os.makedirs(folder)
    for file, rows in (("docs.jsonl", docs), ("queries.jsonl", queries)):
        with open(os.path.join(folder, file), "w", encoding="utf-8") as out:
            out.writelines(json.dumps(row) + "\n" for row in rows)
        with open(os.path.join(folder, file.replace("jsonl", "f32")), "wb") as out:
            for i in range(len(rows)):
                array.array("f", [float(i)] * labelled.DIMENSIONS).tofile(out)
    with open(os.path.join(folder, "qrels.tsv"), "w", encoding="utf-8") as out:
        out.writelines("\t".join(label) + "\n" for label in labels)


DOCS = [{"id": "a", "title": "One", "text": "two", "user": 1}, {"id": "b", "speaker": "Ann", "text": "hello", "image_caption": "a cat", "user": 2},
        {"id": "c", "text": "three", "user": 1}]
QUERIES = [{"id": "p", "text": "first", "user": 2}, {"id": "q", "text": "unjudged", "user": 1}, {"id": "r", "text": "third", "user": 1}]


class WorthTest(unittest.TestCase):
    def test_ndcg_is_that_of_the_definition(self):
        # Hits at ranks 1 and 3 of two relevant: (1 + 1/2) / (1 + 1/log2(3)).
        self.assertAlmostEqual(labelled.ndcg([5, 9, 7], {5, 7}), 1.5 / 1.6309297535714575)
        self.assertEqual(labelled.ndcg([5, 7], {5, 7}), 1.0)
        self.assertEqual(labelled.ndcg([1, 2], {5}), 0.0)
        self.assertEqual(labelled.ndcg(list(range(20)), {15}), 0.0)
        self.assertEqual(labelled.ndcg(list(range(20)), set(range(20))), 1.0)

    def test_recall_is_of_all_that_are_relevant(self):
        self.assertEqual(labelled.recall([1, 2, 3], {2, 9}), 0.5)
        self.assertEqual(labelled.recall(list(range(30)), {25}), 0.0)

    def test_pairing_tells_a_gain_from_chance(self):
        ours = [0.6 + 0.01 * (i % 5) for i in range(100)]
        clear = labelled.paired(ours, [x - 0.1 for x in ours])
        self.assertAlmostEqual(clear["ours_ahead"], 0.1)
        self.assertGreater(clear["ahead_from"], 0.05)
        self.assertLess(clear["p"], 0.01)
        chance = labelled.paired(ours, [x + (0.1 if i % 2 else -0.1) for i, x in enumerate(ours)])
        self.assertLess(chance["ahead_from"], 0)
        self.assertGreater(chance["ahead_to"], 0)
        self.assertGreater(chance["p"], 0.5)


class SetTest(unittest.TestCase):
    def test_a_set_is_read_by_places_and_scopes(self):
        with tempfile.TemporaryDirectory() as data:
            write_set(data, "s", DOCS, QUERIES, [("p", "b", "1"), ("r", "a", "2"), ("r", "c", "0")])
            read = labelled.LabelledSet(data, "s", "user")
        self.assertEqual(read.texts, ["One two", "Ann hello a cat", "three"])
        self.assertEqual(read.scopes, {"1": [0, 2], "2": [1]})
        self.assertEqual([(scope, text, wanted) for scope, text, _, wanted in read.queries],
                         [("2", "first", {1}), ("1", "third", {0})])  # the unjudged one doesn't count, nor does grade 0
        self.assertEqual([vector[0] for _, _, vector, _ in read.queries], [0.0, 2.0])

    def test_errors_name_the_file(self):
        with tempfile.TemporaryDirectory() as data:
            write_set(data, "s", DOCS, QUERIES, [("p", "nobody", "1")])
            with self.assertRaisesRegex(labelled.Broken, "qrels.tsv:1"):
                labelled.LabelledSet(data, "s", "")
            with open(os.path.join(data, "s", "docs.f32"), "ab") as file:
                file.write(b"more")
            with open(os.path.join(data, "s", "qrels.tsv"), "w", encoding="utf-8") as file:
                file.write("p\tb\t1\n")
            with self.assertRaisesRegex(labelled.Broken, "docs.f32"):
                labelled.LabelledSet(data, "s", "")


class ServerTest(unittest.TestCase):
    def test_a_server_that_ends_is_unavailable_in_its_own_words(self):
        with tempfile.TemporaryDirectory() as folder:
            server = system.Server(["sh", "-c", "echo no port for me; exit 3"], folder)
            with self.assertRaisesRegex(system.Unavailable, "ended with 3: no port for me"):
                server.wait(lambda: False)

    def test_one_that_refuses_while_it_opens_its_data_is_waited_for(self):
        asked = []

        class Opening(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                self.send_response(503 if len(asked) == 1 else 200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        listening = http.server.HTTPServer(("127.0.0.1", 0), Opening)
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        with tempfile.TemporaryDirectory() as folder:
            server = system.Server(["sleep", "60"], folder)
            connection = system.JsonHttp(listening.server_port)
            server.wait(lambda: connection.call("GET", "/v1/status") is not None)
            server.stop()
            self.assertIsNotNone(server.process.poll())
        listening.shutdown()
        listening.server_close()
        self.assertEqual(len(asked), 2)


class RankTest(unittest.TestCase):
    def test_what_a_stopped_run_ranked_is_taken_up(self):
        with tempfile.TemporaryDirectory() as folder:
            output = os.path.join(folder, "x.rankings.json")
            self.assertIsNone(rank.earlier(output))
            rank.write(output, {"version": "1", "sets": {"a": {"text": [[1]]}, "b": {"text": [[2]]}}})
            rank.write(output + ".part", {"version": "2", "sets": {"b": {"text": [[3]]}}})
            self.assertEqual(rank.earlier(output), {"version": "2", "sets": {"a": {"text": [[1]]}, "b": {"text": [[3]]}}})

    def test_every_query_is_asked_in_its_own_scope(self):
        class Recording(system.System):
            name = "recording"
            loaded, dropped = {}, []

            def load(self, scope, places, texts, vectors):
                self.loaded[scope] = list(zip(places, texts))

            def search(self, mode, scope, text, vector, k):
                return [place for place, _ in self.loaded[scope]][:k]

            def drop(self, scope):
                self.dropped.append(scope)

        with tempfile.TemporaryDirectory() as data:
            write_set(data, "s", DOCS, QUERIES, [("p", "b", "1"), ("r", "a", "1")])
            recording = Recording()
            ranked = rank.rank_set(recording, labelled.LabelledSet(data, "s", "user"), ["text"])
        self.assertEqual(ranked, {"text": [[1], [0, 2]]})
        self.assertEqual(sorted(recording.dropped), sorted(recording.loaded))


class JudgeTest(unittest.TestCase):
    def test_ours_is_paired_with_the_best_mode_of_each_peer(self):
        with tempfile.TemporaryDirectory() as data:
            write_set(data, "s", DOCS, QUERIES, [("p", "b", "1"), ("r", "a", "1")])
            sets = {"s": labelled.LabelledSet(data, "s", "")}
        rankings = {"engram": {"sets": {"s": {"hybrid": [[1], [0]], "text": [[], []]}}},
                    "peer": {"sets": {"s": {"text": [[2], [2]], "vector": [[1], [2, 0]]}}}}
        rows = {(r["system"], r["mode"]): r for r in quality.judge(rankings, sets)}
        self.assertEqual(rows["engram", "hybrid"]["ndcg_at_10"], 1.0)
        self.assertEqual(rows["engram", "text"]["recall_at_10"], 0.0)
        self.assertEqual(rows["peer", "vector"]["queries"], 2)
        self.assertAlmostEqual(rows["peer", "vector"]["ours_ahead"], 1 - (1 + 0.6309297535714575) / 2)
        for other in (("peer", "text"), ("engram", "hybrid"), ("engram", "text")):
            self.assertNotIn("ours_ahead", rows[other])

    def test_figures_are_put_into_a_comparison(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "results.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump({"measurements": [1], "missing": [{"system": "mem0", "why": "first"}]}, file)
            quality.merge(path, {"quality": [2], "systems": [3], "missing": [{"system": "mem0", "why": "second"},
                                                                              {"system": "chroma", "why": "third"}]})
            with open(path, encoding="utf-8") as file:
                merged = json.load(file)
        self.assertEqual(merged["measurements"], [1])
        self.assertEqual((merged["quality"], merged["quality_systems"]), ([2], [3]))
        self.assertEqual([m["why"] for m in merged["missing"]], ["first", "third"])

    def test_every_system_says_why_it_is_set_up_so(self):
        import importlib

        for name in quality.SYSTEMS:
            adapter = importlib.import_module(name.replace("-", "_") + "_system").SYSTEM
            self.assertEqual(adapter.name, name)
            self.assertTrue(adapter.modes)
            self.assertTrue(all(s["name"] and s["value"] and s["why"] for s in adapter.settings), name)


if __name__ == "__main__":
    unittest.main()
