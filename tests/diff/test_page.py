"""The page of a difference, in a real browser: its figures, its charts, and that it asks nothing of anybody."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from include.diff.model import Diff
from include.diff.page import page
from tests.diff.records import HOSTILE, column, dataset, diff, hostile, loud, profile, table

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("chromium is not on PATH (Debian: apt install chromium)")
    with sync_playwright() as play:
        one = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield one
        one.close()


class Seen:
    """A page as a browser shows it, with all that it asked for and complained of."""

    def __init__(self, browser: Browser, file: Path, record: Diff, width: int = 1280, scheme: str = "light") -> None:
        file.write_text(page(record), encoding="utf-8")
        self.page: Page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.asked: list[str] = []
        self.told: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.told.append(message.text))
        self.page.on("dialog", lambda dialog: self.told.append(f"dialog: {dialog.message}"))
        self.address = file.as_uri()
        self.page.goto(self.address)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", self.page.inner_text("body"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_it_asks_for_nothing_but_itself_and_fits_the_screen(
    browser: Browser, tmp_path: Path, width: int, scheme: str
) -> None:
    seen = Seen(browser, tmp_path / "page.html", diff(dataset(), loud(), hostile()), width, scheme)
    assert seen.asked == [seen.address]
    assert seen.told == []
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
    ink, paper = (
        seen.page.evaluate(f"getComputedStyle(document.body).{what}") for what in ("color", "backgroundColor")
    )
    dark = sum(map(int, re.findall(r"\d+", ink)[:3])) > sum(map(int, re.findall(r"\d+", paper)[:3]))
    assert dark == (scheme == "dark")


def test_a_laptop_s_window_shows_every_column_of_its_tables(browser: Browser, tmp_path: Path) -> None:
    owner = {"distinct": 1_104, "minimum": "Alpha Energy SE", "maximum": "Gamma Utilities Ltd", "mean": 1_102.4}
    wide = column("generation_2020_gwh", cells=20, moved_cells=40, psi=2.35, drifted=True)
    wide = wide.model_copy(
        update={"before": profile(300, **owner), "after": profile(301, **owner | {"distinct": 9, "mean": 8_000.0})}
    )
    seen = Seen(browser, tmp_path / "page.html", diff(dataset(table=table(columns=(wide,)))), width=1200)
    boxes = seen.page.locator(".wide")
    assert boxes.count() > 3
    for at in range(boxes.count()):
        assert boxes.nth(at).evaluate("box => box.scrollWidth <= box.clientWidth"), boxes.nth(at).inner_text()


def test_it_shows_the_figures_and_what_is_loud(browser: Browser, tmp_path: Path) -> None:
    seen = Seen(browser, tmp_path / "page.html", diff(loud(), same=4))
    for said in (
        "300 rows before, 301 after: 4 added, 3 removed, 20 changed, 7 moved.",
        "renamed co2 annual_co2 co2 breaking, proposed from the values",
        "country: 1 value moved one to one, in 7 rows.",
        "co2 20 (6.7 %) 1990 2018 4 30 1990 2018 0.31 shifted",
        "changed country Chad, year 1990 co2 0.1 0.12",
        "4 datasets are the same.",
    ):
        assert said in seen.text, said
    alarms = seen.page.inner_text("[role=alert]")
    assert "Unexplained" in alarms
    assert "Lost 1 of country (3 rows): Kosovo." in alarms


def test_a_column_s_bins_are_drawn_before_and_after_to_one_scale(browser: Browser, tmp_path: Path) -> None:
    years = column("year", type="int64", before=profile(60, ("a", "b")), after=profile(40, ("a", "b"), step=-10))
    seen = Seen(browser, tmp_path / "page.html", diff(dataset(table=table(columns=(years,)))))
    bars = seen.page.locator("td svg rect")
    heights = [float(bars.nth(at).get_attribute("height") or 0) for at in range(bars.count())]
    assert [round(height / max(heights) * 21) for height in heights] == [20, 21, 20, 10]
    assert bars.nth(3).locator("title").text_content() == "b: 10 rows after"
    colours = {
        seen.page.evaluate(f"getComputedStyle(document.querySelector('rect.{side}')).fill")
        for side in ("before", "after")
    }
    assert len(colours - {"rgb(0, 0, 0)"}) == 2


def test_key_parts_have_charts_of_their_rows(browser: Browser, tmp_path: Path) -> None:
    seen = Seen(browser, tmp_path / "page.html", diff())
    captions = seen.page.locator("figcaption")
    assert [captions.nth(at).inner_text() for at in range(captions.count())] == ["rows by country", "rows by year"]
    assert "Chad" in seen.page.locator("figure").nth(0).inner_text()
    assert seen.page.locator("figure").nth(1).locator("rect").count() == 30


def test_foreign_text_is_shown_and_runs_nothing(browser: Browser, tmp_path: Path) -> None:
    seen = Seen(browser, tmp_path / "page.html", diff(hostile()))
    assert (seen.told, seen.asked) == ([], [seen.address])
    assert "<script>alert(1)</script>" in seen.text
    assert "\u202e" not in seen.page.content()
    assert seen.page.locator("script, a[href^=http], img, [onerror], [style]").count() == 0
    assert HOSTILE.partition("\n")[0] in seen.text


def test_its_policy_forbids_script_and_network(browser: Browser, tmp_path: Path) -> None:
    seen = Seen(browser, tmp_path / "page.html", diff())
    tried = "fetch('https://example.org/').then(() => 'went', () => 'refused')"
    assert seen.page.evaluate(tried) == "refused"
    assert any("Content Security Policy" in told for told in seen.told)
