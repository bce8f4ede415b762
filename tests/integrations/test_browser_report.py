"""The report in a real browser: what a click, a key and a search do, and that nothing is fetched."""

import numpy as np
import pytest
from tests.browsing import chromium, watched

from ferroshap.explanation import Explanation
from ferroshap.export.report import report

pytest.importorskip("playwright.sync_api", reason="playwright is not installed: group `browser`")
pytestmark = pytest.mark.timeout(240)  # a browser takes its time to start on a busy machine

HOSTILE = "</script><img src=x onerror=alert(1)>'\"&\u2028"


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


def explanation(n_rows=60, n_outputs=None, seed=3):
    rng = np.random.default_rng(seed)
    data = np.empty((n_rows, 5), dtype=object)
    data[:, 0] = rng.normal(50, 10, n_rows).round(1)
    data[:, 1] = rng.normal(size=n_rows)
    data[:, 2] = rng.choice(["red", "green", "blue"], n_rows)
    data[:, 3] = np.where(rng.random(n_rows) < 0.2, np.nan, rng.normal(size=n_rows))
    data[:, 4] = rng.integers(0, 9, n_rows)
    scale = np.array([3.0, 2.0, 1.0, 0.5, 0.1])
    values = rng.normal(size=(n_rows, 5)) * scale
    values[:, 0] = (data[:, 0].astype(float) - 50) / 3 * np.where(data[:, 2] == "red", 1, -1)
    options = {"error_std": np.full(values.shape, 0.05), "interval_df": 20, "status": "BUDGET_SPENT"}
    axes = ("row", "feature")
    if n_outputs is not None:
        values = np.stack([values * (k + 1) for k in range(n_outputs)], axis=-1)
        options |= {"error_std": np.full(values.shape, 0.05), "output_names": ["cat", "dog", "bird"][:n_outputs]}
        axes = ("row", "feature", "output")
    names = ["age", "income", "colour", HOSTILE, "visits"]
    return Explanation(values, 1.5, data, feature_names=names, axes=axes, **options)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    where = tmp_path_factory.mktemp("report") / "report.html"
    report(explanation(), where, title=HOSTILE)
    return where


def chosen(page):
    return page.locator("#feats li[aria-selected=true] b").inner_text()


def visible(page):
    return page.locator("#seen").inner_text()


def test_hostile_names_are_shown_as_they_are_and_never_run(browser, path):
    with watched(browser, path) as seen:
        assert seen.page.title() == HOSTILE
        assert HOSTILE in seen.page.locator("#feats li b").all_text_contents()
        assert seen.page.locator("img").count() == 0


def test_a_click_on_a_bar_shows_the_effect_of_its_feature(browser, path):
    with watched(browser, path) as seen:
        page = seen.page
        assert chosen(page) == "age"
        before = page.locator("#dots").evaluate("canvas => canvas.toDataURL()")
        page.locator("#feats li", has_text="income").click()
        seen.settle()
        assert page.locator("#dep").inner_text() == "Effect of income"
        assert chosen(page) == "income"
        assert page.locator("#dots").evaluate("canvas => canvas.toDataURL()") != before
        assert "income" in page.locator("#live").inner_text()


def test_the_effect_is_coloured_by_what_the_feature_interacts_with(browser, path):
    with watched(browser, path) as seen:
        assert seen.page.locator("#colour option").first.inner_text() == "Automatic: colour"
        assert seen.page.locator("#key").inner_text().split() == ["blue", "green", "red"]
        seen.page.select_option("#colour", label="none")
        seen.settle()
        assert seen.page.locator("#key").inner_text() == ""


def test_a_search_filters_the_table_and_the_bars(browser, path):
    data = explanation().data
    with watched(browser, path) as seen:
        page = seen.page
        assert visible(page) == "All 60 rows in view"
        for query, wanted in (
            ("red", data[:, 2] == "red"),
            ("age > 50", data[:, 0].astype(float) > 50),
            ("colour = blue age<=50", (data[:, 2] == "blue") & (data[:, 0].astype(float) <= 50)),
        ):
            page.fill("#search", query)
            page.wait_for_function(f"() => document.getElementById('seen').textContent.startsWith('{wanted.sum()} ')")
            assert page.locator("#rows").get_attribute("aria-rowcount") == str(wanted.sum() + 1)
        first = page.locator("#body .r span").first.inner_text()
        assert int(first) == np.flatnonzero(wanted)[0]
        page.fill("#search", "nothing like this")
        page.wait_for_function("() => document.getElementById('seen').textContent.startsWith('0 ')")
        assert "No row is in view" in page.locator("#body").inner_text()
        page.locator("#clear").click()
        seen.settle()
        assert visible(page) == "All 60 rows in view"


