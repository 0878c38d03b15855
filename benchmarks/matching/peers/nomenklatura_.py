"""nomenklatura's logic-v2 over our candidates of each name, twenty at most; run by its own environment."""

import csv
import sys
from pathlib import Path

from followthemoney import model
from followthemoney.proxy import EntityProxy
from nomenklatura.matching import get_algorithm

folder = Path(sys.argv[1])


def rows(name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def company(row: dict[str, str], key: str) -> EntityProxy:
    facts = {"name": [row["name"]]} | ({"country": [row["country"].lower()]} if row["country"] else {})
    return model.get_proxy({"id": f"{key}-{row[key]}", "schema": "Company", "properties": facts})


algorithm = get_algorithm("logic-v2")
config = algorithm.default_config()
candidates = rows("candidates")
wanted = {row["entity"] for row in candidates}
asked = {row["mention"]: company(row, "mention") for row in rows("asked")}
held = {row["entity"]: company(row, "entity") for row in rows("held") if row["entity"] in wanted}
with (folder / "found.csv").open("w", encoding="utf-8", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["mention", "entity", "score"])
    for row in candidates:
        told = algorithm.compare(asked[row["mention"]], held[row["entity"]], config)
        writer.writerow([row["mention"], row["entity"], told.score])
