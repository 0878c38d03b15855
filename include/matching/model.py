"""A model of matching as text that can be read and reviewed: sums of broken lines, then small trees."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from ..errors import DataCommonsError
from .features import FEATURES

Values = npt.NDArray[np.float64]

FORMAT = 1
PRELIMINARY = 10
"""So many candidates of a mention reach the trees; the others keep what the lines say."""
CONTEXT = ("odds", "odds_rank", "odds_gap", "odds_sum", "odds_best")
"""What the trees see beside the features: the log odds by the lines, their rank and gap among the candidates."""
UNREACHED = -5.0
"""The log odds of a candidate that no tree has seen are no higher."""


@dataclass(frozen=True)
class Line:
    """What one feature adds to the log odds: straight between its knots, level beyond them."""

    feature: str
    knots: tuple[float, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class Tree:
    """Nodes of one tree: a leaf has feature -1 and adds its value; else go left where the feature is <= threshold."""

    feature: tuple[int, ...]
    threshold: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    value: tuple[float, ...]


@dataclass(frozen=True)
class Model:
    """All that scores a pair; `features` is the list that it was trained on, and it refuses another."""

    features: tuple[str, ...]
    intercept: float
    lines: tuple[Line, ...]
    trees_start: float
    trees: tuple[Tree, ...]
    calibration: Line
    """From the log odds of the trees to those of the best candidate of a mention being right."""

    @property
    def digest(self) -> str:
        """First 16 hexadecimal digits of the SHA-256 of the text."""
        return hashlib.sha256(text(self).encode()).hexdigest()[:16]


def score(pairs: pl.DataFrame, model: Model) -> pl.Series:
    """Probability, f64, that each of `pairs` (columns mention, entity and FEATURES) is right.

    All candidates of a mention belong into one call. Raises DataCommonsError where a feature is absent.
    """
    absent = [name for name in model.features if name not in pairs.columns]
    if absent:
        raise DataCommonsError(
            f"model {model.digest}: no feature {', '.join(absent)} in the pairs. Train the model again, "
            "`python -m benchmarks.matching --train`."
        )
    odds = first_odds(pairs, model.features, model.intercept, model.lines)
    seen = with_context(pairs.select("mention", "entity", *model.features), odds)
    reached = np.flatnonzero((seen["odds_rank"] <= PRELIMINARY).to_numpy())
    final = np.minimum(odds, UNREACHED)
    columns = np.ascontiguousarray(seen.select(*model.features, *CONTEXT).to_numpy()[reached], dtype=np.float32)
    trees = grown(model.trees_start, model.trees, columns)
    final[reached] = np.interp(trees, model.calibration.knots, model.calibration.values)
    return pl.Series("score", 1 / (1 + np.exp(-final)))


def first_odds(pairs: pl.DataFrame, names: Sequence[str], intercept: float, lines: Sequence[Line]) -> Values:
    """Log odds by the lines alone, rounded so that no order of addition shows."""
    total = np.full(pairs.height, intercept)
    for name, line in zip(names, lines, strict=True):
        total += np.interp(pairs[name].to_numpy().astype(np.float64), line.knots, line.values)
    return np.round(total, 9)


def with_context(pairs: pl.DataFrame, odds: Values) -> pl.DataFrame:
    """`pairs` with CONTEXT; candidates of one mention with the same odds share a rank, so that a tie stays one."""
    over = "mention"
    frame = pairs.with_columns(odds=pl.Series(odds)).with_columns(odds_best=pl.col("odds").max().over(over))
    chance = 1 / (1 + (-pl.col("odds")).exp())
    other = pl.col("odds").top_k(2).min().over(over)
    return frame.with_columns(
        odds_rank=(-pl.col("odds")).rank("min").over(over).cast(pl.Float64),
        odds_gap=pl.col("odds") - pl.when(pl.col("odds") == pl.col("odds_best")).then(other).otherwise("odds_best"),
        odds_sum=chance.sort().sum().over(over),
    )


def grown(start: float, trees: Sequence[Tree], columns: npt.NDArray[np.float32]) -> Values:
    """Log odds by the trees, which are added in their order."""
    turned = np.ascontiguousarray(columns.T)
    return start + sum((_leaves(tree, turned) for tree in trees), np.zeros(len(columns)))


def _leaves(tree: Tree, turned: npt.NDArray[np.float32]) -> Values:
    """Values of the leaves that the columns of `turned` reach: every node asks them all, and their answers name it."""
    inner = [node for node, feature in enumerate(tree.feature) if feature >= 0]
    values = np.array([_leaf(tree, inner, answers) for answers in range(1 << len(inner))])
    answers = np.zeros(turned.shape[1], np.uint32)
    for place, node in enumerate(inner):
        goes_left = turned[tree.feature[node]] <= np.float64(tree.threshold[node])
        answers |= goes_left.astype(np.uint32) << place
    found: Values = values[answers]
    return found


def _leaf(tree: Tree, inner: Sequence[int], answers: int) -> float:
    """The value that a row reaches whose answer to the node inner[k] is bit k of `answers`."""
    node = 0
    while tree.feature[node] >= 0:
        goes_left = answers >> inner.index(node) & 1
        node = tree.left[node] if goes_left else tree.right[node]
    return tree.value[node]


def text(model: Model) -> str:
    """The model as JSON: one line for each feature and each tree, so that a difference shows what changed."""
    facts = asdict(model)
    parts = [f'"format": {FORMAT}']
    for name, value in facts.items():
        many = isinstance(value, tuple) and value and isinstance(value[0], dict)
        shown = "[\n" + ",\n".join(json.dumps(one) for one in value) + "\n]" if many else json.dumps(value)
        parts.append(f"{json.dumps(name)}: {shown}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def read(path: Path) -> Model:
    """The model at `path`; raises DataCommonsError where it is no such text, or is of another list of features."""
    try:
        facts = json.loads(path.read_text("utf-8"))
        if facts.pop("format") != FORMAT:
            raise ValueError("another format")
        model = Model(
            tuple(facts["features"]),
            float(facts["intercept"]),
            tuple(_line(one) for one in facts["lines"]),
            float(facts["trees_start"]),
            tuple(Tree(**{name: tuple(values) for name, values in one.items()}) for one in facts["trees"]),
            _line(facts["calibration"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise DataCommonsError(
            f"{path.name}: not a model of matching ({problem}). Take the file of the repository, or train one: "
            "`python -m benchmarks.matching --train`."
        ) from problem
    _same_features(model, path)
    return model


def _line(facts: dict[str, object]) -> Line:
    return Line(str(facts["feature"]), tuple(facts["knots"]), tuple(facts["values"]))  # type: ignore[arg-type]


def _same_features(model: Model, path: Path) -> None:
    if model.features == FEATURES:
        return
    unknown = sorted(set(model.features) - set(FEATURES))
    lacking = sorted(set(FEATURES) - set(model.features))
    raise DataCommonsError(
        f"{path.name}: a model of another feature list, unknown here: {', '.join(unknown) or 'none'}; "
        f"not in the model: {', '.join(lacking) or 'none'}. Train it again: `python -m benchmarks.matching --train`."
    )
