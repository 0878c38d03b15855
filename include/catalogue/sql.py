"""What each column of a SQL query over datasets is made of; what can't be told is told, and never guessed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope, find_all_in_scope

from ..contracts.foreign import printable
from ..contracts.words import nearest
from ..errors import ContractError

LARGEST, MOST_TOKENS, DEEPEST = 100_000, 4_000, 30
_OPENING, _CLOSING = ("L_PAREN", "L_BRACKET", "L_BRACE", "CASE"), ("R_PAREN", "R_BRACKET", "R_BRACE", "END")
_CHANGES = (exp.DDL, exp.DML, exp.Command, exp.Into)
_SHOWN = 200

Steps = tuple[str, ...]
Pair = tuple[str, str]


@dataclass(frozen=True)
class Origin:
    """A column of a dataset that a query's column is made of."""

    dataset: str
    column: str
    how: str
    """"as it is", "renamed", "cast to DOUBLE", "computed: SUM(capacity_mw)"; several steps in their order."""


@dataclass(frozen=True)
class Made:
    """A column that a query yields."""

    name: str
    of: tuple[Origin, ...]
    """What its values are made of, sorted; not what only decides which rows there are (WHERE, JOIN … ON, EXCEPT)."""
    unknown: tuple[str, ...] = ()
    """Why more may belong to it than is told."""


@dataclass
class _Found:
    """The columns that an expression is made of, each with what is done on the way; and what can't be told."""

    pairs: dict[Pair, Steps] = field(default_factory=dict)
    unknown: dict[str, None] = field(default_factory=dict)

    def add(self, other: "_Found", step: str = "") -> None:
        for pair, steps in other.pairs.items():
            self.pairs.setdefault(pair, (*steps, step) if step else steps)
        self.unknown.update(other.unknown)


def made_of(
    query: str,
    known: Mapping[str, Sequence[str]],
    dialect: Literal["duckdb", "trino"] = "duckdb",
    where: str = "query.sql",
) -> list[Made]:
    """The columns that `query` yields, in order, each with the columns of datasets that it is made of.

    `known` are the columns of each dataset by name; a table in the query is a dataset, named alone. Of one whose
    columns are not known (none given), `*` can't be told.
    Raises ContractError, which begins with `where`, where it is not one query of a bearable size over known datasets.
    """
    try:
        tree = _parsed(query, dialect, where)
        _refuse_strangers(tree, known, where)
        columns = {name: dict.fromkeys(some, "UNKNOWN") for name, some in known.items() if some}
        tree = qualify(
            tree, schema=columns, dialect=dialect, validate_qualify_columns=False, identify=False,
            quote_identifiers=False,
        )  # fmt: skip
        if (scope := build_scope(tree)) is None:
            raise ContractError(f"{where}: expected a SELECT. Write one query.")
        seen: dict[tuple[int, int], _Found] = {}
        return [_made(select, _column(scope, at, dialect, seen)) for at, select in enumerate(scope.expression.selects)]
    except RecursionError as error:
        raise ContractError(f"{where}: nested too deep to be read. Split it with WITH.") from error
    except SqlglotError as error:
        raise ContractError(f"{where}: {_reason(error)}. Correct the query.") from error


def _parsed(query: str, dialect: str, where: str) -> exp.Expression:
    """The one query in the text."""
    if len(query) > LARGEST:
        raise ContractError(f"{where}: expected at most {LARGEST:,} characters, found {len(query):,}. Split it.")
    depth = deepest = 0
    tokens = sqlglot.tokenize(query, read=dialect)
    for token in tokens:
        kind = token.token_type.name
        depth += (kind in _OPENING) - (kind in _CLOSING)
        deepest = max(deepest, depth)
    if deepest > DEEPEST or len(tokens) > MOST_TOKENS:
        raise ContractError(
            f"{where}: expected at most {MOST_TOKENS:,} words nested {DEEPEST} deep, found {len(tokens):,} words, "
            f"{deepest} deep. Split it with WITH, or into datasets."
        )
    statements = [one for one in sqlglot.parse(query, dialect=dialect) if one is not None]
    if len(statements) != 1:
        raise ContractError(f"{where}: expected one query, found {len(statements)}. Keep the one that makes the table.")
    (tree,) = statements
    if bad := tree.find(*_CHANGES) if isinstance(tree, exp.Query) else tree:
        kind = bad.key.upper()
        raise ContractError(f"{where}: expected a query that only reads, found {kind}. Write SELECT, or WITH … SELECT.")
    return tree


def _refuse_strangers(tree: exp.Expression, known: Mapping[str, Sequence[str]], where: str) -> None:
    """Raises ContractError for tables that are neither datasets nor named in the query itself."""
    own = {cte.alias_or_name.lower() for cte in tree.find_all(exp.CTE)}
    wrong = []
    for table in tree.find_all(exp.Table):
        name = table.name.lower()
        if not isinstance(table.this, exp.Identifier):
            continue
        if table.args.get("db"):
            wrong.append(
                f"{where}: expected the name of a dataset alone, found {printable(table.sql())}. Write {name}."
            )
        elif name not in own and name not in known:
            near = nearest(name, known)
            wrong.append(f"{where}: no dataset {printable(table.name)!r}{near}. Name one of `commons list`.")
    if wrong:
        raise ContractError(*dict.fromkeys(wrong))


