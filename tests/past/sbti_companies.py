"""SBTi's list of companies taking action, six editions: 9 to 22 columns, repeated rows, another key at the end.

For tests only: the list may not be republished.
"""

from include.contracts.names import snake
from tests.histories import Step

_SITE = "https://raw.githubusercontent.com/ScienceBasedTargets/SBTi-finance-tool"
_OLD = "SBTi/inputs/current-Companies-Taking-Action-191.xlsx"
EDITIONS = {
    "2020-06-25": f"bbd15d4f51a5791b6e034ccc478a876795ba48ef/{_OLD}",
    "2021-09-10": f"8b9345ddbd147b67acb0c012002d765502f37ca7/{_OLD}",
    "2022-03-01": f"5cdbcf4f5f7be6bc7bd6a6e1fa77808a96361c88/{_OLD}",
    "2022-09-05": f"d39aa09f1a2f88bfcbaba7eb8cabcc4f20fd4683/{_OLD}",
    "2023-01-18": f"8eb0c06eaf2cbfa23034211a111f347f8c0d0ea9/{_OLD}",
    "2025-05-20": "02ec6642d6f769c7d0460f210c9df34492337fc3/SBTi/inputs/current-Companies-Taking-Action.xlsx",
}
_FIRST = ["Company Name", "ISIN", "Target Qualification", "Country", "Region", "Sector", "Status"]
_FIRST += ["Date Committed / Target published", "About"]
_NEAR = [f"Near term - Target {what}" for what in ("Status", "Classification", "Year")]
_LONG = [f"Long term - Target {what}" for what in ("Status", "Classification", "Year")]
_THIRD = ["Company Name", "ISIN", *_NEAR, *_LONG, "Net-Zero Committed", "Net-Zero Year", "Organization Type", "BA1.5?"]
_THIRD += ["BA1.5 Date", "Country", "Region", "Sector", "Date", "Target", "Target Classification", "Extension"]
_FIFTH = ["Company Name", "ISIN", "LEI", *_THIRD[2:11], "BA1.5", "BA1.5 Date", "Location", *_THIRD[14:]]
_SIXTH = ["sbti_id", "company_name", "isin", "lei", "organization_type", "location", "region", "sector"]
_SIXTH += ["near_term_status", "near_term_target_classification", "near_term_target_year", "long_term_status"]
_SIXTH += ["long_term_target_classification", "long_term_target_year", "net_zero_status", "net_zero_year"]
_SIXTH += ["full_target_language", "ba15_status", "ba15_date", "target_classification_long"]
_SIXTH += ["reason_for_extension_or_removal", "date_updated"]
HEADINGS = {
    "2020-06-25": _FIRST,
    "2021-09-10": _FIRST,
    "2022-03-01": _THIRD,
    "2022-09-05": _THIRD,
    "2023-01-18": _FIFTH,
    "2025-05-20": _SIXTH,
}
# What a person says is the same column under another name.
WAS = {
    "2022-03-01": {
        "near_term_target_status": "status",
        "near_term_target_classification": "target_qualification",
        "date": "date_committed_target_published",
        "target": "about",
    },
    "2023-01-18": {"location": "country", "ba1_5": "ba1_5_status"},
    "2025-05-20": {
        "near_term_status": "near_term_target_status",
        "long_term_status": "long_term_target_status",
        "net_zero_status": "net_zero_committed",
        "full_target_language": "target",
        "ba15_status": "ba1_5",
        "ba15_date": "ba1_5_date",
        "target_classification_long": "target_classification",
        "reason_for_extension_or_removal": "extension",
        "date_updated": "date",
    },
}
WHY = {
    "2022-03-01": "The publisher splits targets into near and long term",
    "2023-01-18": "The publisher says location for country",
    "2025-05-20": "The publisher has an identifier of its own now, and other headings",
}


def contract(edition: str) -> str:
    """Repeated rows and nameless companies are kept back, and so many only in 2021."""
    last = edition == "2025-05-20"
    return f"""title: Companies taking action
description: Companies with targets, as SBTi lists them; for tests only.
owner: data@example.org
licence: LicenseRef-SBTi-non-commercial
source:
  url: {_SITE}/{EDITIONS[edition]}
  sheet: {"Data" if last else "Worksheet"}
key: [{"sbti_id" if last else "company_name"}]
access: internal
expect:
  rows: [900, 20000]
  rows_change_pct: null
  quarantine_pct: {40 if edition == "2021-09-10" else 1}
"""


def schema(edition: str) -> str:
    """A text for each heading; the key alone is never missing."""
    fields = "".join(_field(heading, edition) for heading in HEADINGS[edition])
    return f"import pandera.polars as pa\n\n\nclass Schema(pa.DataFrameModel):\n{fields}"


def _field(heading: str, edition: str) -> str:
    name = "ba1_5_status" if heading == "BA1.5?" else snake(heading)
    said = {"source": heading} | ({"was": WAS[edition][name]} if name in WAS.get(edition, {}) else {})
    kind = "int" if name == "sbti_id" else "str"
    missing = "" if name in ("sbti_id", "company_name") else "nullable=True, "
    return f'    {name}: {kind} = pa.Field({missing}description="{heading}", metadata={said})\n'


# The author of 2023 has only been told where the new file is.
_AS_BEFORE = Step("2025-05-20", contract("2025-05-20").replace("sbti_id", "company_name"), schema("2023-01-18"))
STEPS = [
    Step(
        edition,
        contract(edition),
        schema(edition),
        why=WHY.get(edition),
        unadapted=_AS_BEFORE if edition == "2025-05-20" else None,
    )
    for edition in EDITIONS
]
