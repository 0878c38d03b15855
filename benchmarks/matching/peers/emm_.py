"""emm, its three indexers and its XGBoost model, trained on the other folds; run by its own environment."""

import sys
from pathlib import Path

import pandas
from emm import PandasEntityMatching
from emm.supervised_model.base_supervised_model import train_model

folder = Path(sys.argv[1])
asked, held, truths = (
    pandas.read_csv(folder / f"{name}.csv", keep_default_na=False) for name in ("asked", "held", "truths")
)
by_name_alone = bool((asked["country"] == "").all())
names, register = asked.rename(columns={"mention": "id"}), held.rename(columns={"entity": "id"})
columns = ["id", "name"] if by_name_alone else ["id", "name", "country"]
matcher = PandasEntityMatching({"name_only": by_name_alone, "supervised_on": False, "n_jobs": 1})
matcher.fit(register[columns])
pairs = matcher.transform(names[columns])
pairs = pairs[pairs["gt_entity_id"].notna()].astype({"gt_entity_id": int}).infer_objects()
right = set(zip(truths["mention"], truths["entity"], strict=True))
pairs["correct"] = [pair in right for pair in zip(pairs["entity_id"], pairs["gt_entity_id"], strict=True)]
pairs["no_candidate"], pairs["positive_set"] = False, True
fold = pairs["entity_id"].map(asked.set_index("mention")["fold"])
parts = []
for k in sorted(fold.unique()):
    model = train_model(pairs[fold != k], name_only=by_name_alone, n_jobs=2)
    part = pairs[fold == k].copy()
    part["score"] = model.predict_proba(part)[:, 1]
    parts.append(part)
found = pandas.concat(parts).rename(columns={"entity_id": "mention", "gt_entity_id": "entity"})
found[["mention", "entity", "score"]].to_csv(folder / "found.csv", index=False)
