"""benchmarks/README.md: one section a benchmark, replaced in place, so that a run of one keeps the others."""

import os
import platform
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

README = Path(os.environ.get("BENCH_README", Path(__file__).parent / "README.md"))
"""Another file for trials: the page tells of whole runs on a quiet machine."""
TITLE = (
    "# Benchmarks\n\n`make bench` measures all of this again. Ratios are to a peer or bound measured in the same run.\n"
)


def write(section: str, rows: Sequence[Mapping[str, object]], note: str = "") -> None:
    """Print `rows` as a table with `note` below it, and put it into README.md under the heading `section`."""
    names = list(rows[0])
    lines = [names, ["---"] * len(names), *([str(row.get(name, "")) for name in names] for row in rows)]
    text = f"## {section}\n\n{_machine()}\n\n" + "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
    text += f"\n{note}\n" if note else ""
    print(text)
    README.write_text(_replaced(README.read_text() if README.exists() else TITLE, section, text))


def _replaced(page: str, section: str, text: str) -> str:
    pattern = re.compile(rf"## {re.escape(section)}\n.*?(?=\n## |\Z)", re.S)
    return pattern.sub(lambda _: text, page) if pattern.search(page) else f"{page}\n{text}"


def _machine() -> str:
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()} {platform.machine()}."
