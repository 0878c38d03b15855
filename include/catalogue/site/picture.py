"""The way of a dataset's data as a drawing: from public addresses through its tables to the datasets made of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from posixpath import basename
from typing import Literal
from urllib.parse import unquote, urlsplit

from ...contracts.foreign import printable
from ...contracts.words import counted
from ..lineage import TABLES, Node
from .layers import Point, laid_out
from .network import Network, nearest

Way = Literal["across", "down"]
MOST = 12
"""Datasets on each side that a drawing shows, the nearest."""
WIDTH, HEIGHT = 176.0, 46.0
_MARGIN = 6.0
_LETTERS = 23
_BESIDE = 2
"""Boxes beside each other on a narrow screen."""
_OWN = {"raw": ("raw", "bytes as fetched"), "matches": ("matches", "names linked"), "rollup": ("rollup", "by owner")}


@dataclass(frozen=True)
class Box:
    """Something that data lie in."""

    id: str
    kind: str
    over: str
    """What it is, in small letters."""
    label: str
    told: str
    href: str | None = None
    here: bool = False
    """Whether it is of the dataset whose page this is."""


@dataclass(frozen=True)
class Placed:
    """A box with its upper left corner."""

    box: Box
    x: float
    y: float


@dataclass(frozen=True)
class Drawn:
    """The path of an arrow, as SVG writes it, and what is done on the way."""

    path: str
    told: str


@dataclass(frozen=True)
class Picture:
    """Boxes and arrows in a frame that begins at 0."""

    way: Way
    width: float
    height: float
    boxes: tuple[Placed, ...]
    arrows: tuple[Drawn, ...]
    told: str
    left_out: str
    """What the drawing has no room for, in a sentence."""


def pictures(net: Network, name: str) -> tuple[Picture, ...]:
    """The drawing of one dataset from left to right for wide screens, and from top to bottom for narrow ones."""
    up, down = list(nearest(net, name, "up")), list(nearest(net, name, "down"))
    boxes, arrows = _graph(net, name, {*up[:MOST]}, {*down[:MOST]})
    rest = [(len(up[MOST:]), "further up"), (len(down[MOST:]), "further down")]
    left_out = " and ".join(f"{counted(number, 'dataset')} {where}" for number, where in rest if number)
    told = f"Lineage of {name}: made of {counted(len(up), 'dataset')}, used by {counted(len(down), 'dataset')}"
    ways: tuple[Way, ...] = ("across", "down")
    return tuple(_picture(way, boxes, arrows, told, left_out and f"Not drawn: {left_out}.") for way in ways)


def _graph(net: Network, name: str, up: set[str], down: set[str]) -> tuple[dict[str, Box], dict[tuple[str, str], str]]:
    """Boxes by their id, and what is done between two of them; another dataset is one box."""
    boxes: dict[str, Box] = {}
    arrows: dict[tuple[str, str], list[str]] = {}
    for of in (*sorted(up), name, *sorted(down)):
        for edge in net.made.get(of, ()):
            ends = [_id(node, name, up | down) for node in (edge.upstream, edge.downstream)]
            if None in ends or ends[0] == ends[1] or (of != name and edge.upstream.kind == "source"):
                continue
            for id_, node in zip(ends, (edge.upstream, edge.downstream), strict=True):
                boxes.setdefault(str(id_), _box(str(id_), node, name, node.name in net.made))
            arrows.setdefault((str(ends[0]), str(ends[1])), []).append(edge.how)
    hosts = _hosts(net, name)
    boxes = {id_: _source(id_, hosts[id_]) if box.kind == "source" else box for id_, box in boxes.items()}
    return boxes, {ends: ", ".join(dict.fromkeys(hows)) for ends, hows in arrows.items()}


def _id(node: Node, name: str, others: set[str]) -> str | None:
    """The box that a node is drawn as: sources of one host are one, and so is another dataset; None for no box."""
    if node.kind == "source":
        return f"source {_host(node.name)}"
    if node.name == name:
        return node.kind
    return f"dataset {node.name}" if node.name in others and node.kind in TABLES else None


def _box(id_: str, node: Node, name: str, known: bool) -> Box:
    """The box of a node; of a dataset that is not `known`, which has no page, without a link."""
    if node.name == name and node.kind in _OWN:
        over, label = _OWN[node.kind]
        return Box(id_, node.kind, over, label, str(node), "#quality" if node.kind == "raw" else None, here=True)
    if node.name == name:
        return Box(id_, "table", "table", printable(name, _LETTERS), name, "#columns", here=True)
    kind = "source" if node.kind == "source" else "dataset"
    return Box(id_, kind, "dataset", printable(node.name, _LETTERS), node.name, f"{node.name}.html" if known else None)


def _source(id_: str, addresses: list[str]) -> Box:
    """The addresses of one host."""
    host, first = _host(addresses[0]), addresses[0]
    if len(addresses) > 1:
        label, told = counted(len(addresses), "file"), "\n".join(printable(one, 200) for one in addresses[:VALUES])
    else:
        parts = urlsplit(first)
        label, told = unquote(basename((parts.fragment or parts.path).rstrip("/"))) or host, printable(first, 400)
    return Box(id_, "source", printable(host, _LETTERS + 6), printable(label, _LETTERS), told, link(first) or "#record")


VALUES = 20
"""Addresses that a box tells."""


def link(address: str) -> str | None:
    """`address` where a browser may be sent there, else None."""
    return address if urlsplit(address).scheme in ("http", "https") else None


def _host(address: str) -> str:
    """The host of an address; of a package, its index and name."""
    parts = urlsplit(address)
    return parts.hostname or (parts.path.partition("@")[0] if parts.scheme == "pkg" else parts.scheme) or "a file"


def _hosts(net: Network, name: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for edge in net.made.get(name, ()):
        if edge.upstream.kind == "source":
            listed = found.setdefault(f"source {_host(edge.upstream.name)}", [])
            listed += [] if edge.upstream.name in listed else [edge.upstream.name]
    return found


def _picture(way: Way, boxes: dict[str, Box], arrows: dict[tuple[str, str], str], told: str, left_out: str) -> Picture:
    sizes = (WIDTH, HEIGHT) if way == "across" else (HEIGHT, WIDTH)
    gap, most = (44.0, len(boxes)) if way == "across" else (30.0, _BESIDE)
    plan = laid_out(boxes, arrows, *sizes, gap, most)
    turn = (lambda p: p) if way == "across" else (lambda p: Point(p.across, p.along))
    placed = tuple(Placed(boxes[id_], *map(_round, turn(plan.places[id_]))) for id_ in boxes)
    drawn = tuple(Drawn(_path(map(turn, plan.routes[ends]), way), how) for ends, how in arrows.items())
    width, height = turn(Point(plan.along, plan.across))
    return Picture(way, _round(width) + _MARGIN, _round(height) + _MARGIN, placed, drawn, told, left_out)


def _round(number: float) -> float:
    return round(number + _MARGIN, 1)


def _path(points: Iterable[Point], way: Way) -> str:
    return " ".join(_strokes([Point(*map(_round, point)) for point in points], way))


def _strokes(points: list[Point], way: Way) -> Iterator[str]:
    yield f"M{points[0].along} {points[0].across}"
    for at, (here, there) in enumerate(pairwise(points)):
        if at % 2:  # along a gap that was kept free for it
            yield f"L{there.along} {there.across}"
            continue
        half = round((here.along + there.along) / 2, 1), round((here.across + there.across) / 2, 1)
        bends = (
            ((half[0], here.across), (half[0], there.across))
            if way == "across"
            else ((here.along, half[1]), (there.along, half[1]))
        )
        yield f"C{bends[0][0]} {bends[0][1]} {bends[1][0]} {bends[1][1]} {there.along} {there.across}"
