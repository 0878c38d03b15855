"""splink on DuckDB: m from the right pairs of the other folds, u by random sampling; run by its own environment."""

import sys
from pathlib import Path

import pandas
import splink.comparison_library as compare
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

folder = Path(sys.argv[1])
texts = {"name": str, "core": str, "words": str, "country": str, "first": str, "rarest": str, "begins": str}
asked, held = (
    pandas.read_csv(folder / f"{name}.csv", dtype=texts, keep_default_na=False) for name in ("asked", "held")
)
asked, held = asked.rename(columns={"mention": "unique_id"}), held.rename(columns={"entity": "unique_id"})
truths = pandas.read_csv(folder / "truths.csv")
fold = asked.set_index("unique_id")["fold"]
with_country = bool((asked["country"] != "").any())
kept = ["unique_id", *(name for name in texts if name not in ("name", "words"))]
asked, held = (frame[kept].replace("", None) for frame in (asked, held))
for frame in (asked, held):
    frame["tokens"] = frame["core"].fillna("").str.split()
comparisons = [
    compare.JaroWinklerAtThresholds("core", [0.98, 0.95, 0.92, 0.88, 0.8]),
    compare.ArrayIntersectAtSizes("tokens", [4, 3, 2, 1]),
    compare.ExactMatch("rarest").configure(term_frequency_adjustments=True),
]
if with_country:
    comparisons.append(compare.ExactMatch("country"))
settings = SettingsCreator(
    link_type="link_only",
    comparisons=comparisons,
    blocking_rules_to_generate_predictions=[block_on("rarest"), block_on("begins"), block_on("first", "country")],
    retain_matching_columns=False,
)


def linker(asked: pandas.DataFrame, settings: SettingsCreator | dict) -> tuple[Linker, DuckDBAPI]:
    database = DuckDBAPI()
    tables = [database.register(frame, dataset_display_name=name) for name, frame in (("asked", asked), ("held", held))]
    return Linker(tables, settings, log_level=40), database


def of_fold(k: int) -> pandas.DataFrame:
    """Pairs of the names of fold `k`, judged by what the others taught."""
    learner, database = linker(asked, settings)
    learnt = truths[truths["mention"].map(fold) != k]
    labels = pandas.DataFrame(
        {
            "source_dataset_l": "asked",
            "unique_id_l": learnt["mention"],
            "source_dataset_r": "held",
            "unique_id_r": learnt["entity"],
        }
    )
    learner.training.estimate_u_using_random_sampling(max_pairs=1e7, seed=1)
    learner.training.estimate_m_from_pairwise_labels(database.register(labels, table_name="labels"))
    judge, _ = linker(asked[asked["unique_id"].map(fold) == k], learner.misc.save_model_to_json())
    return judge.inference.predict(threshold_match_weight=-30).as_pandas_dataframe()


renamed = {"unique_id_l": "mention", "unique_id_r": "entity", "match_weight": "score"}
found = pandas.concat([of_fold(k) for k in sorted(fold.unique())]).rename(columns=renamed)
found[["mention", "entity", "score"]].to_csv(folder / "found.csv", index=False)
