"""string_grouper: cosine of trigrams of folded names; run by its own environment with a folder to read and write."""

import sys
from pathlib import Path

import pandas
from string_grouper import match_strings

folder = Path(sys.argv[1])
asked, held = (pandas.read_csv(folder / f"{name}.csv", keep_default_na=False) for name in ("asked", "held"))
found = match_strings(held["core"], asked["core"], min_similarity=0.3, max_n_matches=20, number_of_processes=2)
pandas.DataFrame(
    {
        "mention": asked["mention"].to_numpy()[found["right_index"]],
        "entity": held["entity"].to_numpy()[found["left_index"]],
        "score": found["similarity"],
    }
).to_csv(folder / "found.csv", index=False)
