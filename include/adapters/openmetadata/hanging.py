"""What hangs on a dataset's table in OpenMetadata: profile, sample, rules with their results, the data contract."""

from urllib.parse import quote

from ...catalogue.entities import Entry
from ...catalogue.remembering import Memory
from . import client as api
from .catalogued import Catalogued


def hang(there: Catalogued, entry: Entry, memory: Memory) -> None:
    """Sends all of it; a result or profile of the same version replaces the one that is there."""
    table = next((entity.fqn for entity in entry.held if entity.route == "tables"), None)
    if table is None:
        return
    identifier = there.have[table]["id"]
    if entry.profile:
        api.put(there.client, f"/tables/{identifier}/tableProfile", entry.profile)
    if rows := entry.sample():
        api.put(there.client, f"/tables/{identifier}/sampleData", rows)
    elif memory.sampled:
        api.delete(there.client, f"/tables/{identifier}/sampleData")
    memory.sampled = bool(rows)
    for case, result in entry.cases:
        api.put(there.client, f"/{case.route}", case.request)
        if result:
            api.post(there.client, f"/{case.route}/testCaseResults/{quote(case.fqn, safe='')}", result)
    if entry.contract:
        owner = there.owner(entry.owner)
        about = {"entity": {"id": identifier, "type": "table"}} | ({"owners": [owner]} if owner else {})
        api.put(there.client, "/dataContracts", entry.contract | about)
    memory.digest = entry.digest