def test_rows_are_sorted_by_any_column(browser, path):
    sv = explanation()
    outputs = sv.values.sum(axis=1) + 1.5
    with watched(browser, path) as seen:
        page = seen.page

        def shown():
            return [int(text) for text in page.locator("#body .r span:first-child").all_inner_texts()]

        page.locator("#table .hd button", has_text="f(x)").click()
        seen.settle()
        rows = shown()
        assert rows == np.argsort(-outputs, kind="stable")[: len(rows)].tolist()
        page.locator("#turn").click()
        seen.settle()
        assert shown() == np.argsort(outputs, kind="stable")[: len(rows)].tolist()
        assert page.locator("#table [role=columnheader]").nth(1).get_attribute("aria-sort") == "ascending"
        page.select_option("#by", label=HOSTILE)
        seen.settle()
        missing = np.isnan(sv.data[:, 3].astype(float))
        assert not missing[shown()].any()  # missing ones come last, whichever way round


def test_only_the_rows_on_the_screen_are_made(browser, tmp_path):
    path = tmp_path / "long.html"
    report(explanation(3_000), path)
    with watched(browser, path) as seen:
        assert seen.page.locator("#body .r").count() < 40
        seen.page.locator("#rows").evaluate("grid => { grid.scrollTop = grid.scrollHeight; }")
        seen.page.wait_for_function("() => document.querySelector('#body .r:last-child span').textContent === '2999'")
        assert seen.page.locator("#body .r").count() < 40


def test_a_click_on_a_row_shows_its_waterfall_with_whiskers(browser, path):
    sv = explanation()
    with watched(browser, path) as seen:
        page = seen.page
        page.locator("#body .r").nth(4).click()
        seen.settle()
        assert page.locator("#rowname").inner_text() == "Row 4"
        said = page.locator("#fall svg").get_attribute("aria-label")
        strongest = int(np.argmax(np.abs(sv.values[4])))
        assert sv.feature_names[strongest] in said
        assert "plus or minus" in said
        assert f"{abs(sv.values[4, strongest]):.4g}" in said
        page.locator("#next").click()
        seen.settle()
        assert page.locator("#rowname").inner_text() == "Row 5"


def test_a_brush_over_the_swarm_keeps_the_rows_in_its_range(browser, path):
    values = explanation().values
    with watched(browser, path) as seen:
        page = seen.page
        box = page.locator("#rings").bounding_box()
        middle = box["y"] + 14
        page.mouse.move(box["x"] + box["width"] / 2, middle)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] - 2, middle, steps=5)
        seen.settle()
        page.mouse.up()
        seen.settle()
        low, high = float(page.input_value("#low")), float(page.input_value("#high"))
        kept = int(visible(page).split()[0])
        inside = (values[:, 0] >= low) & (values[:, 0] <= high)
        assert 0 < kept < 60
        assert abs(kept - inside.sum()) <= 1  # the ends are shown to four digits
        page.keyboard.press("Escape")
        seen.settle()
        assert visible(page) == "All 60 rows in view"
        page.fill("#low", "0")
        page.locator("#low").blur()
        seen.settle()
        assert int(visible(page).split()[0]) == (values[:, 0] >= 0).sum()


def test_groups_share_the_rows_among_them(browser, path):
    with watched(browser, path) as seen:
        page = seen.page
        page.select_option("#split", label="colour")
        seen.settle()
        chips = page.locator("#chips button")
        assert [text.split(" · ")[0] for text in chips.all_inner_texts()] == [
            "colour = blue",
            "colour = green",
            "colour = red",
        ]
        assert sum(int(text.split(" · ")[1]) for text in chips.all_inner_texts()) == 60
        assert page.locator("#feats li").first.locator("i").count() == 3
        chips.nth(2).click()
        seen.settle()
        assert visible(page).startswith(f"{(explanation().data[:, 2] == 'red').sum()} rows of 60")
        page.select_option("#split", "auto")
        seen.settle()
        assert visible(page) == "All 60 rows in view"
        assert page.locator("#chips button").count() >= 2


