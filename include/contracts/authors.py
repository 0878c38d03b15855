"""An author's schema.py or extract.py, loaded by its path, never mixed up with another; errors have file and line."""

import hashlib
import sys
import traceback
from importlib.util import decode_source
from pathlib import Path
from types import CodeType, ModuleType

from ..errors import ContractError
from .places import shown

LARGEST = 1_000_000


def load_module(path: Path) -> ModuleType:
    """Run `path` as a module of its own: nothing of its folder becomes importable, no bytecode is written.

    Raises ContractError for whatever goes wrong, with the line in that file.
    """
    code = _compile(path)
    digest = hashlib.sha256(str(path.absolute()).encode()).hexdigest()
    name = f"commons_author_{path.parent.name}_{path.stem}_{digest[:12]}"
    module = ModuleType(name)
    module.__file__ = str(path)
    # Annotations written as text are resolved through sys.modules.
    sys.modules[name] = module
    try:
        exec(code, module.__dict__)  # noqa: S102
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise fault(path, error) from error
    return module


def _compile(path: Path) -> CodeType:
    try:
        if path.stat().st_size > LARGEST:
            raise ContractError(f"{shown(path)}: expected a file under 1 MB. Take data out of the code.")
        return compile(decode_source(path.read_bytes()), str(path), "exec", dont_inherit=True)
    except OSError as error:
        raise ContractError(
            f"{shown(path)}: can't be read ({error.strerror}). Create it with `commons new`, or check its name."
        ) from error
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise fault(path, error) from error


def fault(path: Path, error: BaseException) -> ContractError:
    """`error`, raised by the code in `path`, as a problem with that file's line and what to do next."""
    place = f"{shown(path)}:{line}" if (line := _line(path, error)) else shown(path)
    return ContractError(f"{place}: {_what(error)}")


def _line(path: Path, error: BaseException) -> int | None:
    """The deepest line of `path` that the error passed through."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f.lineno for f in frames if f.filename == str(path)]
    return lines[-1] if lines else None


def _what(error: BaseException) -> str:
    text = str(error).strip() or "no message"
    if isinstance(error, SyntaxError):
        return f"not valid Python: {error.msg}. Correct this line."
    if isinstance(error, ImportError):
        return (
            f"{text}. An author's file stands alone: it may import what the task image holds (polars, pandera and "
            "Python's own modules), but no file beside it."
        )
    if isinstance(error, SystemExit):
        return "the file ends the program (SystemExit). Leave out sys.exit(): it is only loaded."
    return f"{type(error).__name__}: {text}. Correct this line."
