"""Chinese characters: which pairs of names only sound alike."""

import polars as pl

from include.matching.characters import written_otherwise


def test_only_names_whose_characters_differ_are_told() -> None:
    pairs = [
        ("上海复星医药", "上海复兴医药", True),
        ("上海复星医药股份有限公司", "上海复星医药(集团)有限公司", False),
        ("复星医药", "上海复星医药股份有限公司", False),
        ("株式会社日立", "日立株式会社", False),
        ("㈱日立", "日立", False),
        ("Hitachi", "日立", False),
        ("Hitachi", "Hitachi", False),
        (None, "日立", False),
        ("日立", None, False),
    ]
    frame = pl.DataFrame(pairs, ["one", "other", "told"], orient="row")
    assert written_otherwise(frame["one"], frame["other"]).to_list() == frame["told"].to_list()
    assert written_otherwise(frame["one"].clear(), frame["other"].clear()).to_list() == []
