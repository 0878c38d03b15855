"""XML as records of text: attributes and child elements of each row element become columns."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, iterparse

from ..contracts.model import Source
from ..errors import ContractError, SourceError
from .caps import Tally
from .headings import named
from .sink import Bad, Row, write_rows


def read_xml(path: Path, place: str, out: Path, source: Source, _work: Path, tally: Tally) -> list[str]:
    """Writes the elements at source.path ("data/row", from the root on, or "row" anywhere) to `out`.

    A child that repeats or has children of its own becomes JSON text; namespaces are left out of names.
    Raises SourceError for XML that is broken, declares entities or refers to other files.
    """
    if not source.path:
        raise ContractError(f"{place}: XML needs source.path, the element that is a row, for example data/row. Add it.")
    steps = source.path.strip("/").split("/")
    try:
        keys = dict.fromkeys(key for record in _records(path, place, steps, source.encoding, tally) for key in record)
        headings = named(list(keys), place, tally.caps.columns) if keys else []
        if not headings:
            raise SourceError(f"{place}: no element at '{source.path}'. Correct source.path.")
        rows = (
            _row(at, record, keys) for at, record in enumerate(_records(path, place, steps, source.encoding, tally), 1)
        )
        write_rows(out, place, headings, rows, source.missing, tally)
    except DefusedXmlException as error:
        raise SourceError(f"{place}: declares entities or refers to other files ({error}). Refused.") from error
    except (ParseError, ValueError, LookupError) as error:
        raise SourceError(f"{place}: not sound XML: {error}. Fetch it again, or ask the source.") from error
    return headings


def _row(at: int, record: dict[str, list[Any]], keys: dict[str, None]) -> Row:
    try:
        return f"record {at}", [_text(record.get(key)) for key in keys]
    except RecursionError:
        return f"record {at}", Bad("too many levels")


def _text(values: list[Any] | None) -> str | None:
    """One value as it is, several or a nested one as JSON."""
    if values is None:
        return None
    value = values[0] if len(values) == 1 else values
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _records(
    path: Path, place: str, steps: list[str], encoding: str | None, tally: Tally
) -> Iterator[dict[str, list[Any]]]:
    """Attributes and children of each row element; what was read is forgotten."""
    with path.open("rb") as plain:
        file = _Bounded(plain, place, tally)
        open_: list[Element] = []
        inside = 0
        for event, element in iterparse(file, ("start", "end"), DefusedXMLParser(encoding=encoding)):
            if event == "start":
                open_.append(element)
                if len(open_) > 200:
                    raise SourceError(f"{place}: more than 200 levels of elements. Refused.")
                inside += bool(inside) or _is_row(open_, steps)
                continue
            open_.pop()
            if inside == 1:
                yield _columns(element)
            inside = max(inside - 1, 0)
            if not inside:
                file.since = 0
                element.clear()
                if open_:
                    open_[-1].clear()


def _is_row(elements: list[Element], steps: list[str]) -> bool:
    names = [_name(each.tag) for each in elements]
    return names == steps or (len(steps) == 1 and names[-1] == steps[0])


def _columns(element: Element) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {}
    for name, value in element.attrib.items():
        columns.setdefault(_name(name), []).append(value)
    for child in element:
        columns.setdefault(_name(child.tag), []).append(_value(child))
    if text := "".join([element.text or "", *(child.tail or "" for child in element)]).strip():
        columns.setdefault(_name(element.tag), []).append(text)
    return columns


def _value(element: Element) -> Any:
    """The text of a plain element; of any other its columns."""
    if not len(element) and not element.attrib:
        return element.text or ""
    return {name: values[0] if len(values) == 1 else values for name, values in _columns(element).items()}


def _name(tag: str) -> str:
    return tag.rpartition("}")[2]


class _Bounded:
    """A file that refuses to be read far without a record coming to its end."""

    def __init__(self, file: BinaryIO, place: str, tally: Tally) -> None:
        self._file, self._place, self._tally, self.since = file, place, tally, 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes; SourceError when more of them than a record may have came since the last one."""
        data = self._file.read(size)
        self.since += len(data)
        if self.since > self._tally.caps.record:
            raise SourceError(f"{self._place}: an element of more than {self._tally.caps.record:,} bytes. Refused.")
        self._tally.tick(self._place)
        return data
