"""PostgreSQL with pgvector: a table a scope, tsvector for text, both joined by reciprocal ranks in SQL."""
import os

from system import Server, System, free_port, setting

CANDIDATES = 100
RRF_K = 60
SCRIPT = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "peers", "postgres.sh")
MEMORY_MIB = 1024

ALL_WORDS = "plainto_tsquery('english', %(text)s)"
# The same words, any of which may match.
ANY_WORD = "replace(plainto_tsquery('english', %(text)s)::text, '&', '|')::tsquery"

TEXT = """SELECT id FROM {table}, (SELECT {words} AS q) AS asked WHERE tsv @@ q
          ORDER BY {rank}(tsv, q) DESC, id LIMIT %(k)s"""
VECTOR = "SELECT id FROM {table} ORDER BY v <=> %(vector)s::vector LIMIT %(k)s"
HYBRID = f"""
WITH by_text AS (SELECT id, row_number() OVER (ORDER BY {{rank}}(tsv, q) DESC, id) AS place
                 FROM {{table}}, (SELECT {{words}} AS q) AS asked WHERE tsv @@ q ORDER BY place LIMIT {CANDIDATES}),
     by_vector AS (SELECT id, row_number() OVER (ORDER BY v <=> %(vector)s::vector) AS place
                   FROM {{table}} ORDER BY place LIMIT {CANDIDATES})
SELECT id FROM by_text FULL JOIN by_vector USING (id)
ORDER BY coalesce(1.0 / ({RRF_K} + by_text.place), 0) + coalesce(1.0 / ({RRF_K} + by_vector.place), 0) DESC, id
LIMIT %(k)s"""
MODES = {
    "hybrid": (HYBRID, ANY_WORD, "ts_rank"),
    "hybrid, every word": (HYBRID, ALL_WORDS, "ts_rank_cd"),
    "text": (TEXT, ANY_WORD, "ts_rank"),
    "text, every word": (TEXT, ALL_WORDS, "ts_rank_cd"),
    "vector": (VECTOR, "", ""),
}


class Pgvector(System):
    name = "pgvector"
    packages = ["psycopg[binary]"]
    modes = list(MODES)
    settings = [
        setting("text", "tsvector (english), ts_rank, any word", "its own full text, which has no BM25; any word finds far more than every word"),
        setting("text, every word", "plainto_tsquery and ts_rank_cd", "as pgvector's example has it"),
        setting("hybrid", f"reciprocal ranks, k {RRF_K}, {CANDIDATES} of each", "as pgvector's example, which takes 20 of each"),
        setting("vector", "exact, by cosine", "pgvector's way without an index: its best recall"),
        setting("scope", "a table each", "its ranks use no statistics of the collection, so it makes no difference"),
    ]

    def __init__(self, folder, options):
        del options
        import psycopg

        self.psycopg, self.port = psycopg, free_port()
        self.server = Server([SCRIPT, "run", os.path.join(folder, "postgres"), str(self.port), str(MEMORY_MIB)], folder)
        self.connection = None
        self.server.wait(self._connect)
        self.connection.execute("CREATE EXTENSION IF NOT EXISTS vector")

    def _connect(self):
        try:
            self.connection = self.psycopg.connect(f"host=127.0.0.1 port={self.port} user=compare dbname=postgres",
                                                   autocommit=True)
        except self.psycopg.OperationalError:
            return False
        return True

    def version(self):
        row = self.connection.execute("SELECT extversion || ', PostgreSQL ' || current_setting('server_version') "
                                      "FROM pg_extension WHERE extname = 'vector'").fetchone()
        return row[0]

    @staticmethod
    def _literal(vector):
        return "[" + ",".join(repr(x) for x in vector) + "]"

    def load(self, scope, places, texts, vectors):
        table = f"scope_{scope}"
        self.connection.execute(f"CREATE TABLE {table} (id int PRIMARY KEY, text text, v vector({len(vectors[0])}), "
                                "tsv tsvector GENERATED ALWAYS AS (to_tsvector('english', text)) STORED)")
        with self.connection.cursor().copy(f"COPY {table} (id, text, v) FROM STDIN") as copy:
            for place, text, vector in zip(places, texts, vectors):
                copy.write_row((place, text.replace("\0", " "), self._literal(vector)))
        self.connection.execute(f"CREATE INDEX ON {table} USING gin (tsv)")
        self.connection.execute(f"ANALYZE {table}")

    def search(self, mode, scope, text, vector, k):
        sql, words, rank = MODES[mode]
        rows = self.connection.execute(sql.format(table=f"scope_{scope}", words=words, rank=rank),
                                       {"text": text, "vector": self._literal(vector), "k": k})
        return [row[0] for row in rows]

    def drop(self, scope):
        self.connection.execute(f"DROP TABLE scope_{scope}")

    def close(self):
        if self.connection:
            self.connection.close()
        self.server.stop()


SYSTEM = Pgvector
