"""Which units a column may have, and which one its name says: pint's, and those of climate and finance."""

import difflib
import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from ..errors import ContractError

if TYPE_CHECKING:
    from pint import UnitRegistry

# One dimension each: a tonne of CO2 is no tonne of CO2e, a dollar no euro, so pint never converts between them.
_DEFINITIONS = (
    "gCO2e = [co2_equivalent] = gCO2e = gCO2eq",
    "tCO2e = 1e6 * gCO2e = tCO2e = tCO2eq",
    "gCO2 = [carbon_dioxide]",
    "tCO2 = 1e6 * gCO2",
    "person = [person] = person = people = persons = capita",
    "international_dollar = [international_dollar] = intdollar",
    "basis_point = 1e-4 = bp",
    "var = volt * ampere",
    "MMBtu = 1e6 * Btu",
    "percent = 0.01 = percent = pct",
    *(f"{c} = [currency_{c}]" for c in ("USD", "EUR", "GBP", "JPY", "CNY", "CHF", "INR", "AUD", "CAD", "SEK", "NOK")),
)
# What pint reads as something else than whoever writes it means.
_DECEPTIVE = {
    "kt": "pint's knot; write kilotonne",
    "ton": "three different masses; write tonne or short_ton",
    "tons": "three different masses; write tonne or short_ton",
}
# The units that names end in. No single letters, and nothing that is a word of its own: _min, _year, _in.
SUFFIXES = {
    "kw": "kW", "mw": "MW", "gw": "GW", "kwh": "kWh", "mwh": "MWh", "gwh": "GWh", "twh": "TWh",
    "mj": "MJ", "gj": "GJ", "tj": "TJ", "pj": "PJ", "mmbtu": "MMBtu",
    "kv": "kV", "mva": "MVA", "mvar": "Mvar",
    "kgco2e": "kgCO2e", "tco2e": "tCO2e", "ktco2e": "ktCO2e", "mtco2e": "MtCO2e", "gtco2e": "GtCO2e",
    "gco2": "gCO2", "kgco2": "kgCO2", "tco2": "tCO2", "mtco2": "MtCO2", "gco2e": "gCO2e",
    "kg": "kg", "tonnes": "tonne", "m2": "m^2", "m3": "m^3", "km": "km", "km2": "km^2", "ha": "ha",
    "degc": "degC", "deg": "degree", "hours": "hour", "days": "day", "years": "year",
    "pct": "percent", "bp": "basis_point", "people": "person", "persons": "person", "capita": "person",
    "usd": "USD", "eur": "EUR", "gbp": "GBP", "jpy": "JPY", "cny": "CNY", "chf": "CHF",
}  # fmt: skip


@cache
def _registry() -> "UnitRegistry[Any]":
    from pint import UnitRegistry

    registry: UnitRegistry[Any] = UnitRegistry(on_redefinition="ignore")
    for definition in _DEFINITIONS:
        registry.define(definition)
    return registry


@cache
def known(unit: str) -> bool:
    """Whether `unit` is a unit, or a product, quotient or power of units: MW, tCO2e/MWh, USD, percent, year."""
    words = re.findall(r"[^\W\d]\w*", unit)
    if not unit.strip() or len(unit) > 60 or _DECEPTIVE.keys() & words or re.search(r"[^\w%/*^ .()-]", unit):
        return False
    try:
        return bool(str(_registry().parse_units(unit)))
    except Exception:  # pint raises what its parser meets: tokenize, syntax and attribute errors among them
        return False


def of_column(name: str, metadata: Mapping[str, Any] | None = None) -> str | None:
    """The unit of the column `name`: metadata's "unit", else the one that its name ends in (`_mw`, `_usd_per_mwh`).

    Raises ContractError if metadata names one that isn't known.
    """
    stated = (metadata or {}).get("unit")
    if stated is None:
        return _of_name(name)
    if isinstance(stated, str) and known(stated):
        return stated
    raise ContractError(f"column {name}: expected a known unit, found {stated!r}{_advice(stated)}.")


def _of_name(name: str) -> str | None:
    above, per, below = name.rpartition("_per_")
    if per and below in SUFFIXES:
        unit = _of_name(above)
        return unit and f"{unit}/{SUFFIXES[below]}"
    return SUFFIXES.get(name.rpartition("_")[2]) if "_" in name else None


def _advice(unit: object) -> str:
    if deceptive := [w for w in re.findall(r"\w+", str(unit)) if w in _DECEPTIVE]:
        return f" ({deceptive[0]} is {_DECEPTIVE[deceptive[0]]})"
    examples = sorted(set(SUFFIXES.values()))
    folded = {e.casefold(): e for e in examples}
    near = difflib.get_close_matches(str(unit).casefold(), folded, n=1, cutoff=0.5)
    return f" (did you mean {folded[near[0]]!r}?)" if near else f". Write one like {', '.join(examples[:12])}"
