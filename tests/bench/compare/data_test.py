"""The making of the real sentences: splitting, order, and going on after a stop. A stand-in takes the model's place."""
import array
import json
import os
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "..", "bench", "compare", "data"))

import minilm  # noqa: E402
import prepare  # noqa: E402
import sentences  # noqa: E402


class Rows:
    def __init__(self, texts):
        self.values = array.array("f", [float(len(t)) for t in texts for _ in range(minilm.DIMENSIONS)])

    def astype(self, kind):
        assert kind == "<f4"
        return self

    def tobytes(self):
        return self.values.tobytes()


class Model:
    """Gives every text its length; stops like a process that is killed after some chunks."""

    def __init__(self, chunks=None):
        self.chunks, self.seen = chunks, []

    def encode(self, texts, **_):
        if self.chunks is not None and len(self.seen) >= self.chunks:
            raise KeyboardInterrupt
        self.seen.append(len(texts))
        return Rows(texts)


def numbered(count, kind="sentence"):
    return [f"This is {kind} number {'one ' * (i % 7)}of many, called {i}x{i}." for i in range(count)]


def write_set(folder, name, texts, questions=()):
    os.makedirs(os.path.join(folder, name))
    for file, rows in (("docs.jsonl", texts), ("queries.jsonl", questions)):
        with open(os.path.join(folder, name, file), "w", encoding="utf-8") as out:
            out.writelines(json.dumps({"id": str(i), "text": text}) + "\n" for i, text in enumerate(rows))


class SplitTest(unittest.TestCase):
    def test_a_paragraph_becomes_its_sentences(self):
        text = ("The first has some words.  The second\nis on two lines! Is \"the third\" a question? (It was not one at all.)"
                "\n\nand there is no full stop here")
        self.assertEqual(list(sentences.split(text)), [
            "The first has some words.", "The second is on two lines!", "Is \"the third\" a question?",
            "(It was not one at all.)", "and there is no full stop here"])

    def test_listings_and_fragments_are_left_out(self):
        for text in ("Too short.", "12 34 56 78 90 12 34 56 78 90 12", "word " * 200):
            self.assertEqual(list(sentences.split(text)), [], text)


class ChoiceTest(unittest.TestCase):
    def test_a_smaller_set_is_the_beginning_of_a_larger_one(self):
        with tempfile.TemporaryDirectory() as data:
            write_set(data, "npl", numbered(300), numbered(20, "question"))
            large, asked = prepare.choose(data, 200, 20)
            small, asked_again = prepare.choose(data, 50, 20)
        self.assertEqual(large[:50], small)
        self.assertEqual(asked, asked_again)

    def test_queries_are_not_stored_and_both_kinds_take_turns(self):
        with tempfile.TemporaryDirectory() as data:
            write_set(data, "npl", numbered(300), numbered(20, "question"))
            stored, asked = prepare.choose(data, 0, 20)
        self.assertEqual(len(asked), 20)
        self.assertEqual([("question" in text) for _, text in asked], [True, False] * 10)
        self.assertFalse({text for _, text in stored} & {text for _, text in asked})
        self.assertEqual(len(stored), 290)

    def test_equal_sentences_count_once(self):
        with tempfile.TemporaryDirectory() as data:
            write_set(data, "npl", numbered(40) + numbered(40))
            stored, _ = prepare.choose(data, 0, 2)
        self.assertEqual(len(stored), 38)


class EmbedTest(unittest.TestCase):
    def test_a_stopped_run_goes_on_where_it_was(self):
        texts = numbered(2 * minilm.CHUNK + 10)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "vectors.f32")
            with self.assertRaises(KeyboardInterrupt):
                minilm.embed_into(path, texts, Model(chunks=1), lambda line: None)
            self.assertFalse(os.path.exists(path))
            with open(path + ".part", "ab") as file:
                file.write(b"half a row")
            model = Model()
            minilm.embed_into(path, texts, model, lambda line: None)
            self.assertEqual(sum(model.seen), minilm.CHUNK + 10)
            with open(path, "rb") as file:
                self.assertEqual(file.read(), Rows(texts).tobytes())
            idle = Model()
            minilm.embed_into(path, texts, idle, lambda line: None)
            self.assertEqual(idle.seen, [])

    def test_a_folder_begun_with_other_texts_is_refused(self):
        first, second = [("npl", t) for t in numbered(5)], [("npl", t) for t in numbered(6)]
        saved, minilm.load = minilm.load, lambda threads: Model()
        try:
            with tempfile.TemporaryDirectory() as folder:
                prepare.prepare(folder, first, second[:2], 1)
                with open(os.path.join(folder, "meta.json"), encoding="utf-8") as file:
                    meta = json.load(file)
                self.assertEqual((meta["rows"], meta["queries"], meta["dimensions"]), (5, 2, minilm.DIMENSIONS))
                self.assertEqual(os.path.getsize(os.path.join(folder, "vectors.f32")), 5 * minilm.ROW_BYTES)
                with self.assertRaises(SystemExit):
                    prepare.prepare(folder, second, second[:2], 1)
        finally:
            minilm.load = saved


if __name__ == "__main__":
    unittest.main()
