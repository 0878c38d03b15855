"""GLEIF's list of legal forms, six editions from 2017 to 2023."""

from tests.histories import Step, repository_file

EDITIONS = ("2017-11-30", "2019-11-06", "2020-06-10", "2020-11-19", "2021-09-23", "2023-09-28")
_CONTRACT, _SCHEMA = repository_file("elf_codes", "contract.yaml"), repository_file("elf_codes", "schema.py")


def _contract(edition: str) -> str:
    """The first editions are shorter, and nothing of the first was modified yet."""
    assert _CONTRACT.count(EDITIONS[-1]) == _CONTRACT.count("rows: [3000, 6000]") == 1
    text = _CONTRACT.replace(EDITIONS[-1], edition).replace("rows: [3000, 6000]", "rows: [1500, 6000]")
    return text + "  nulls_pct: {modification: 100, modified: 100, reason: 100}\n" if edition == EDITIONS[0] else text


def _schema(edition: str) -> str:
    """In 2017 one heading had dots where it has hyphens since."""
    assert _SCHEMA.count("ISO 01-140-10") == 2
    return _SCHEMA.replace("ISO 01-140-10", "ISO 01.140.10") if edition == EDITIONS[0] else _SCHEMA


STEPS = [Step(edition, _contract(edition), _schema(edition)) for edition in EDITIONS]
