"""`commons match --train`: learns from what people judged; the model is replaced only where that is said."""

import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl

from ...contracts import loader
from ...contracts.words import counted
from ...errors import ContractError, DataError, EnvironmentFault
from ...matching.judgements import Judgement, parse
from ...matching.model import text
from ...matching.retraining import PAIRS, judged_pairs, retrained, told
from ...settings import settings
from ...versions.registers import MODEL
from ..console import out, print_json, show
from ..progress import progress
from .opening import judged_file, opened


def train(file: Path | None, register: str, pairs: Path | None, accept: float, replace: bool, as_json: bool) -> None:
    """Prints precision and recall at `accept`, and calibration, before and after: cross-validated, split by entity.

    `file`: judgements; without one, those of all datasets that are matched against `register`. `pairs`: labelled pairs
    of other names. Raises ContractError where judgements are wrong, DataError where they are too few.
    """
    judgements = _judgements([file] if file else _files(register))
    others = _others(pairs) if pairs else None
    with progress(f"Comparing {counted(len(judgements), 'judgement')} with {register}"):
        matcher = opened(register).matcher
        judged = judged_pairs(judgements, matcher)
    with progress("Learning"):
        found = retrained(judged, matcher.model, others)
    rows = told(found, accept)
    if replace:
        MODEL.write_text(text(found.model), "utf-8")
    if as_json:
        digests = {"before": matcher.model.digest, "after": found.model.digest}
        print_json({**digests, "replaced": replace, "worth": rows})
    else:
        _tell(rows, matcher.model.digest, found.model.digest, pairs is not None, replace)


def _tell(rows: list[dict[str, Any]], before: str, after: str, whole: bool, replaced: bool) -> None:
    show([{name: _shown(value) for name, value in row.items()} for row in rows], False, "")
    learnt = "the whole model" if whole else "the calibration only; with --pairs the whole model"
    out.print(f"\nModel {before} before, {after} after. Learnt anew: {learnt}.")
    out.print(
        "It is replaced; commit it." if replaced else "It stays as it is; --replace puts the new one in its place."
    )


def _shown(value: object) -> object:
    return f"{value:.3f}" if isinstance(value, float) else value


def _files(register: str) -> list[Path]:
    """Judgements of all datasets whose names are matched against `register`."""
    room, found = Path(settings().datasets), []
    for name in loader.names(room):
        try:
            match = loader.load(room / name).match
        except ContractError:
            continue
        if match and match.register == register and judged_file(name).exists():
            found.append(judged_file(name))
    if not found:
        raise DataError(
            f"{register}: no dataset that is matched against it has judgements.csv. `commons review NAME` writes one; "
            "or name a file of judgements."
        )
    return found


def _judgements(files: list[Path]) -> list[Judgement]:
    today = dt.datetime.now(dt.UTC).date()
    try:
        return [one for file in files for one in parse(file.read_bytes(), str(file), today)]
    except OSError as error:
        raise EnvironmentFault(f"{error.filename}: {error.strerror}. Name a file of judgements.") from error


def _others(file: Path) -> pl.DataFrame:
    advice = "`python -m benchmarks.matching --pairs FILE` writes them."
    try:
        found = pl.read_parquet(file)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise EnvironmentFault(f"{file}: no Parquet file of labelled pairs ({error}). {advice}") from error
    if absent := [name for name in PAIRS if name not in found.columns]:
        raise DataError(f"{file}: no column {', '.join(absent)}, expected for labelled pairs. {advice}")
    return found
