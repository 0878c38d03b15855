"""A small register and names for it, folded and compared: labelled synthetic, for tests without real files."""

import numpy as np
import polars as pl

from include.matching.alignment import frequencies
from include.matching.features import features
from include.matching.folding import fold
from include.matching.forms import legal_forms
from tests.matching.elf import few

FORMS = legal_forms(few())
_FIRST = ("Borealis", "Castor", "Dunkel", "Elmet", "Farrow", "Galant", "Hestia", "Ilmen", "Jarrah", "Kestrel")
_SECOND = ("Energy", "Marine", "Foods", "Textiles", "Optics", "Steel", "Paper", "Glass")


def folded(*rows: tuple[str | None, str | None]) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema={"name": pl.String, "country": pl.String}, orient="row")
    return fold(frame, FORMS)


def compared(mentions: pl.DataFrame, register: pl.DataFrame) -> pl.DataFrame:
    """Every mention with every entity."""
    a, b = np.divmod(np.arange(mentions.height * register.height), register.height)
    pairs = pl.DataFrame({"mention": a.astype(np.uint32), "entity": b.astype(np.uint32)})
    return features(mentions, register, pairs, frequencies(register))


def labelled() -> tuple[pl.DataFrame, np.ndarray, np.ndarray]:
    """Pairs of 80 entities and of names that mean them in another spelling, or none; labels; groups."""
    names = [f"{one} {two} GmbH" for one in _FIRST for two in _SECOND]
    asked = [
        *(f"{name[:-5]} AG" if k % 3 else name.upper() for k, name in enumerate(names)),
        *(f"Zeta {k} AG" for k in range(40)),
    ]
    register, mentions = folded(*((name, "DE") for name in names)), folded(*((name, "DE") for name in asked))
    pairs = compared(mentions, register)
    right = (pairs["mention"] == pairs["entity"]).to_numpy().astype(np.int64)
    return pairs, right, pairs["mention"].to_numpy().astype(np.int64)
