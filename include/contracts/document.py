"""A YAML file as plain values with line numbers: the small honest part of YAML; the rest is refused with its line."""

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from .scalars import Plain, show

LARGEST = 1_000_000
MOST_VALUES = 10_000
DEEPEST = 20

Place = tuple[int | str, ...]
Value = str | dict[str, Any] | tuple[Any, ...] | None
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
# Control signs; line ends that YAML counts and editors do not; and what turns text around or hides in it, so that a
# reviewer sees another file than the machine.
_FORBIDDEN = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
    "|[\u2028\u2029]|[\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
)


class Refused(Exception):
    """The file can't be read any further: line and reason."""

    def __init__(self, line: int, reason: str) -> None:
        self.line, self.reason = line, reason
        super().__init__(reason)


@dataclass
class Document:
    """Values of a file, the line of each place in it, and what was found wrong on the way."""

    value: Value = None
    lines: dict[Place, int] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)
    anchors: dict[str, tuple[Value, int]] = field(default_factory=dict)
    values: int = 0

    def line(self, place: Place) -> int:
        """Line of `place`, or of what holds it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def read(path: Path) -> Document:
    """Read the file at `path`, at most 1 MB of it; raises Refused, or OSError if it can't be opened."""
    return parse(_bytes(path))


def _bytes(path: Path) -> bytes:
    """What the file holds. A link or a device is not opened: its content is not part of the repository."""
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a link or device"
        raise Refused(1, f"expected a file, found {kind}. Put the file itself here.")
    if status.st_size > LARGEST:
        raise Refused(
            1,
            f"expected a file under 1 MB, found {status.st_size / 1e6:,.1f} MB. Take the data out of it.",
        )
    with path.open("rb") as file:
        return file.read(LARGEST + 1)


