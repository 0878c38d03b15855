"""JSON and JSON lines as records of text: numbers as written, one record in memory at a time."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from ..contracts.model import Source
from ..errors import SourceError
from .caps import Tally
from .headings import named
from .sink import Bad, Row, write_rows
from .text import as_utf8, check_utf8, lines_of

_PIECE = 1 << 16
_STEP = re.compile(r"\[\]|[^.\[\]]+")


class _Number(str):
    """A number as it is written."""


class _Twice(dict[str, Any]):
    """An object that has a key more than once."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _Twice(found)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_Number, parse_int=_Number, parse_constant=_no_constant
)
Found = tuple[str, Any]
"""Where a value stands, and the value, or Bad."""


def read_json(path: Path, place: str, out: Path, source: Source, work: Path, tally: Tally) -> list[str]:
    """Writes the records that source.path names ("records[].fields") to `out`; returns the keys as headings.

    A key that a record lacks is missing there; objects and arrays inside a record stay as JSON text.
    Raises SourceError with the line of what is not JSON.
    """
    steps = _STEP.findall(source.path or "")
    return _read(path, place, out, source, work, tally, lambda file: _nested(file, place, steps, tally.caps.record))


def read_jsonl(path: Path, place: str, out: Path, source: Source, work: Path, tally: Tally) -> list[str]:
    """Writes one record a line to `out`, or what source.path names in it; a line that is not JSON is rejected."""
    steps = _STEP.findall(source.path or "")
    return _read(path, place, out, source, work, tally, lambda file: _lines(file, steps, tally.caps.record))


def _read(
    path: Path,
    place: str,
    out: Path,
    source: Source,
    work: Path,
    tally: Tally,
    values: Callable[[TextIO], Iterator[Found]],
) -> list[str]:
    text, start = as_utf8(path, place, source.encoding, work, tally)
    try:
        with lines_of(text, start) as file:
            keys = dict.fromkeys(key for _, value in values(file) if isinstance(value, dict) for key in value)
        headings = named(list(keys), place, tally.caps.columns)
        with lines_of(text, start) as file:
            write_rows(
                out, place, headings, (_row(where, value, keys) for where, value in values(file)), source.missing, tally
            )
    except UnicodeDecodeError:
        check_utf8(text, start, place, source.encoding)
        raise
    return headings


def _row(where: str, value: Any, keys: dict[str, None]) -> Row:
    if isinstance(value, Bad):
        return where, value
    if not isinstance(value, dict):
        return where, Bad("not an object", f"found {'an array' if isinstance(value, list) else _text(value)!r:.60}")
    try:
        if isinstance(value, _Twice):
            raise ValueError("a key is repeated")
        return where, [_text(value.get(key)) for key in keys]
    except (ValueError, RecursionError) as error:
        return where, Bad("an object cannot be kept as it is", str(error))


def _text(value: Any) -> str | None:
    """A JSON value as text: strings and numbers as they are, objects and arrays as JSON."""
    if value is None or isinstance(value, str):
        return None if value is None else str(value)
    return _json(value)


def _json(value: Any) -> str:
    if isinstance(value, _Twice):
        raise ValueError("a key is repeated inside")
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{json.dumps(key, ensure_ascii=False)}: {_json(each)}" for key, each in value.items())
            + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(_json, value)) + "]"
    return str(value) if isinstance(value, _Number) else json.dumps(value, ensure_ascii=False)


def _lines(file: TextIO, steps: Sequence[str], longest: int) -> Iterator[Found]:
    number = 0
    while line := file.readline(longest):
        number += 1
        where = f"line {number}"
        if len(line) == longest and not line.endswith("\n"):
            while line and not line.endswith("\n"):
                line = file.readline(longest)
            yield where, Bad("a record is too long", f"more than {longest:,} characters")
        elif line.strip():
            yield from _follow(where, _loads(line), steps)


def _loads(line: str) -> Any:
    try:
        return _DECODER.decode(line.strip("\ufeff \t\r\n"))
    except (ValueError, RecursionError) as error:
        return Bad("not JSON", str(error))


