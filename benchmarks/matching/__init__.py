"""Accuracy of matching on the tuning halves: cross-validated by entity, one model for all, and the peers beside it."""

from pathlib import Path

import polars as pl
from rich.progress import track

from include.matching.model import text
from include.matching.retraining import PAIRS
from include.matching.training import trained

from .. import table
from . import measures, peers
from .data import NAMES
from .labelled import Labelled, labelled

MODEL = Path(__file__).parents[2] / "include/matching/model.json"
_FEW = 100
"""Groups of fewer names are told together."""
_BANDS = "Best candidates by score, for all and for each group; of a group, bands of 25 names or more."
_AMONG = "Names with an entity, and those of them that have it among their candidates, and among those the sieve keeps."
_OURS = "ours, one model for all"


def run(train: bool = False, others: bool = True) -> None:
    """Measure, and write the tables; `train` replaces the model with one of all benchmarks; `others`: peers too."""
    known = labelled()
    learnt = trained(known.pairs, known.pairs["right"].to_numpy(), known.groups)
    if train:
        MODEL.write_text(text(learnt.model), "utf-8")
    scored = known.pairs.select("mention", "entity", "right", "meant").with_columns(score=pl.Series(learnt.scores))
    found = measures.best(scored, known.mentions)
    note = (
        "Tuning halves; five-fold cross-validation, no entity and no folded name in two folds; one pooled model, "
        f"{learnt.model.digest}. R1: share of names with an entity whose best candidate is right; precision and recall "
        "at a score of one half; F1 at its best threshold; 95 % intervals by bootstrap over names. pudl: names of FERC "
        "against all 15,943 utilities of EIA, some of which are listed again under another number, so that only their "
        "numbers tell them apart; twins: an entity whose folded name is that of the right one counts as right; among "
        "the pairs: against the utilities that a name of FERC means."
    )
    table.write("Matching: accuracy", [*_rows(found), *_pudl(known, scored)], note)
    table.write("Matching: calibration", _calibration(found), _BANDS)
    table.write("Matching: entities among the candidates", _candidates(known.mentions), _AMONG)
    if others:
        _write_peers(known, scored, found)


def write_pairs(file: Path) -> None:
    """The labelled pairs of all benchmarks, as `commons match --train --pairs` reads them."""
    known = labelled()
    names = known.mentions.select("mention", "core", "truths")
    known.pairs.join(names, on="mention", how="left").select(PAIRS).write_parquet(file)


def _rows(found: pl.DataFrame) -> list[dict[str, str]]:
    rows = []
    for name in NAMES:
        part = found.filter(pl.col("benchmark") == name)
        rows.append({"benchmark": name, "part": "all"} | measures.row(part))
        for label, group in _parts(part):
            rows.append({"benchmark": name, "part": label} | measures.row(group))
    return rows


def _pudl(known: Labelled, scored: pl.DataFrame) -> list[dict[str, str]]:
    """Other readings of the human-made pairs: twins count as right, and only utilities that are meant are compared."""
    of_pudl = known.mentions.filter(pl.col("benchmark") == "pudl")
    pairs = scored.join(of_pudl.select("mention"), on="mention", how="semi")
    words = known.registers["pudl"]["words"]
    named = pairs.with_columns(words=words.gather(pairs["entity"]))
    meant = named.filter(pl.col("right") == 1).select("mention", "words").unique().with_columns(twin=1)
    twins = named.join(meant, on=["mention", "words"], how="left").with_columns(right=pl.col("twin").fill_null(0))
    told = {"twins count": twins, "among the pairs": pairs.filter("meant")}
    return [
        {"benchmark": "pudl", "part": part} | measures.row(measures.best(frame, of_pudl))
        for part, frame in told.items()
    ]


