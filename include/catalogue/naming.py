"""What each thing is called in OpenMetadata; the one place where fully qualified names are made."""

import hashlib
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from ..contracts.names import Names
from .nodes import Node

SERVICE = "data_commons"
"""The database service of the tables."""
ARCHIVE = "data_commons_archive"
"""The storage service of the archived bytes, a container a dataset."""
LONGEST = 256
"""Characters of a name (EntityName of OpenMetadata's JSON schemas)."""
_RESERVED = {
    "::": "__reserved__colon__",
    ">": "__reserved__arrow__",
    '"': "__reserved__quote__",
    "\n": "__reserved__newline__",
    "\r": "__reserved__carriage_return__",
    "\t": "__reserved__tab__",
}
"""What no name may hold, and how OpenMetadata's own client writes it."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")
_DIGITS = 12


@dataclass(frozen=True, order=True)
class Place:
    """Where a thing stands in OpenMetadata."""

    type: Literal["table", "container"]
    within: str
    """FQN of the schema or storage service that it lies in."""
    name: str

    @property
    def fqn(self) -> str:
        """Its fully qualified name."""
        return f"{self.within}.{quoted(self.name)}"

    def column(self, name: str) -> str:
        """The fully qualified name of a column of it."""
        return f"{self.fqn}.{quoted(entity_name(name))}"


def entity_name(text: str) -> str:
    """`text` as a name that OpenMetadata takes: at most 256 characters, the last ones a digest where it had more."""
    for sign, written in _RESERVED.items():
        text = text.replace(sign, written)
    text = _CONTROL.sub("_", text) or "_"
    if len(text) <= LONGEST:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
    return f"{text[: LONGEST - _DIGITS - 1]}_{digest}"


def quoted(name: str) -> str:
    """A name as part of an FQN: in quotation marks where it holds a dot (FullyQualifiedName.quoteName)."""
    return f'"{name}"' if "." in name else name


def fqn(*names: str) -> str:
    """The fully qualified name of what lies in one another, outermost first."""
    return ".".join(quoted(entity_name(name)) for name in names)


def place(node: Node, names: Names) -> Place:
    """Where a node of the lineage stands. A source's service is its host, or the package index."""
    if node.kind == "source":
        return Place("container", fqn(host(node.name)), entity_name(node.name))
    if node.kind == "raw":
        return Place("container", ARCHIVE, entity_name(f"{names.space}-{node.name}"))
    database, schema, table = names.table(node.name)
    whole = table if node.kind == "table" else f"{table}__{node.kind}"
    return Place("table", fqn(SERVICE, database, schema), entity_name(whole))


def host(address: str) -> str:
    """Who serves an address: its host, `pypi` of pkg:pypi/…, else its scheme."""
    parts = urlsplit(address)
    if parts.netloc:
        return parts.netloc.rpartition("@")[2]
    return parts.path.partition("/")[0] if parts.scheme == "pkg" else parts.scheme or "unknown"


def pipeline(service: str, dag_id: str) -> str:
    """The fully qualified name of a DAG."""
    return fqn(service, dag_id)
