"""What `commons run` prints of a run that publish stopped."""

from io import StringIO

from rich.console import Console

from include.cli.running import unfolded
from include.diff.markdown import markdown
from include.diff.sections import sections
from tests.diff.records import diff, loud


def test_every_table_of_a_report_has_its_title_on_a_terminal() -> None:
    terminal = Console(width=100, file=StringIO())
    with terminal.capture() as shown:
        terminal.print(unfolded(markdown(diff(loud()))))
    lines = [line.strip() for line in shown.get().splitlines()]
    titles = [section.title for section in sections(loud())]
    assert len(titles) > 5
    assert [line for line in lines if line in titles] == titles
