"""The page about parents and ownership is true: its Python prints what stands below it."""

import re
import subprocess
import sys

from include.settings import REPOSITORY

PAGE = (REPOSITORY / "docs" / "parents-and-ownership.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
PRELUDE = "import sys\nimport include\nsys.modules['data_commons'] = include\n"


def test_its_python_prints_what_the_page_says() -> None:
    assert len(BLOCKS) == PAGE.count("```python") == 2
    program = PRELUDE + "\n".join(block for block, _ in BLOCKS)
    done = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    printed = [line for line in done.stdout.splitlines() if line]
    assert printed == [line for _, text in BLOCKS for line in text.splitlines() if line]


def test_every_module_it_names_is_there() -> None:
    named = re.findall(r"`(include/[\w/]+\.py)`", PAGE)
    assert len(named) == 2
    assert [path for path in named if not (REPOSITORY / path).exists()] == []
