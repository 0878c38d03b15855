"""Environments and developers that share one store, one origin and one run id never meet."""

from dataclasses import replace
from pathlib import Path

from include.tasks.receipts import found
from include.versions import heads
from include.versions.pins import parse
from tests.tasks.conftest import ADDRESS, CONTRACT, ROWS, Wells
from tests.versions.house import git

SPACES = {"dev": ("dev", ""), "prod": ("prod", ""), "dev-jane": ("dev", "jane"), "dev-wells": ("dev", "wells")}


def test_environments_and_developers_share_a_store_and_do_not_meet(wells: Wells) -> None:
    for number, (space, (environment, developer)) in enumerate(SPACES.items()):
        git("push", "-q", "origin", f"HEAD:{space}", at=wells.root / "seed")
        variables = {"COMMONS_ENVIRONMENT": environment, "COMMONS_DEVELOPER": developer, "COMMONS_REF": space}
        here = replace(wells, space=space, more=variables)
        here.write(contract=CONTRACT.replace("file:wells.csv", ADDRESS))
        here.serve(ROWS + f"W21,{number}.25,NA\n")
        assert here.run("r1") == [0, 0, 0]
    contents = set()
    for space in SPACES:
        here = replace(wells, space=space)
        receipts = {verb: found(here.store, "wells", "r1", verb) for verb in ("extract", "validate", "publish")}
        assert [receipt.outcome for receipt in receipts.values() if receipt] == ["done"] * 3
        head = heads.read(here.store, space, "wells")
        assert head is not None
        assert {space: head.entry} == {space: parse(git("show", f"{space}:data.dvc", at=wells.origin)).entries["wells"]}
        assert {path.split("/")[1] for path in here.store.list("heads")} == {space}
        assert len(here.store.list("published/wells")) == 1
        contents.add(head.entry.meta.content)
    assert len(contents) == len(SPACES), "each space has the rows that were published there"
    assert sorted(folder.name for folder in (wells.root / "store").iterdir()) == sorted(SPACES)


def test_an_environment_that_is_none_is_told_and_touches_nothing(wells: Wells) -> None:
    wells.more["COMMONS_ENVIRONMENT"] = "production"
    assert wells.run() == [2]
    assert not Path(wells.root / "store").exists()
