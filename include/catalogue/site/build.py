"""Pages written by Sphinx into a folder that needs no server: its search reads a script, and nothing else is asked."""

import json
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from io import StringIO
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.domains import Domain, ObjType
from sphinx.parsers import Parser

from .pages import Page

HERE = Path(__file__).parent
TITLE = "Data Commons"
_SCROLLED = ("sidebar/scroll-start", "neighbours", "sidebar/scroll-end")
_SETTINGS: dict[str, Any] = {
    "extensions": [__name__],
    "project": TITLE,
    "html_title": TITLE,
    "html_theme": "furo",
    "source_suffix": {".json": "commons"},
    "templates_path": [str(HERE / "layout")],
    "html_static_path": [str(HERE / "static")],
    "html_css_files": ["commons.css"],
    "html_js_files": ["commons.js"],
    "html_sidebars": {
        "**": [
            "sidebar/brand.html",
            "sidebar/search.html",
            "sidebar/scroll-start.html",
            "neighbours.html",
            "sidebar/scroll-end.html",
        ]
    },
    "html_copy_source": False,
    "html_show_sourcelink": False,
    "html_show_copyright": False,
    "html_show_search_summary": False,  # it fetches the pages found, which browsers refuse without a server
    "html_use_index": False,
    "suppress_warnings": ["app.add_node", "app.add_directive", "app.add_role"],  # of a second site in one process
}
log = logging.getLogger("commons")


class Source(Parser):
    """A page as JSON to a tree of docutils: titles as text, the rest as HTML."""

    supported = ("commons",)

    def parse(self, inputstring: str, document: nodes.document) -> None:
        """Fills `document`; tells the search of the page's objects."""
        page = json.loads(inputstring)
        whole = _section("top", page["title"], page["lead"])
        whole += [_section(**part) for part in page["sections"]]
        document += whole
        env = document.settings.env
        env.metadata[env.docname].update(orphan=True, up=page["up"], down=page["down"])
        env.domaindata[Objects.name]["objects"] += [(*found, env.docname) for found in page["objects"]]


def _section(id: str, title: str, html: str, searched: bool = True) -> nodes.section:
    classes = [] if searched else ["no-search"]
    return nodes.section("", nodes.title(title, title), nodes.raw("", html, format="html"), ids=[id], classes=classes)


class Objects(Domain):
    """Datasets and columns that the search finds by their names."""

    name = "commons"
    label = TITLE
    object_types = {"dataset": ObjType("dataset"), "column": ObjType("column")}  # noqa: RUF012
    initial_data = {"objects": []}  # noqa: RUF012

    def get_type_name(self, type: ObjType, primary: bool = False) -> str:  # noqa: ARG002
        """What an object is called in the results of a search."""
        return str(type.lname)

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """Name, name to show, kind, page, anchor, priority of each."""
        for name, kind, anchor, page in self.data["objects"]:
            yield name, name, kind, page, anchor, 0


def setup(app: Sphinx) -> None:
    """What Sphinx asks of an extension."""
    app.add_source_parser(Source)
    app.add_domain(Objects)


def build(pages: Iterable[Page], sources: Path, folder: Path, told: Callable[[int], None] = lambda _: None) -> None:
    """Writes `pages` as a site into `folder`, by way of the empty folder `sources`; `told` hears of each page twice.

    The same pages give the same bytes.
    """
    for page in pages:
        place = sources / "pages" / f"{page.name}.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(asdict(page)))
    said = StringIO()
    app = Sphinx(sources / "pages", None, folder, sources / "trees", "html", _SETTINGS, status=None, warning=said)
    app.connect("doctree-read", lambda *_: told(1))
    app.connect("html-page-context", lambda *_: told(1))
    app.build()
    (folder / ".buildinfo").unlink(missing_ok=True)  # it tells a later build of this machine's paths
    if warnings := said.getvalue().strip():
        log.warning("Sphinx: %s", warnings)