def _follow(where: str, value: Any, steps: Sequence[str]) -> Iterator[Found]:
    """The values that `steps` lead to from `value`."""
    if not steps or isinstance(value, Bad):
        yield where, value
    elif steps[0] == "[]":
        for at, each in enumerate(value if isinstance(value, list) else [Bad("not an array")], 1):
            yield from _follow(f"{where}, item {at}", each, steps[1:])
    else:
        inner = value.get(steps[0]) if isinstance(value, dict) else None
        yield from _follow(where, Bad(f"no '{steps[0]}' in the record") if inner is None else inner, steps[1:])


def _nested(file: TextIO, place: str, steps: Sequence[str], longest: int) -> Iterator[Found]:
    window = _Window(file, place, longest)
    if not steps and window.peek() == "{":
        raise SourceError(
            f"{place}: an object, expected an array of records; its keys: {', '.join(window.keys())[:500]}. "
            "Set source.path to where the records are, for example records[]."
        )
    steps = steps or ["[]"]
    at = steps.index("[]") if "[]" in steps else len(steps)
    window.enter(steps[:at])
    if at == len(steps):
        yield from _follow("record 1", window.value(), [])
        return
    for number, value in enumerate(window.items(), 1):
        yield from _follow(f"record {number}", value, steps[at + 1 :])
    window.to_end(steps[:at])


class _Window:
    """A piece of a JSON text that slides over the file, so that no more than one value is in memory."""

    def __init__(self, file: TextIO, place: str, longest: int) -> None:
        self._file, self._place, self._longest = file, place, longest
        self._text, self._at, self._line = "", 0, 1

    def peek(self) -> str:
        """The next character that is not white space; empty at the end."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in " \t\r\n\ufeff":
                    return self._text[self._at]
                self._at += 1
            if not self._more():
                return ""

    def take(self, wanted: str) -> str:
        """Passes over one of the characters `wanted`."""
        found = self.peek()
        if not found or found not in wanted:
            raise self._error(f"found {found or 'the end'!r}, expected {' or '.join(wanted)}")
        self._at += 1
        return found

    def value(self) -> Any:
        """The next value, whole."""
        if not self.peek():
            raise self._error("found the end, expected a value")
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except RecursionError as error:
                raise self._error("too many levels") from error
            except ValueError as error:
                if not self._more():
                    raise self._error(str(error)) from error
                continue
            # A number may go on beyond the window.
            if end < len(self._text) or not self._more():
                self._at = end
                return value

    def items(self) -> Iterator[Any]:
        """The elements of the array that comes next."""
        self.take("[")
        if self.peek() == "]":
            self.take("]")
            return
        yield self.value()
        while self.take(",]") == ",":
            yield self.value()

    def keys(self) -> Iterator[str]:
        """The keys of the object that comes next, their values passed over."""
        for key in self._members():
            yield key
            self.value()

    def enter(self, keys: Sequence[str]) -> None:
        """Goes to the value under `keys`, one inside the other."""
        for wanted in keys:
            seen = []
            for key in self._members():
                if key == wanted:
                    break
                seen.append(key)
                self.value()
            else:
                raise SourceError(f"{self._place}: no '{wanted}', found {', '.join(seen)[:500]}. Correct source.path.")

    def to_end(self, keys: Sequence[str]) -> None:
        """Passes over the rest of the objects entered, so that a text cut short does not go unseen."""
        for _ in keys:
            while self.take(",}") == ",":
                self.value()
                self.take(":")
                self.value()
        if self.peek():
            raise self._error("more text after the end")

    def _members(self) -> Iterator[str]:
        self.take("{")
        if self.peek() == "}":
            self.take("}")
            return
        while True:
            key = self.value()
            self.take(":")
            yield str(key)
            if self.take(",}") == "}":
                return

    def _more(self) -> bool:
        """Reads on, ever larger pieces within one value; False at the end of the file."""
        kept = self._text[self._at :]
        if len(kept) > self._longest:
            raise self._error(f"a value of more than {self._longest:,} characters, or text that is not JSON")
        self._line += self._text.count("\n", 0, self._at)
        piece = self._file.read(max(_PIECE, len(kept)))
        self._text, self._at = kept + piece, 0
        return bool(piece)

    def _error(self, what: str) -> SourceError:
        line = self._line + self._text.count("\n", 0, self._at)
        return SourceError(f"{self._place}: line {line}: not JSON: {what}. Fetch it again, or ask the source.")
