"""Tasks that Airflow's triggerer watches: the same runs, the same words, no worker that waits."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from include.laptop.airflow import NAMES, wanted_components
from include.laptop.processes import running
from include.settings import settings
from tests.laptop.conftest import House, airflow

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Iterator[House]:
    """An Airflow whose pods are watched by its triggerer."""
    with pytest.MonkeyPatch.context() as variables:
        variables.setenv("COMMONS_DEFERRABLE", "true")
        settings.cache_clear()
        try:
            with airflow(tmp_path_factory.mktemp("deferrable"), shared) as house:
                yield house
        finally:
            settings.cache_clear()


def test_a_run_whose_pods_are_watched_by_the_triggerer_publishes_one_version(house: House) -> None:
    assert "triggerer" in wanted_components()
    assert all(running(house.laptop.home, name) for name in NAMES)
    api = house.laptop.api
    run = api.trigger("elf_codes")
    assert api.follow("elf_codes", run, seconds=300) == "success"
    assert set(api.states("elf_codes", run).values()) == {"success"}
    for verb in ("sync", "extract", "validate", "publish"):
        said = api.log("elf_codes", run, verb)
        assert "Pausing task as DEFERRED" in said
        assert f"{verb} elf_codes: done" in said
    assert len(house.commits()) == 1


def test_a_pod_that_fails_is_told_in_plain_words_and_not_tried_again(house: House) -> None:
    """The code of `referring` is not in the archive."""
    api = house.laptop.api
    run = api.trigger("referring")
    assert api.follow("referring", run, seconds=120) == "failed"
    said = api.log("referring", run, "sync")
    assert "Pausing task as DEFERRED" in said
    assert "Exit 1: the data or the contract is at fault" in said
    assert house.tasks(run, "referring")["sync"]["try_number"] == 1
