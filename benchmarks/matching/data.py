"""Names that are known to mean an entity of a register, or none: three benchmarks and the human-made pairs of PUDL."""

from dataclasses import dataclass

import polars as pl

from tests.conftest import SHARED

MATCHING = SHARED / "entity_matching"
NAMES = ("b1", "b2", "b3", "pudl")


@dataclass(frozen=True)
class Benchmark:
    """mentions: mention, name, country, kind, truths (ids; empty where there is none). register: id, name, country,
    category."""

    name: str
    mentions: pl.DataFrame
    register: pl.DataFrame


def benchmark(name: str) -> Benchmark:
    """One of NAMES; the names of b3 that mean another entity of the same name (kind ambig) are left out."""
    return _pudl() if name == "pudl" else _market(name)


def _market(name: str) -> Benchmark:
    whole = pl.read_parquet(MATCHING / "register_gleif_399k.parquet")
    kept = whole.join(pl.read_parquet(MATCHING / f"{name}_ref_removed_lei.parquet"), on="id", how="anti")
    added = pl.read_parquet(MATCHING / f"{name}_ref_extra.parquet").with_columns(category=pl.lit(None, pl.String))
    columns = ["id", "name", "country", "category"]
    asked = pl.read_parquet(MATCHING / f"{name}_queries_dev.parquet").filter(pl.col("kind") != "ambig")
    if "truth" in asked.columns:
        asked = asked.with_columns(truths=pl.concat_list("truth").list.drop_nulls())
    return Benchmark(name, _numbered(asked), pl.concat([kept.select(columns), added.select(columns)]))


def _pudl() -> Benchmark:
    """Names of FERC against all of EIA; a name of FERC that stands for several utilities may mean any of them."""
    table = pl.read_csv(SHARED / "pudl_glue/2023.12.1/utility_id_pudl.csv", infer_schema_length=None)
    eia = table.filter(pl.col("utility_name_eia").is_not_null()).with_columns(
        id=pl.concat_str(pl.lit("EIA"), pl.col("utility_id_eia").cast(pl.Int64)), country=pl.lit(None, pl.String)
    )
    both = eia.filter(pl.col("utility_name_ferc1").is_not_null())
    truths = both.group_by(name="utility_name_ferc1").agg(truths=pl.col("id").unique().sort())
    asked = both.select(name="utility_name_ferc1").join(truths, on="name").sort("name")
    asked = asked.with_columns(country=pl.lit(None, pl.String), kind=pl.lit("hard"))
    register = eia.select("id", "country", name="utility_name_eia", category=pl.lit(None, pl.String))
    return Benchmark("pudl", _numbered(asked), register.unique("id", keep="first", maintain_order=True))


def _numbered(asked: pl.DataFrame) -> pl.DataFrame:
    numbers = pl.int_range(pl.len(), dtype=pl.UInt32).alias("mention")
    return asked.select(numbers, "name", "country", "kind", "truths")