def _column(scope: Scope, at: int, dialect: str, seen: dict[tuple[int, int], _Found]) -> _Found:
    """What the column number `at` of a scope is made of; each is looked at once, however often it is used."""
    key = (id(scope), at)
    if key in seen:
        return seen[key]
    seen[key] = found = _Found()  # what a recursive CTE takes from itself adds nothing
    while isinstance(scope.expression, exp.Subquery) and scope.subquery_scopes:
        scope = scope.subquery_scopes[0]
    if isinstance(scope.expression, exp.SetOperation):
        for side, position in _sides(scope, at):
            found.add(_column(side, position, dialect, seen))
        return found
    if not isinstance(scope.expression, exp.Select) or at >= len(scope.expression.selects):
        found.unknown[f"{_sql(scope.expression, dialect)} is not looked into"] = None
        return found
    select = scope.expression.selects[at]
    step = _step(select.this if isinstance(select, exp.Alias) else select, dialect)
    for source, name in _sources(scope, select):
        found.add(_of(source, name, dialect, seen), step)
    if select.is_star or select.find(exp.Columns):
        found.unknown[f"which columns {_sql(select, dialect)} stands for can't be told"] = None
    return found


def _sides(scope: Scope, at: int) -> Iterator[tuple[Scope, int]]:
    """The parts of a set operation that give values to its column, and which column of each."""
    first, *others = scope.union_scopes
    yield first, at
    name = scope.expression.selects[at].alias_or_name if at < len(scope.expression.selects) else ""
    for other in others if isinstance(scope.expression, exp.Union) else ():
        if scope.expression.args.get("by_name"):
            yield from ((other, n) for n, one in enumerate(other.expression.named_selects) if one == name)
        else:
            yield other, at


def _sources(scope: Scope, select: exp.Expression) -> Iterator[tuple[object, str]]:
    """The columns that a select names, each with the table or scope that it is of, subqueries included."""
    for column in _within(select, exp.Column):
        holder: Scope | None = scope
        while holder and column.table not in holder.sources:
            holder = holder.parent  # of a subquery that looks at the query around it
        yield (holder.sources[column.table] if holder else column), column.name
    inner = {id(one.expression): one for one in scope.subquery_scopes}
    for query in _within(select, *exp.UNWRAPPED_QUERIES):
        if id(query) in inner:
            yield from ((inner[id(query)], name) for name in query.named_selects)
        else:
            yield query, "a subquery"


def _within(select: exp.Expression, *kinds: type[exp.Expression]) -> Iterator[Any]:
    """The expressions of these kinds in a select, not those inside its subqueries."""
    yield from find_all_in_scope(select, kinds)  # type: ignore[no-untyped-call]


def _of(source: object, name: str, dialect: str, seen: dict[tuple[int, int], _Found]) -> _Found:
    """What the column `name` of a table or scope is made of."""
    if isinstance(source, Scope):
        names = source.expression.named_selects if isinstance(source.expression, exp.Query) else []
        if name in names:
            return _column(source, names.index(name), dialect, seen)
        return _Found(unknown={f"{printable(name)} of {_sql(source.expression, dialect)} can't be followed": None})
    if isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier) and not source.args.get("pivots"):
        return _Found(pairs={(source.name.lower(), name): ()})
    if isinstance(source, exp.Column):
        return _Found(unknown={f"{printable(name)} can't be followed to one table": None})
    what = _sql(source, dialect) if isinstance(source, exp.Expression) else "its source"
    return _Found(unknown={f"{printable(name)}: {what} is no dataset": None})


def _step(expression: exp.Expression, dialect: str) -> str:
    """What a select does to its columns; nothing where it hands one on."""
    if isinstance(expression, exp.Column):
        return ""
    if isinstance(expression, exp.Cast) and isinstance(expression.this, exp.Column):
        return f"cast to {expression.to.sql(dialect)}"
    return f"computed: {_sql(expression, dialect)}"


def _sql(expression: exp.Expression, dialect: str) -> str:
    """An expression as its author would write it: columns without their tables."""
    bare = expression.copy()
    for column in bare.find_all(exp.Column):
        column.set("table", None)
    return printable(bare.sql(dialect, comments=False), _SHOWN)


def _made(select: exp.Expression, found: _Found) -> Made:
    name = select.alias_or_name
    origins = (Origin(*pair, _how(name, pair[1], steps)) for pair, steps in sorted(found.pairs.items()))
    return Made(name, tuple(origins), tuple(found.unknown))


def _how(name: str, column: str, steps: Iterable[str]) -> str:
    done = list(dict.fromkeys(steps))
    if not any(step.startswith("computed") for step in done) and name != column:
        done = ["renamed", *done]
    return ", then ".join(done) or "as it is"


def _reason(error: SqlglotError) -> str:
    first = str(error).splitlines()[0].replace("\x1b[4m", "").replace("\x1b[0m", "")
    return printable(first.rstrip("."), _SHOWN)
