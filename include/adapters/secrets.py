"""Values of secrets by name, from a mounted folder; a secret is read where it is sent and nowhere else."""

import re
from pathlib import Path

from ..errors import EnvironmentFault
from ..settings import secret_variable, settings


def value(name: str) -> str:
    """The secret `name`: its file in COMMONS_SECRETS, else the variable COMMONS_SECRET_NAME.

    Raises EnvironmentFault where neither is there, or the value can't be sent in a header.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}", name):
        raise EnvironmentFault(
            f"secret {name!r}: not a name, expected letters, digits, '-' and '_'. Correct extract.py."
        )
    file = Path(settings().secrets) / name
    found = file.read_text("utf-8").strip() if file.is_file() else secret_variable(name)
    if not found:
        variable = "COMMONS_SECRET_" + name.upper().replace("-", "_")
        raise EnvironmentFault(
            f"secret {name!r}: not in {file.parent} and {variable} is not set. Mount it, or set that."
        )
    if not found.isprintable() or not found.isascii():
        raise EnvironmentFault(
            f"secret {name!r}: has line breaks or characters that no header can carry. Store it anew."
        )
    return found
