"""What stands on the pages, as sections of HTML in which every text of authors, sources and data is shown as text."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ...contracts.foreign import printable
from ..lineage import graph
from ..model import Described, Past
from . import trend
from .citation import bibtex, citation
from .network import Dependent, Network, dependents, nearest, network
from .picture import HEIGHT, WIDTH, Picture, link, pictures
from .shown import Shown, columns, rules

FOLDER = "datasets"
LONGEST = 4_000
"""Characters of a text that a page shows."""
VERSIONS = 200
"""Versions that a page lists, the newest."""
_LISTED = 200
"""Dependents that a page lists, the nearest."""
_SECTIONS = {"columns": True, "lineage": True}
_SECTIONS |= dict.fromkeys(("quality", "versions", "cite", "open", "record"), False)
"""By their id, whether the search reads them: not what is alike on all pages, nor hashes."""


@dataclass(frozen=True)
class Section:
    """A part of a page under a heading of its own."""

    id: str
    title: str
    html: str
    searched: bool


@dataclass(frozen=True)
class Page:
    """One page: what stands under its title, then its sections."""

    name: str
    """Its path in the site, without .html."""
    title: str
    lead: str
    sections: tuple[Section, ...] = ()
    objects: tuple[tuple[str, str, str], ...] = ()
    """What the search finds by name: the name, what it is, and its anchor."""
    up: tuple[str, ...] = ()
    """Datasets that it is made of, for the bar at the side."""
    down: tuple[str, ...] = ()
    """Datasets that are made of it."""


@dataclass(frozen=True)
class Dataset:
    """All that the page of one dataset is made of."""

    one: Described
    columns: tuple[Shown, ...]
    versions: tuple[tuple[Past, Past | None], ...]
    """Each with the one before it."""
    pictures: tuple[Picture, ...]
    dependents: list[Dependent]
    up: tuple[str, ...]
    down: tuple[str, ...]
    known: frozenset[str]
    """Datasets that have a page."""
    differences: Mapping[str, str] = field(default_factory=dict)
    """By commit, the page of what it changed."""

    @property
    def rules(self) -> Any:
        """How the rules turned out; None where not known."""
        return rules(self.one)

    @property
    def trends(self) -> tuple[trend.Trend, ...]:
        """Charts over its versions."""
        return trend.trends(self.one.history)


def pages(datasets: Sequence[Described], differences: Mapping[str, Mapping[str, str]] | None = None) -> Iterator[Page]:
    """The page of each dataset, then the one that lists them all; `differences` by dataset and commit.

    Nothing in them depends on the day or the machine. A dataset comes once; sorted by name.
    """
    known = sorted(datasets, key=lambda one: one.name)
    lineage = graph(known)
    net = network(lineage)
    listed = []
    for one in known:
        shown = _shown(one, net, lineage.owners, (differences or {}).get(one.name, {}))
        listed.append(shown)
        yield _page(shown)
    yield _index(listed)


def _shown(one: Described, net: Network, owners: dict[str, str], differences: Mapping[str, str]) -> Dataset:
    up, down = (tuple(n for n, steps in nearest(net, one.name, way).items() if steps == 1) for way in ("up", "down"))
    return Dataset(
        one,
        columns(one),
        tuple(zip_longest(one.history, one.history[1:]))[:VERSIONS],
        pictures(net, one.name),
        dependents(net, one.name, owners),
        up,
        down,
        frozenset(net.made),
        differences,
    )


def _page(shown: Dataset) -> Page:
    parts = _template("dataset.html.j2")
    titles = dict(parts.titles)
    sections = tuple(
        Section(id_, titles[id_], getattr(parts, id_)(shown), searched) for id_, searched in _SECTIONS.items()
    )
    name = shown.one.name
    found = tuple((f"{name}.{column.name}", "column", f"column-{column.name}") for column in shown.columns)
    objects = ((name, "dataset", "top"), *found)
    title = printable(shown.one.contract.title, 200)
    up = tuple(other for other in shown.up if other in shown.known)
    return Page(f"{FOLDER}/{name}", title, parts.lead(shown), sections, objects, up, shown.down)


def _index(listed: Sequence[Dataset]) -> Page:
    return Page("index", "Datasets", _template("index.html.j2").table(listed))


def _template(name: str) -> Any:
    """A template's macros."""
    return _environment().get_template(name).module


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_harmless,
    )
    environment.filters |= {"prose": _prose, "number": lambda n: f"{n:,}", "short": lambda text: text[:12]}
    environment.filters |= {"brief": lambda value: printable(str(value), 40), "link": link}
    environment.globals |= {"BOX": (WIDTH, HEIGHT), "LISTED": _LISTED, "VERSIONS": VERSIONS, "FOLDER": FOLDER}
    environment.globals |= {"trend_size": (trend.WIDTH, trend.HEIGHT), "citation": citation, "bibtex": bibtex}
    return environment


def _harmless(value: object) -> object:
    """Any text on one line, cut, with signs that are not seen as their escapes; what is HTML already stays."""
    return printable(value, LONGEST) if isinstance(value, str) and not isinstance(value, Markup) else value


def _prose(text: str, longest: int = LONGEST) -> Markup:
    """Paragraphs of a text, cut with a note that says so."""
    paragraphs = (" ".join(one.split()) for one in text[:longest].split("\n\n"))
    shown = [Markup("<p>{}</p>").format(printable(one, longest)) for one in paragraphs if one]
    if len(text) > longest:
        note = f"Cut after {longest:,} of {len(text):,} characters; the contract and schema.json have all."
        shown.append(Markup('<p class="quiet">{}</p>').format(note))
    return Markup("").join(shown)
