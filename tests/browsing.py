"""A headless Chromium for tests of pages: the system's own, driven by playwright; skips where one of them is absent."""

import os
import shutil
from contextlib import contextmanager

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


@contextmanager
def chromium():
    """A browser that is closed at the end."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: group `browser`")
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"no browser is installed: none of {', '.join(NAMES)} is on the path")
    # The sandbox of the browser does not start under root, as in containers; the pages are our own.
    options = ["--disable-gpu", "--no-sandbox"] if os.geteuid() == 0 else ["--disable-gpu"]
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=options)
        try:
            yield browser
        finally:
            browser.close()


class Watched:
    """A page, and what it said, asked for and failed at."""

    def __init__(self, browser, path, **options):
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
        self.page = self.context.new_page()
        self.messages, self.requests = [], []
        self.page.on("console", lambda message: self.messages.append(message.text))
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())

    def settle(self):
        """Wait until what was asked for has been drawn: two frames."""
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def check(self):
        """Nothing was said on the console, nothing but the file itself was asked for."""
        assert not self.messages, self.messages
        assert len(self.requests) == 1, self.requests
        assert self.requests[0].startswith("file:")


@contextmanager
def watched(browser, path, **options):
    """Open a file; at the end the page must have been quiet."""
    seen = Watched(browser, path, **options)
    try:
        yield seen
        seen.check()
    finally:
        seen.context.close()
