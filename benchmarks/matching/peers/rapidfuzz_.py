"""rapidfuzz: the name with the highest ratio of folded names, of all; ties by the register's order; run by ours."""

import sys
from pathlib import Path

import numpy as np
import polars as pl
from rapidfuzz import fuzz, process

BLOCK = 64

folder = Path(sys.argv[1])
asked, held = (pl.read_csv(folder / f"{name}.csv", infer_schema=False) for name in ("asked", "held"))
names, register = (frame["core"].fill_null("").to_list() for frame in (asked, held))
best, scores = [], []
for first in range(0, len(names), BLOCK):
    block = process.cdist(names[first : first + BLOCK], register, scorer=fuzz.ratio, workers=-1, dtype=np.float32)
    best += block.argmax(axis=1).tolist()
    scores += block.max(axis=1).tolist()
found = pl.DataFrame({"mention": asked["mention"], "entity": held["entity"].gather(best), "score": scores})
found.write_csv(folder / "found.csv")