def test_outputs_can_be_chosen(browser, tmp_path):
    path = tmp_path / "outputs.html"
    sv = explanation(n_outputs=3)
    report(sv, path)
    with watched(browser, path) as seen:
        page = seen.page
        page.locator("#body .r").nth(2).click()
        for k, name in enumerate(["cat", "dog", "bird"]):
            page.select_option("#output", label=name)
            seen.settle()
            said = page.locator("#fall svg").get_attribute("aria-label")
            assert f"to {name} {sv.values[2, :, k].sum() + 1.5:.4g}".replace("-", "\N{MINUS SIGN}") in said
            bar = page.locator("#feats li").first.locator("em").inner_text()
            assert bar.startswith(f"{np.abs(sv.values[:, :, k]).mean(axis=0).max():.4g}")


def test_the_keyboard_alone_is_enough(browser, path):
    with watched(browser, path) as seen:
        page = seen.page

        def focused():
            return page.evaluate("() => document.activeElement.id || document.activeElement.textContent.slice(0, 20)")

        order = []
        for _ in range(40):
            page.keyboard.press("Tab")
            order.append(focused())
            if order[-1] == "rows":
                break
        assert [name for name in order if name in {"split", "search", "feats", "low", "feature", "next", "rows"}] == [
            "split",
            "search",
            "feats",
            "low",
            "feature",
            "next",
            "rows",
        ]
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        seen.settle()
        assert page.locator("#rowname").inner_text() == "Row 2"
        active = page.locator("#rows").get_attribute("aria-activedescendant")
        assert page.locator(f"#{active}").get_attribute("aria-selected") == "true"
        page.keyboard.press("End")
        seen.settle()
        assert page.locator("#rowname").inner_text() == "Row 59"
        page.locator("#feats").focus()
        page.keyboard.press("ArrowDown")
        seen.settle()
        assert chosen(page) == "income"
        active = page.locator("#feats").get_attribute("aria-activedescendant")
        assert page.locator(f"#{active} b").inner_text() == "income"


def test_pictures_say_in_words_what_they_show(browser, path):
    with watched(browser, path) as seen:
        for name in ("#rings", "#over2", "#fall svg"):
            assert len(seen.page.locator(name).get_attribute("aria-label")) > 60
        named = seen.page.evaluate(
            "() => [...document.querySelectorAll('button, select, input')].filter(e => !e.closest('[hidden]'))"
            ".every(e => e.textContent.trim() || e.getAttribute('aria-label') || e.labels && e.labels.length)"
        )
        assert named


def test_dark_pages_have_dark_pictures(browser, path):
    means = {}
    for scheme in ("light", "dark"):
        with watched(browser, path, color_scheme=scheme) as seen:
            means[scheme] = seen.page.evaluate(
                "() => { const c = document.getElementById('dots'), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
                " let s = 0; for (let i = 0; i < d.length; i += 4) s += d[i] + d[i + 1] + d[i + 2]; return s / d.length / 0.75; }"
            )
    assert means["light"] > 200
    assert means["dark"] < 80


def test_a_narrow_page_needs_no_scrolling_to_the_side(browser, path):
    with watched(browser, path, viewport={"width": 400, "height": 800}) as seen:
        assert seen.page.evaluate("() => document.documentElement.scrollWidth") <= 400


def test_print_leaves_the_controls_out(browser, path):
    with watched(browser, path) as seen:
        seen.page.emulate_media(media="print")
        assert not seen.page.locator("#search").is_visible()
        assert seen.page.locator("#fall svg").is_visible()


def test_without_scripts_the_bars_are_there(browser, path):
    with watched(browser, path, java_script_enabled=False) as seen:
        assert seen.page.locator("#feats li").count() == 5
        assert seen.page.locator("#feats li b").first.inner_text() == "age"
        assert not seen.page.locator("#table").is_visible()


def test_one_row_without_data_is_a_report_too(browser, tmp_path):
    path = tmp_path / "one.html"
    report(Explanation([1.0, -2.0, np.nan], 0.5, feature_names=["a", "b", "c"]), path)
    with watched(browser, path) as seen:
        assert seen.page.locator("#fall svg").get_attribute("aria-label").startswith("Waterfall of row 0")
        assert not seen.page.locator("#splits").is_visible()
