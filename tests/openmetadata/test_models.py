"""An upgrade of the client that changes a model of what is sent is seen here, property by property."""

import json

from tests.openmetadata.models import GOLDEN, properties


def test_the_models_of_what_is_sent_are_those_that_were_looked_at() -> None:
    known, now = json.loads(GOLDEN.read_text(encoding="utf-8")), properties()
    assert len(known) > 40
    differing = [
        f"{name}.{key}: {known.get(name, {}).get(key, 'absent')} -> {now.get(name, {}).get(key, 'absent')}"
        for name in sorted({*known, *now})
        for key in sorted({*known.get(name, {}), *now.get(name, {})})
        if known.get(name, {}).get(key) != now.get(name, {}).get(key)
    ]
    told = "\n".join(differing)
    assert not differing, f"{told}\nLook at each, then run `python -m tests.openmetadata.models`."


def test_what_we_send_is_among_them() -> None:
    now = properties()
    table = now["api.data.createTable.CreateTableRequest"]
    assert {"columns", "databaseSchema", "name", "owners", "domains", "retentionPeriod", "extension"} <= {*table}
    assert table["columns"].endswith("(required)")
    assert "dataTypeDisplay" in now["Column"]
