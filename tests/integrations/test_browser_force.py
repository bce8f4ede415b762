"""Force plots in a real browser: menus, the pointer and the keyboard, two plots on one page, and no script at all."""

import numpy as np
import pytest
from tests.browsing import chromium, watched

from ferroshap.explanation import Explanation
from ferroshap.plots import force, save_html

pytest.importorskip("playwright.sync_api", reason="playwright is not installed: group `browser`")
pytestmark = pytest.mark.timeout(240)  # a browser takes its time to start on a busy machine

HOSTILE = "</script><img src=x onerror=alert(1)>'\"&"
RNG = np.random.default_rng(4)
SV = Explanation(
    RNG.normal(size=(50, 3)) * [3.0, 2.0, 1.0],
    0.25,
    np.column_stack([RNG.permutation(50), RNG.normal(size=50), RNG.normal(size=50)]),
    feature_names=["age", HOSTILE, "bmi"],
)


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    where = tmp_path_factory.mktemp("force") / "force.html"
    save_html(where, force(SV))
    return where


def lines(page):
    return (
        page.locator("svg > g").first.locator("path").evaluate_all("nodes => nodes.map(node => node.getAttribute('d'))")
    )


def tip(page):
    return page.locator("[role=status]").inner_text().splitlines()


def test_one_row_is_shown_without_a_script(browser, tmp_path):
    where = tmp_path / "row.html"
    save_html(where, force(SV[0]))
    with watched(browser, where, java_script_enabled=False) as seen:
        box = seen.page.locator("svg").bounding_box()
        assert box["width"] > 600
        assert box["height"] > 80
        assert seen.page.locator("svg text", has_text="age").count() == 1


def test_the_script_draws_what_stood_there_before(browser, path):
    with watched(browser, path) as seen, watched(browser, path, java_script_enabled=False) as still:
        drawn = seen.page.locator("svg > g").first.evaluate(
            "g => [...g.querySelectorAll('path')].map(p => p.getAttribute('d'))"
        )
        stood = (
            still.page.locator("svg > g")
            .first.locator("path")
            .evaluate_all("nodes => nodes.map(n => n.getAttribute('d'))")
        )
        assert len(drawn) == len(stood)

        def numbers(paths):
            return np.array(
                [
                    float(x)
                    for d in paths
                    for x in d.replace("M", " ").replace("L", " ").replace("Z", " ").replace("H", " ").split()
                ]
            )

        # the base line is one stroke where it stood; all else agrees to the tenth that is written
        assert np.abs(numbers(drawn[:-1]) - numbers(stood[:-1])).max() <= 0.11


def test_the_pointer_shows_a_row(browser, path):
    order = np.argsort([row["simIndex"] for row in force(SV).data["explanations"]])
    with watched(browser, path) as seen:
        page = seen.page
        box = page.locator("svg").bounding_box()
        page.mouse.move(box["x"] + box["width"] * 62 / 1000 + 1, box["y"] + 100)
        first = tip(page)
        assert first[0] == f"Row {order[0]}"
        assert first[1].startswith("f(x) = ")
        strongest = int(np.argmax(np.abs(SV.values[order[0]])))
        assert SV.feature_names[strongest] in first[2]
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] + 80)
        assert page.locator("[role=status]").evaluate("node => node.style.visibility") == "hidden"


def test_the_keyboard_goes_from_row_to_row(browser, path):
    with watched(browser, path) as seen:
        page = seen.page
        page.select_option("select >> nth=0", label="in the order given")
        page.locator("svg").focus()
        page.keyboard.press("Home")
        assert tip(page)[0] == "Row 0"
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        assert tip(page)[0] == "Row 2"
        page.keyboard.press("End")
        assert tip(page)[0] == "Row 49"


def test_rows_can_be_ordered_by_any_feature(browser, path):
    with watched(browser, path) as seen:
        page = seen.page
        before = lines(page)
        page.select_option("select >> nth=0", label="by age")
        assert lines(page) != before
        page.locator("svg").focus()
        page.keyboard.press("Home")
        assert tip(page)[0] == f"Row {np.argmin(SV.data[:, 0])}"
        page.select_option("select >> nth=0", label="by f(x)")
        page.locator("svg").focus()
        page.keyboard.press("Home")
        assert tip(page)[0] == f"Row {np.argmax(SV.values.sum(axis=1))}"
        assert page.locator("img").count() == 0


def test_one_effect_can_be_looked_at(browser, path):
    with watched(browser, path) as seen:
        page = seen.page
        assert len(lines(page)) == 3 * 2 + 2
        page.select_option("select >> nth=1", label="effect of age")
        assert len(lines(page)) == 1 * 2 + 1


def test_two_plots_live_on_one_page(browser, tmp_path):
    where = tmp_path / "two.html"
    plot = force(SV)
    where.write_text(f"<meta charset=utf-8>{plot.html()}{plot.html()}", encoding="utf-8")
    with watched(browser, where) as seen:
        page = seen.page
        assert page.locator("select").count() == 4
        second = page.locator("svg >> nth=1").inner_html()
        page.select_option("select >> nth=0", label="by age")
        assert page.locator("svg >> nth=1").inner_html() == second


def test_dark_pages_have_light_texts(browser, path):
    with watched(browser, path, color_scheme="dark") as seen:
        colour = seen.page.locator("svg text").first.evaluate("node => getComputedStyle(node).fill")
        assert min(int(part) for part in colour.strip("rgb()").split(",")) > 150
