"""The site in a real browser, from a folder: its search, its filter, its pictures, a phone; nothing foreign runs."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from include.catalogue.site.build import build
from include.catalogue.site.pages import pages
from tests.catalogue.made import SCHEMA, hostile, past, plants
from tests.catalogue.test_site import derived

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("chromium is not on PATH (Debian: apt install chromium)")
    with sync_playwright() as play:
        one = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield one
        one.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four datasets: one with all there is, one of hostile texts, two that are made of the first."""
    place = tmp_path_factory.mktemp("docs")
    described = SCHEMA.columns[5].model_copy(update={"description": "Number of turbines & boilers"})
    schema = SCHEMA.model_copy(update={"columns": (*SCHEMA.columns[:5], described, *SCHEMA.columns[6:])})
    history = tuple(past(f"{day:064d}", day, rows=40 + day, quarantined=day % 5) for day in range(31, 0, -3))
    known = [
        plants(schema=schema, history=history),
        replace(hostile(), name="hostile"),
        derived("users", "plants"),
        derived("reports", "users"),
    ]
    build(pages(known), place / "sources", place / "a folder")
    return place / "a folder"


class Seen:
    """A page as a browser shows it, with all that it asked for and complained of."""

    def __init__(self, browser: Browser, site: Path, path: str, width: int = 1280, scheme: str = "light") -> None:
        self.page: Page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.asked: list[str] = []
        self.told: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.told.append(message.text))
        self.page.on("pageerror", lambda error: self.told.append(str(error)))
        self.page.on("dialog", lambda dialog: self.told.append(f"dialog: {dialog.message}"))
        self.page.goto(f"{site.as_uri()}/{path}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", ["index.html", "datasets/plants.html", "datasets/hostile.html", "search.html?q=plant"])
def test_a_page_asks_for_files_of_its_folder_only_and_fits_the_screen(
    browser: Browser, site: Path, path: str, width: int, scheme: str
) -> None:
    seen = Seen(browser, site, path, width, scheme)
    seen.page.wait_for_load_state("load")
    assert len(seen.asked) > 3
    assert [url for url in seen.asked if not url.startswith(site.as_uri())] == []
    assert seen.told == []
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
    colour = "getComputedStyle(document.body).backgroundColor"
    assert (seen.page.evaluate(colour) != "rgb(255, 255, 255)") == (scheme == "dark")


def test_the_search_finds_a_column_by_its_description_and_leads_to_the_word(browser: Browser, site: Path) -> None:
    seen = Seen(browser, site, "index.html")
    seen.page.get_by_role("textbox", name="Search").fill("turbines boilers")
    seen.page.keyboard.press("Enter")
    found = seen.page.locator("ul.search li a")
    found.first.wait_for()
    assert found.all_inner_texts() == ["Power plants"]
    found.first.click()
    seen.page.wait_for_url("**/datasets/plants.html*")
    marked = seen.page.locator("#column-units .highlighted")
    marked.first.wait_for()
    assert marked.all_inner_texts() == ["turbines", "boilers"]
    seen.page.wait_for_function("document.querySelector('#column-units').getBoundingClientRect().top < innerHeight")
    assert seen.told == []


def test_the_search_finds_a_column_by_its_name_and_leads_to_its_row(browser: Browser, site: Path) -> None:
    seen = Seen(browser, site, "search.html?q=capacity_mw")
    found = seen.page.locator("ul.search li", has_text="plants.capacity_mw")
    found.wait_for()
    assert found.inner_text() == "plants.capacity_mw (column, in Power plants)"
    found.get_by_role("link").click()
    seen.page.wait_for_url("**/datasets/plants.html#column-capacity_mw")


def test_the_table_of_datasets_can_be_filtered_and_ordered(browser: Browser, site: Path) -> None:
    seen = Seen(browser, site, "index.html")
    rows = seen.page.locator("#datasets tbody tr:visible .name")
    assert rows.all_inner_texts() == ["hostile", "plants", "reports", "users"]
    seen.page.get_by_label("Filter the datasets").fill("power CC-BY")
    assert rows.all_inner_texts() == ["plants"]
    assert seen.page.inner_text("#filtered") == "1 of 4"
    seen.page.get_by_label("Filter the datasets").fill("")
    seen.page.get_by_role("button", name="Used by").click()
    seen.page.get_by_role("button", name="Used by").click()
    assert rows.all_inner_texts()[:2] == ["plants", "users"]


@pytest.mark.parametrize(("width", "way"), [(1280, "across"), (390, "down")])
def test_the_picture_of_lineage_leads_to_other_datasets(browser: Browser, site: Path, width: int, way: str) -> None:
    seen = Seen(browser, site, "datasets/users.html", width)
    assert seen.page.locator(".picture:visible").count() == 1
    picture = seen.page.locator(f".picture.{way}")
    told = {"countries", "companies", "plants", "users.csv", "bytes as fetched", "users", "reports"}
    assert set(picture.locator("text:not(.over)").all_text_contents()) == told
    assert picture.get_by_role("link").count() == len(told - {"countries", "companies"})
    picture.get_by_role("link", name="reports").click()
    seen.page.wait_for_url("**/datasets/reports.html")
    assert seen.page.inner_text("h1").startswith("reports")


def test_scripts_in_texts_do_not_run(browser: Browser, site: Path) -> None:
    results = Seen(browser, site, "search.html?q=alert")
    results.page.locator("ul.search li").first.wait_for()
    assert "<script>alert(1)</script>" in results.page.inner_text("ul.search")
    assert results.told == []
    seen = Seen(browser, site, "datasets/hostile.html")
    assert "<script>alert(1)</script>" in seen.page.inner_text("article")
    assert "Cut after 2,000 of 1,000,000 characters" in seen.page.inner_text("article")
    inside = seen.page.locator("article script, article img, article [onerror], article iframe, article [style]")
    assert inside.count() == 0
    assert seen.told == []


def test_a_text_that_became_markup_would_not_run_either(browser: Browser, site: Path, tmp_path: Path) -> None:
    shutil.copytree(site, tmp_path / "changed")
    page = tmp_path / "changed/datasets/plants.html"
    smuggled = (
        '<article role="main"><script>document.title = "run"</script><img src="https://evil.example/x" onerror="x">'
    )
    text = page.read_text(encoding="utf-8")
    assert '<article role="main"' in text
    page.write_text(text.replace('<article role="main"', f"{smuggled}</article><article", 1), encoding="utf-8")
    seen = Seen(browser, tmp_path / "changed", "datasets/plants.html")
    assert seen.page.title() != "run"
    assert len([told for told in seen.told if "Content Security Policy" in told]) >= 2


def test_an_axis_and_bars_are_drawn_for_each_chart(browser: Browser, site: Path) -> None:
    seen = Seen(browser, site, "datasets/plants.html")
    charts = seen.page.locator("figure.trend")
    assert charts.count() == 2
    assert charts.nth(0).locator("rect.rows").count() == 11
    assert charts.nth(0).locator(".scale").inner_text().split() == ["71", "0"]
    assert charts.nth(1).locator("rect.rejected").count() == 11
    fill = "getComputedStyle(document.querySelector('rect.rows')).fill"
    assert seen.page.evaluate(fill) != "rgb(0, 0, 0)"
