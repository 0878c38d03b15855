"""Judgements about entities that the register no longer has are told before a run, where the register is at hand."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from include.cli.matching.orphaned import orphaned
from include.matching.folding import fold
from include.matching.forms import COLUMNS, legal_forms
from include.matching.index import build
from include.settings import REPOSITORY, settings
from include.versions import indexes
from include.versions.pins import parse
from tests.cli.matching.waiting import ENEL, SHELL

LINES = "name,country,lei,judgement,by,on,why\nEnel,IT,{},match,Ann,2026-01-31,x\nShell,NL,{},match,Ann,2026-01-31,x\n"


@pytest.fixture(autouse=True)
def fresh_settings() -> Iterator[None]:
    yield
    settings.cache_clear()


def test_an_entity_that_is_gone_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault: a judgement for an LEI that no longer exists."""
    pin = (REPOSITORY / "data.dvc").read_text()
    (tmp_path / "data.dvc").write_text(pin)
    room = tmp_path / "datasets"
    monkeypatch.setenv("COMMONS_DATASETS", str(room))
    settings.cache_clear()
    for name in ("lei_entities", "pudl_utilities", "elf_codes"):
        (room / name).mkdir(parents=True)
        shutil.copy(REPOSITORY / "include" / "datasets" / name / "contract.yaml", room / name)
    (room / "pudl_utilities" / "judgements.csv").write_text(LINES.format(ENEL, SHELL))
    assert orphaned("pudl_utilities", tmp_path) == []
    register = pl.DataFrame({"id": [ENEL], "name": ["Enel"], "country": ["IT"]})
    forms = legal_forms(pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.String)))
    content = parse(pin, "data.dvc").entries["lei_entities"].meta.content
    place = tmp_path / indexes.KEPT_HERE / "key"
    build(fold(register, forms), place, register=content, folding=forms.digest)
    indexes.write(place, dataset="lei_entities", columns={}, rows=1, left_out={})
    (told,) = orphaned("pudl_utilities", tmp_path)
    assert f"'Shell' was judged to be {SHELL}, which lei_entities no longer has" in told
    assert ENEL not in told
