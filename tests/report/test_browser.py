# SPDX-License-Identifier: Apache-2.0
"""The page in a real browser: it works, it is quiet, and it runs nothing foreign."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.report.html import write_html
from conformance.report.laboratory import Laboratory
from tests.peers import require
from tests.report.samples import explain, finished, hostile, measured

sync_api = pytest.importorskip("playwright.sync_api")


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    program = require("chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(program))
        yield browser
        browser.close()


class Visit:
    """One page with everything it did."""

    def __init__(self, browser: sync_api.Browser, path: Path) -> None:
        self.page = browser.new_page()
        self.trouble: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda m: self.trouble.append(m.text))
        self.page.on("pageerror", lambda e: self.trouble.append(str(e)))
        self.page.on("dialog", self._dialog)
        self.page.on("request", lambda r: self.requests.append(r.url))
        self.page.goto(path.as_uri())
        self.address = path.as_uri()

    def _dialog(self, dialog: sync_api.Dialog) -> None:
        self.trouble.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def shown(self) -> list[str]:
        """Return the requirements whose rows can be seen."""
        rows = self.page.locator("tr.row:visible .name")
        return [str(name) for name in rows.all_inner_texts()]

    def leave(self) -> None:
        self.page.close()
        assert self.trouble == []
        assert self.requests == [self.address]


@pytest.fixture
def visit(browser: sync_api.Browser, tmp_path: Path) -> Iterator[Visit]:
    path = tmp_path / "report.html"
    write_html(finished(), path, explain=explain, language="zh")
    visit = Visit(browser, path)
    yield visit
    visit.leave()


def test_language_switches_without_reload(visit: Visit) -> None:
    page = visit.page
    zh = page.get_by_text("期望", exact=True).first
    assert zh.is_visible()
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    page.get_by_role("button", name="English").click()
    assert not zh.is_visible()
    assert page.get_by_text("Expected", exact=True).first.is_visible()
    assert page.locator("html").get_attribute("lang") == "en"
    page.get_by_role("button", name="中文").click()
    assert zh.is_visible()


def test_filter_by_verdict_and_words(visit: Visit) -> None:
    page = visit.page
    assert len(visit.shown()) == 7
    page.get_by_role("button", name="不符合").click()
    assert visit.shown() == ["SWS-FRAME-002"]
    assert page.locator("#matches").inner_text() == "显示 1 / 7 条"
    page.get_by_role("button", name="告警").click()
    assert visit.shown() == ["SWS-FRAME-002", "SWS-DATA-003"]
    page.get_by_label("查找").fill("damaged 9014")
    assert visit.shown() == ["SWS-FRAME-002"]
    page.get_by_label("查找").fill("nothing has this")
    assert visit.shown() == []
    page.get_by_label("查找").fill("")
    page.get_by_role("button", name="不符合").click()
    page.get_by_role("button", name="告警").click()
    assert len(visit.shown()) == 7


def test_a_blocking_link_leads_to_its_row_through_the_filter(visit: Visit) -> None:
    page = visit.page
    page.get_by_label("查找").fill("nothing has this")
    page.get_by_role("link", name="SWS-FRAME-002").click()
    page.locator("#r-SWS-FRAME-002").wait_for(state="visible")
    assert len(visit.shown()) == 7


def test_panels_of_what_went_wrong_are_open(visit: Visit) -> None:
    page = visit.page
    opened = page.locator("tr.detail > td > details[open]")
    assert opened.count() == 4
    page.get_by_role("button", name="全部折叠").click()
    assert opened.count() == 0
    page.get_by_role("button", name="全部展开").click()
    assert opened.count() == page.locator("tr.detail > td > details").count() == 5


def test_what_is_folded_is_printed(visit: Visit) -> None:
    page = visit.page
    page.get_by_role("button", name="全部折叠").click()
    actual = page.get_by_text("平台以 9014 应答了校验错误的通讯包").first
    assert not actual.is_visible()
    page.emulate_media(media="print")
    assert actual.is_visible()
    assert not page.get_by_role("button", name="English").is_visible()


def test_it_prints_on_a4_with_number_and_page_on_each(
    browser: sync_api.Browser, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    form = {"report_number": "WT-2026-0147", "laboratory": {"name": "Centre"}}
    write_html(finished(), path, language="en", laboratory=Laboratory(form))
    visit = Visit(browser, path)
    pdf = visit.page.pdf(prefer_css_page_size=True, print_background=True)
    visit.page.get_by_role("button", name="中文").click()
    other = visit.page.pdf(prefer_css_page_size=True, print_background=True)
    visit.leave()
    boxes = re.findall(rb"/MediaBox \[([\d. ]+)\]", pdf)
    assert len(boxes) >= 2
    for box in boxes:
        assert [round(float(n)) for n in box.split()] == [0, 0, 595, 842]
    program = shutil.which("pdftotext")
    if program is None:
        pytest.skip("the words of the pages need pdftotext")
    pages = words_of(program, pdf)
    assert len(pages) == len(boxes)
    for number, page in enumerate(pages, 1):
        assert "WT-2026-0147" in page
        assert "Centre" in page
        assert f"Page {number} of {len(pages)}" in page
    assert "End of report WT-2026-0147" in pages[-1]
    for number, page in enumerate(words_of(program, other), 1):
        assert f"第 {number} 页" in page
        assert "Page" not in page


def words_of(program: str, pdf: bytes) -> list[str]:
    """Return the text of each page."""
    done = subprocess.run(
        [program, "-layout", "-", "-"], input=pdf, capture_output=True, check=True
    )
    return done.stdout.decode().rstrip("\f").split("\f")


def test_pictures_are_seen_without_script(
    browser: sync_api.Browser, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    write_html(measured(), path, explain=explain, language="zh")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    figures = page.locator("figure svg")
    assert figures.count() == 4
    for n in range(4):
        box = figures.nth(n).bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) > 20
    assert page.locator(".sequence svg").is_visible()
    assert page.locator("figure .beyond").count() == 1
    words = page.locator("figure svg text:visible").all_text_contents()
    assert "connections (1)" not in words
    assert "连接（1）" in words
    context.close()


def test_nothing_is_wider_than_a_phone(visit: Visit) -> None:
    visit.page.set_viewport_size({"width": 380, "height": 800})
    width = visit.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 380


def test_a_hostile_device_runs_nothing(
    browser: sync_api.Browser, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    write_html(hostile(), path, explain=explain, language="en")
    visit = Visit(browser, path)
    assert (
        visit.page.get_by_role("heading", level=1).inner_text().startswith("<script>")
    )
    assert visit.page.locator("script").count() == 1
    visit.page.get_by_role("button", name="中文").click()
    visit.leave()


def test_the_policy_stops_what_gets_in(
    browser: sync_api.Browser, tmp_path: Path
) -> None:
    """The second lock holds even if the first, escaping, should ever be open."""
    path = tmp_path / "report.html"
    write_html(finished(), path, language="en")
    inside = "<script>alert(1)</script><img src='x.png' onerror='alert(2)'>"
    path.write_text(path.read_text("utf-8").replace("</main>", f"{inside}</main>"))
    visit = Visit(browser, path)
    assert visit.trouble
    assert all("Content Security Policy" in line for line in visit.trouble)
    visit.page.close()