def parse(content: bytes) -> Document:
    """Read YAML; raises Refused where it can't be read to its end."""
    text = _decode(content)
    for number, line in enumerate(text.split("\n"), 1):
        if re.match(r" *\t\s*\S", line):
            raise Refused(number, "expected spaces, found a tab in the indentation. Use two spaces a level.")
    try:
        return _document(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        endless = error.problem and "end of stream" in error.problem
        mark = (endless and error.context_mark) or error.problem_mark
        raise Refused(mark.line + 1 if mark else 1, _syntax(error.problem or str(error))) from error


def _decode(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in content[:4]:
        raise Refused(1, "expected UTF-8, found UTF-16 or UTF-32. Save the file as UTF-8.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte, guess = content[error.start], content[error.start : error.start + 1].decode("cp1252", "replace")
        raise Refused(
            line, f"expected UTF-8, found byte 0x{byte:02X} ({guess!r} in Windows-1252). Save the file as UTF-8."
        ) from error
    if found := _FORBIDDEN.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise Refused(line, f"expected text, found the invisible character U+{ord(found[0]):04X}. Delete it.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _syntax(problem: str) -> str:
    """libyaml's words for what authors get wrong most often, in plain ones."""
    for theirs, ours in _WORDS.items():
        if theirs in problem:
            return ours
    return f"not valid YAML ({problem}). Compare with a contract that works."


_WORDS = {
    "mapping values are not allowed": "expected one value, found a second ': '. Put a text that holds ': ' in quotes.",
    "cannot start any token": "a text can't begin with this sign. Put it in quotes.",
    "could not find expected ':'": "expected 'key: value', found no ': '. Add it, or indent a text of several lines.",
    "did not find expected key": "expected a key, found something else. Check the indentation and quotes up to here.",
    "unexpected end of stream": "a quote or bracket is never closed. Close it.",
    "did not find expected ',' or": "expected ',' or a closing bracket, found neither. Close the list.",
}


def _document(events: Iterator[Event]) -> Document:
    document = Document()
    next(events)
    first = next(events)
    if isinstance(first, StreamEndEvent):
        raise Refused(1, "expected keys and values, found an empty file. `commons new` drafts a contract.")
    document.value = _value(next(events), events, (), document)
    if not isinstance(next(events), DocumentEndEvent):
        raise Refused(1, "not valid YAML. Compare with a contract that works.")
    second = next(events)
    if isinstance(second, DocumentStartEvent):
        raise Refused(_line(second), "expected one document, found a second one after '---'. Keep one.")
    return document


def _line(event: Event) -> int:
    return int(event.start_mark.line) + 1 if event.start_mark else 1


def _value(event: Event, events: Iterator[Event], place: Place, document: Document) -> Value:
    """The value that begins with `event`, its line noted."""
    line = _line(event)
    document.lines.setdefault(place, line)
    document.values += 1
    before = document.values
    if document.values > MOST_VALUES:
        raise Refused(
            line, f"expected at most {MOST_VALUES:,} values, aliases expanded, found more. Take data out of it."
        )
    if len(place) > DEEPEST:
        raise Refused(line, f"expected at most {DEEPEST} levels, found more. Take some out.")
    if isinstance(event, AliasEvent):
        return _alias(event, document)
    if not isinstance(event, ScalarEvent | CollectionStartEvent):
        raise Refused(line, "expected a value, found none. Write one.")
    if event.tag is not None:
        document.problems.append((line, f"expected a plain value, found the tag {show(event.tag)}. Take it out."))
    value = _content(event, events, place, document)
    if event.anchor:
        document.anchors[event.anchor] = value, document.values - before + 1
    return value


def _content(
    event: ScalarEvent | CollectionStartEvent, events: Iterator[Event], place: Place, document: Document
) -> Value:
    if isinstance(event, MappingStartEvent):
        return _mapping(events, place, document)
    if isinstance(event, SequenceStartEvent):
        return _sequence(events, place, document)
    assert isinstance(event, ScalarEvent)
    return _scalar(event, in_list=bool(place) and isinstance(place[-1], int))


def _scalar(event: ScalarEvent, in_list: bool) -> Value:
    """Text as written. Nothing (null) only where a key has no value: in a list, `null` is a word like another."""
    if event.style is not None and event.style != "":
        return str(event.value)
    if event.value == "" or (event.value in _NOTHING and not in_list):
        return None
    return Plain(event.value)


def _alias(event: AliasEvent, document: Document) -> Value:
    """What the alias stands for; it counts as often as it is used, so that aliases of aliases can't explode."""
    if event.anchor not in document.anchors:
        raise Refused(_line(event), f"the alias *{event.anchor} stands for nothing before it. Write the value itself.")
    value, size = document.anchors[event.anchor]
    document.values += size
    if document.values > MOST_VALUES:
        raise Refused(
            _line(event), f"aliases make more than {MOST_VALUES:,} values of this file. Write the values themselves."
        )
    return value


def _sequence(events: Iterator[Event], place: Place, document: Document) -> tuple[Value, ...]:
    values: list[Value] = []
    while not isinstance(event := next(events), SequenceEndEvent):
        values.append(_value(event, events, (*place, len(values)), document))
    return tuple(values)


def _mapping(events: Iterator[Event], place: Place, document: Document) -> dict[str, Value]:
    values: dict[str, Value] = {}
    first: dict[str, int] = {}
    while not isinstance(event := next(events), MappingEndEvent):
        key, line = _key(event, document), _line(event)
        if key in first:
            document.problems.append(
                (line, f"key {show(key)} was already given in line {first[key]}. Keep one of them.")
            )
        else:
            document.lines[(*place, key)] = line
        value = _value(next(events), events, (*place, key), document)
        values.setdefault(key, value)
        first.setdefault(key, line)
    return values


def _key(event: Event, document: Document) -> str:
    if not isinstance(event, ScalarEvent):
        raise Refused(_line(event), "expected a name as key, found a list, mapping or alias. Write the name itself.")
    if event.tag is not None or event.anchor is not None:
        document.problems.append(
            (_line(event), f"expected a plain key, found a tag or anchor on {show(event.value)}. Take it out.")
        )
    return str(event.value)
