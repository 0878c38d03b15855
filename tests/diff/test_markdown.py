"""The Markdown of a difference: what it says, how long it may be, and that foreign text stays text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from include.contracts.foreign import code_span, plain_words, printable
from include.diff.markdown import LIMIT, markdown
from include.diff.model import ColumnDiff, RowCounts
from tests.diff.records import HOSTILE, column, dataset, diff, hostile, loud, origin, profile, table

# GitHub's dialect as a public parser reads it, bare addresses made links, as there.
DIALECT = MarkdownIt("gfm-like")


def rendered(text: str) -> str:
    return str(DIALECT.render(text))


def test_it_says_what_happened_schema_changes_first() -> None:
    text = markdown(diff(loud(), same=4))
    order = ["Unexplained: the data changed", "Breaks readers: 2 changes", "#### Schema", "| dropped |", "| added |"]
    places = [text.index(said) for said in order]
    assert places == sorted(places)
    assert text.index("#### Schema") < text.index("<summary>Columns</summary>")
    for said in (
        "300 rows before, 301 after: 4 added, 3 removed, 20 changed, 7 moved.",
        "Lost 1 of `country` (3 rows): `Kosovo`.",
        "The key repeats: 0 rows before and 889 after",
        "| renamed | `co2` | `annual_co2` | `co2` | breaking, proposed from the values |",
        "| `country` | `Czech Republic` | `Czechia` | 7 |",
        "| changed | country `Chad`, year `1990` | `co2` | `0.1` | `0.12` |",
        "| `methane` | 5 in moved rows |",
        "| `ge.co2` | 0 | 12 | `pass` | `quarantined` |",
        "4 datasets are the same.",
    ):
        assert said in text, said


def test_files_that_go_to_another_remote_are_told_with_the_causes() -> None:
    said = "Who may read it: its files are on the remote 'restricted' now, and were on 'public'."
    assert said in markdown(diff(dataset(after=origin(kept="restricted"))))
    assert said not in markdown(diff())


def test_no_difference_is_said() -> None:
    assert "No dataset differs." in markdown(diff().model_copy(update={"datasets": ()}))


def test_a_new_dataset_is_shown_without_a_before() -> None:
    empty = profile(0, nulls=0, distinct=0, minimum=None, maximum=None)
    counts = RowCounts(before=0, after=300, added=300, removed=0, changed=0, moved=0, unchanged=0)
    new = table(columns=(column("co2", before=empty, after=profile(300)),), counts=counts, moved=(), coverage=())
    text = markdown(diff(dataset(status="added", before=None, causes=(), table=new)))
    assert "New: 300 rows, 1 column." in text
    assert "| `co2` | ▅▅▆▆▆▆▆▇▇▇▇▇███ | 4 | 30 | `1990` | `2018` |" in text


def test_several_datasets_begin_with_a_table_of_all() -> None:
    text = markdown(diff(dataset("one"), loud()))
    assert "| `one` | changed | 300 | 301 | 4 | 3 | 20 | 7 | **lost coverage** |" in text
    assert "| **unexplained**, **breaking**, **lost coverage** |" in text


@pytest.mark.parametrize("many", [3, 400, 3_000])
def test_it_stays_below_the_limit_by_whole_sections_and_says_what_is_left_out(many: int) -> None:
    columns = tuple(column(f"column_{at}", cells=at + 1) for at in range(60 if many == 3 else 5))
    wide = table(columns=columns)
    text = markdown(diff(*(dataset(f"dataset_{at}", table=wide) for at in range(many))))
    assert 10_000 < len(text.encode()) < LIMIT
    assert text.count("<details>") == text.count("</details>") == len(re.findall("<summary>", text))
    heads = re.findall(r"^### `(\w+)`", text, re.MULTILINE)
    assert heads[0] == "dataset_0"
    left = re.search(
        r"^Left out, as this would be too long: (.+)\. `commons diff` shows all of it\.$", text, re.MULTILINE
    )
    if many == 3:
        assert left is None
        assert text.count("10 more lines.") == 3
        return
    assert left is not None
    shown = len(heads)
    assert f"and {many - shown - 3:,} more" in left[1]
    assert "all of `dataset_" in left[1]


def test_a_dataset_too_long_by_itself_keeps_what_matters_most() -> None:
    wide = tuple(ColumnDiff.model_validate(column(f"c{at}", cells=1).model_dump()) for at in range(50))
    text = markdown(diff(loud().model_copy(update={"table": table(columns=wide)})), limit=5_000)
    assert len(text.encode()) < 5_000
    assert "Unexplained" in text
    assert "Left out, as this would be too long: columns of `loud_one`" in text


def test_foreign_text_is_shown_and_is_never_markup() -> None:
    text = markdown(diff(hostile()))
    html = rendered(text)
    assert HOSTILE[:5] in html
    assert "\u202e" not in text
    assert re.findall(r"<(?!/)(\w+)", html.replace("<details>", "").replace("<summary>", "")) != []
    assert not re.search(r"<(script|a|img)\b", html)
    outside = re.sub(r"<code>.*?</code>", "", html)
    assert not re.search(r"@\w", outside)
    assert not re.search(r"#\d", outside)
    for part in re.findall(r"<table>.*?</table>", html, re.DOTALL):
        widths = {len(re.findall(r"<t[hd][ >]", row)) for row in part.split("<tr>")[1:]}
        assert len(widths) == 1, part


@given(st.text(max_size=200))
def test_any_value_is_one_code_span_in_one_cell(value: str) -> None:
    html = rendered(f"| a | b |\n| --- | --- |\n| {code_span(value)} | end |\n")
    cells = re.findall(r"<td>(.*?)</td>", html, re.DOTALL)
    assert len(cells) == 2
    assert cells[1] == "end"
    if value:
        found = re.fullmatch(r"<code>(.*)</code>", cells[0], re.DOTALL)
        assert found
        shown = found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")
        assert shown.replace("\u200b", "") == printable(value).replace("\u200b", "")


@given(st.text(max_size=200))
def test_any_sentence_is_plain_text(value: str) -> None:
    html = rendered(f"- Source: {plain_words(value)} changed.\n")
    assert re.sub(r"<(/?)(ul|li)>", "", html).count("<") == 0
    assert not re.search(r"@\w", html)


def test_a_value_that_is_missing_is_not_one_that_is_empty() -> None:
    assert (code_span(None), code_span("")) == ("*missing*", "*empty*")
