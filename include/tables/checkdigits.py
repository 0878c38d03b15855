"""Check digits of identifiers: LEI (ISO 17442) and ISIN (ISO 6166)."""

import polars as pl


def _value(text: pl.Expr, position: int) -> pl.Expr:
    """The character at `position` as ISO 7064 reads it: digits as they are, letters from A = 10."""
    return text.str.slice(position, 1).str.to_integer(base=36, strict=False).cast(pl.Int64)


def lei(text: pl.Expr) -> pl.Expr:
    """True where `text` is a Legal Entity Identifier whose check digits hold (ISO 17442, ISO 7064 MOD 97-10)."""
    remainder = pl.lit(0, pl.Int64)
    for position in range(20):
        value = _value(text, position)
        remainder = (remainder * pl.when(value > 9).then(100).otherwise(10) + value) % 97
    return text.str.contains(r"^[A-Z0-9]{18}[0-9]{2}$") & (remainder == 1)


def isin_code(text: pl.Expr) -> pl.Expr:
    """True where `text` is a security's number whose check digit holds (ISO 6166, Luhn over letters as two digits)."""
    shaped = text.str.contains(r"^[A-Z]{2}[A-Z0-9]{9}[0-9]$")
    total, doubled = pl.lit(0, pl.Int64), pl.lit(False)
    for position in reversed(range(12)):
        value = _value(text, position)
        for digit, present in ((value % 10, pl.lit(True)), (value // 10, value > 9)):
            twice = digit * 2
            step = pl.when(doubled).then(twice // 10 + twice % 10).otherwise(digit)
            total = total + pl.when(present).then(step).otherwise(0)
            doubled = doubled ^ present
    return shaped & (total % 10 == 0)