def _parts(part: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    """By kind, script and country, where a part has enough names and is not all of them."""
    countries = part.group_by("country").len().filter(pl.col("len") >= _FEW)["country"].drop_nulls().sort()
    parts = [("hard", part.filter(pl.col("kind") == "hard")), *_scripts(part)]
    parts += [(country, part.filter(pl.col("country") == country)) for country in countries]
    others = part.filter(pl.col("country").is_not_null(), pl.col("country").is_in(countries.implode()).not_())
    parts.append(("other countries", others))
    return [(label, group) for label, group in parts if _FEW // 4 <= group.height < part.height]


def _scripts(part: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    foreign = pl.col("name").str.contains(r"[^\x00-\x7F]")
    return [("letters beyond ASCII", part.filter(foreign))]


def _calibration(found: pl.DataFrame) -> list[dict[str, str]]:
    groups = [("all", found), *((name, found.filter(pl.col("benchmark") == name)) for name in NAMES)]
    countries = ("US", "CA", "GB", "IN", "CN")
    groups += [(country, found.filter(pl.col("country") == country)) for country in countries]
    elsewhere = found.filter(pl.col("country").is_in(countries).not_())
    groups += [("other countries", elsewhere), ("no country", found.filter(pl.col("country").is_null()))]
    groups += _scripts(found)
    rows = [{"group": label} | row for label, group in groups if group.height for row in measures.calibration(group)]
    return [row for row in rows if row["group"] == "all" or int(row["names"].replace(",", "")) >= _FEW // 4]


def _candidates(mentions: pl.DataFrame) -> list[dict[str, str]]:
    """Recall of the candidates, which is the most that any model can reach."""
    told = []
    for name in NAMES:
        known = mentions.filter(pl.col("benchmark") == name, pl.col("truths").list.len() > 0)
        parts = {"all": known} if name == "pudl" else {"all": known, "hard": _hard(known)}
        for part, frame in parts.items():
            row = {"benchmark": name, "part": part, "names with an entity": f"{frame.height:,}"}
            told.append(row | {of: f"{float(frame[of].sum()) / frame.height:.4f}" for of in ("found", "kept")})
    return told


def _write_peers(known: Labelled, scored: pl.DataFrame, found: pl.DataFrame) -> None:
    """The best candidates of each peer beside ours, on the same names and folds."""
    rows: list[dict[str, str]] = []
    for name in track(NAMES, "Peers", transient=True):
        asked = known.mentions.filter(pl.col("benchmark") == name)
        ours = scored.join(asked.select("mention"), on="mention", how="semi")
        twenty = ours.filter(pl.col("score").rank("ordinal", descending=True).over("mention") <= 20)
        rows += _peer(name, _OURS, found.filter(pl.col("benchmark") == name), "")
        for method, peer in peers.PEERS.items():
            try:
                rows += _peer(name, method, *peers.compared(peer, asked, known.registers[name], twenty))
            except RuntimeError as problem:
                rows.append({"benchmark": name, "method": method, "R1": f"could not be run: {problem}"})
    note = (
        "Whole registers, and the folds of the table above: splink's m and emm's model are learnt from the other folds "
        "of the same benchmark, ours from those of all; rapidfuzz, string_grouper and logic-v2 learn nothing. "
        "emm and logic-v2 read names as published, the others folded ones. Names a second of processor time: with all "
        "that a peer does from names and register to pairs."
    )
    table.write("Matching: peers", rows, note)


def _peer(benchmark: str, method: str, found: pl.DataFrame, speed: str) -> list[dict[str, str]]:
    parts = {benchmark: found} if benchmark == "pudl" else {benchmark: found, f"{benchmark}, hard": _hard(found)}
    unwanted = ("precision", "recall")  # at a score of one half, which means nothing for a similarity
    return [
        {"benchmark": part, "method": method}
        | {name: value for name, value in measures.row(frame).items() if name not in unwanted}
        | {"names a second": speed if part == benchmark else ""}
        for part, frame in parts.items()
    ]


def _hard(found: pl.DataFrame) -> pl.DataFrame:
    return found.filter(pl.col("kind") == "hard")
