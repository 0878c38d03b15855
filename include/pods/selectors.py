"""Label and field selectors of the Kubernetes API: which pods a caller asks for."""

import re
from collections.abc import Mapping
from typing import Any

_TERM = re.compile(
    r"\s*(?:(?P<set>[\w./-]+)\s+(?P<word>in|notin)\s*\((?P<values>[^)]*)\)|(?P<absent>!)\s*(?P<gone>[\w./-]+)"
    r"|(?P<key>[\w./-]+)\s*(?:(?P<operator>!=|==|=)\s*(?P<value>[\w.:-]*))?)\s*(?:,|$)"
)


def labels_match(selector: str, labels: Mapping[str, str]) -> bool:
    """True if `labels` satisfy every term: `a=b`, `a==b`, `a!=b`, `a`, `!a`, `a in (b,c)`, `a notin (b,c)`.

    Raises ValueError for text that is no selector.
    """
    position = 0
    while position < len(selector):
        term = _TERM.match(selector, position)
        if not term or term.end() == position:
            raise ValueError(f"unable to parse requirement: {selector[position:]!r}")
        if not _holds(term, labels):
            return False
        position = term.end()
    return True


def _holds(term: re.Match[str], labels: Mapping[str, str]) -> bool:
    if term["absent"]:
        return term["gone"] not in labels
    if term["set"]:
        wanted = {value.strip() for value in term["values"].split(",")}
        return (labels.get(term["set"]) in wanted) == (term["word"] == "in")
    if term["operator"] == "!=":
        return labels.get(term["key"]) != term["value"]
    return term["key"] in labels if not term["operator"] else labels.get(term["key"]) == term["value"]


def fields_match(selector: str, pod: Mapping[str, Any]) -> bool:
    """True if the pod's fields satisfy every term, `metadata.name=NAME` or `status.phase!=Running`."""
    for term in filter(None, selector.split(",")):
        path, operator, value = re.split(r"(!=|==|=)", term, maxsplit=1)
        found: Any = pod
        for step in path.strip().split("."):
            found = found.get(step, {}) if isinstance(found, Mapping) else {}
        if ((found or "") == value.strip()) == (operator == "!="):
            return False
    return True
