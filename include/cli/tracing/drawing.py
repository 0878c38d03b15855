"""Lineage as a tree on a terminal or in a pipe; nothing foreign is read as markup."""

from collections.abc import Iterator, Sequence

from rich.text import Text
from rich.tree import Tree

from ...catalogue.impact import Affected
from ...catalogue.lineage import ColumnEdge, Graph, Node, Step
from ...contracts.foreign import printable
from ...contracts.words import counted
from .asking import Asked

DEEPEST = 12
"""Steps that a tree shows one below the other; `--json` has all."""
_ADDRESS, _WORDS, _COLUMNS = 4000, 200, 8


def drawn(asked: Asked, up: bool, down: bool, most: int) -> Tree:
    """What is asked for, with what it is made of and what is made of it; at most so many files of one folder."""
    root = Tree(_heading(asked))
    if up:
        branch, seen = root.add("made of"), set[Node]()
        for step in asked.up():
            kind = "the table" if step.node.kind == "table" else f"its {step.node.kind}"
            home = branch if len(asked.nodes) == 1 else branch.add(kind)
            _grow(home, step, asked.graph, seen, "up", most)
    if down:
        branch, seen = Tree("used by"), set[Node]()
        for step in asked.down():
            _grow(branch, step, asked.graph, seen, "down", most)
        root.children.append(branch if branch.children else Tree("used by nothing here"))
    return root


def consequences(asked: Asked, found: Sequence[Affected]) -> Tree:
    """Who is hit by a change, through what, and what a breaking one would stop."""
    others = sum(one.name not in {node.name for node in asked.nodes} for one in found)
    owners = sorted({one.owner for one in found if one.owner})
    asking = f"; ask {', '.join(printable(owner, _WORDS) for owner in owners)}" if others else ""
    root = Tree(Text.assemble(_heading(asked), f"\na change reaches {counted(others, 'other dataset')}{asking}"))
    for one in found:
        known = printable(one.owner or "owner not known", _WORDS)
        branch = root.add(Text.assemble((one.name, "bold"), _quiet(known)))
        if one.untold:
            branch.add(Text("perhaps: it doesn't say which columns it takes"))
        for node in one.tables:
            for edge in one.edges:
                if edge.downstream == node:
                    branch.add(_taken(node, str(edge.upstream), edge.how, edge.columns))
        if stops := one.stops:
            stop = branch.add(Text("a breaking change", "bold"))
            for text in stops:
                stop.add(Text(text))
    return root


def _taken(node: Node, upstream: str, how: str, columns: Sequence[ColumnEdge]) -> Text:
    pairs: dict[str, dict[str, None]] = {}
    for column in columns:
        pairs.setdefault(printable(column.upstream), {})[column.downstream] = None
    told = [f"{there} → {', '.join(here)}" for there, here in pairs.items()]
    more = [f"{len(told) - _COLUMNS} more"] if len(told) > _COLUMNS else []
    what = "the table" if node.kind == "table" else f"its {node.kind}"
    by = f": {'; '.join(told[:_COLUMNS] + more)}" if told else ""
    return Text(f"{what} ← {upstream}, {printable(how, _WORDS)}{by}")


def _heading(asked: Asked) -> Text:
    column = f".{asked.column}" if asked.column else ""
    table = asked.nodes[0] if asked.column else None
    said = f"{table}{column}" if table else asked.name
    return Text.assemble((said, "bold"), _quiet(printable(asked.title, _WORDS)))


def _grow(branch: Tree, step: Step, graph: Graph, seen: set[Node], way: str, most: int, depth: int = 0) -> None:
    """What lies beyond `step`, below `branch`; what another branch has shown isn't shown again."""
    seen.add(step.node)
    if depth == DEEPEST and step.beyond:
        branch.add(Text("… and so on: --json has all"))
        return
    sources = [further for further in step.beyond if further.node.kind == "source"]
    for line in _addresses(sources, most):
        branch.children.append(line)
    for further in step.beyond:
        if further not in sources:
            again = further.again or (further.node in seen and bool(further.beyond))
            below = branch.add(_line(further, again))
            if not again:
                _grow(below, further, graph, seen, way, most, depth + 1)
    lost, why = graph.ends(step.node, step.columns) if way == "up" and not step.untold else ((), "")
    if lost:
        branch.add(Text(f"{', '.join(map(printable, lost))}: the trail ends here, {why}", "yellow"))


def _line(step: Step, again: bool) -> Text:
    columns = ", ".join(printable(column) for column in step.columns)
    told = list(dict.fromkeys(c.how for c in step.by)) or [step.edge.how if step.edge else ""]
    notes = [printable(how, _WORDS) for how in told]
    notes += ["it doesn't say by which columns"] if step.untold else []
    notes += ["see above"] if again else []
    return Text.assemble(f"{step.node}{f' ({columns})' if columns else ''}", _quiet("; ".join(notes)))


def _addresses(steps: Sequence[Step], most: int) -> Iterator[Tree]:
    """Public addresses; several files of one folder below that folder."""
    folders: dict[tuple[str, str], list[Step]] = {}
    for step in steps:
        how = step.by[0].how if step.by else step.edge.how if step.edge else ""
        folders.setdefault((step.node.name.rpartition("/")[0], how), []).append(step)
    for (folder, how), files in folders.items():
        if len(files) == 1:
            yield Tree(Text.assemble(printable(files[0].node.name, _ADDRESS), _quiet(printable(how, _WORDS))))
            continue
        told = f"{how}, {counted(len(files), 'file')}"
        branch = Tree(Text.assemble(printable(f"{folder}/", _ADDRESS), _quiet(printable(told, _WORDS))))
        for file in files[:most]:
            branch.add(Text(printable(file.node.name.rpartition("/")[2], _ADDRESS)))
        if len(files) > most:
            branch.add(Text(f"… and {len(files) - most:,} more: --json has all"))
        yield branch


def _quiet(text: str) -> tuple[str, str]:
    return (f"  {text}" if text else "", "dim")
