"""How to cite a version, so that whoever reads the citation gets the same rows: its commit and its content hash."""

import re

from ...contracts.foreign import printable
from ..model import Described

PUBLISHER = "Data Commons"
_SPECIAL = re.compile(r"([\\{}$&#^_%~])")
_WORDS = {"\\": r"\textbackslash{}", "^": r"\^{}", "~": r"\~{}"}


def citation(one: Described) -> str | None:
    """One sentence, in the order that DataCite's metadata schema 4 gives; None where there is no version."""
    if not one.record:
        return None
    parts = [
        f"{PUBLISHER} ({_day(one)[:4]}): {printable(one.contract.title, 200)} ({one.name})",
        _version(one),
        "Data set",
    ]
    return f"{'. '.join(parts)}. Licence: {one.contract.licence}.{_source(one)}"


def bibtex(one: Described) -> str | None:
    """The same as an entry of BibTeX; None where there is no version."""
    if not one.record:
        return None
    commit, content = one.record["commit"], one.record["content"]
    fields = {
        "author": f"{{{_tex(PUBLISHER)}}}",
        "title": f"{{{_tex(printable(one.contract.title, 200))}}}",
        "year": _day(one)[:4],
        "version": commit["id"] if commit else "not committed",
        "note": _tex(f"Data set {one.name}, content sha256:{content}, {one.contract.licence}"),
    }
    lines = "".join(f"  {key} = {{{value}}},\n" for key, value in fields.items())
    return f"@misc{{{one.name}_{content[:12]},\n{lines}}}\n"


def _version(one: Described) -> str:
    assert one.record
    commit = one.record["commit"]
    pinned = f"commit {commit['id']}" if commit else "not committed yet"
    return f"Version of {_day(one)}, {pinned}, content sha256:{one.record['content']}"


def _day(one: Described) -> str:
    assert one.record
    return str(one.record["run"]["published"])[:10]


def _source(one: Described) -> str:
    if not one.url:
        return ""
    more = f" and {len(one.addresses) - 1} more" if len(one.addresses) > 1 else ""
    return f" From {printable(one.url, 400)}{more}."


def _tex(text: str) -> str:
    return _SPECIAL.sub(lambda sign: _WORDS.get(sign[1], f"\\{sign[1]}"), text)
