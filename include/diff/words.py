"""Foreign text, harmless: as `contracts.foreign` has it."""

from ..contracts.foreign import EMPTY, MISSING, code_span, plain_words, printable

__all__ = ["EMPTY", "MISSING", "code_span", "plain_words", "printable"]
