"""What a browser is told at once: the page's start, as the server sends it."""

from __future__ import annotations

import json
import re

import brotli
import httpx
import pytest

from ui import first_screen
from ui.first_screen import in_one_language, with_first_screen
from ui.preview import with_preview
from ui.texts import TEXTS, say

LIGHT = 120_000  # bytes of the page itself, compressed; uncompressed it has half a million
PAGE = (
    '<html><head>\n<meta charset="utf-8" /><base href="./" />'
    '<meta property="og:title" content="Gradio" /><meta\n name="twitter:image"\n content="logo"\n/>'
    '<script>window.gradio_config = {"theme_hash":"12ab"};const root = "https://page.test/at";</script>'
    '<link rel="stylesheet" crossorigin href="./assets/%s"></head><body></body></html>'
)


def tags(html: str) -> dict[str, str]:
    """Name → content of every <meta> that has both, none twice."""
    found = re.findall(r'<meta (?:name|property)="([^"]+)"\s+content="([^"]*)"', html)
    assert len(found) == len(dict(found))
    return dict(found)


@pytest.fixture(scope="module")
def page(app):
    """The page as its server sends it, by language."""
    return {language: httpx.get(app.url, headers={"Accept-Language": language}).text for language in ("en", "de", "it")}


def test_the_page_is_light(app):
    with httpx.stream("GET", app.url, headers={"Accept-Encoding": "br"}) as response:
        sent = b"".join(response.iter_raw())
    assert response.headers["content-encoding"] == "br"
    assert len(sent) < LIGHT
    assert brotli.decompress(sent).decode().rstrip().endswith("</html>")


def test_the_page_speaks_one_language(page):
    for language, written in (("en", "en"), ("de", "de"), ("it", "en")):
        config = json.JSONDecoder().raw_decode(page[language].partition("window.gradio_config = ")[2])[0]
        assert list(config["i18n_translations"]) == [written]
        texts = config["i18n_translations"][written]
        assert texts["live.tab"] == TEXTS[written]["live.tab"]
        parts = [part["props"].get("props", {}).get("texts") for part in config["components"]]
        assert {tuple(texts) for texts in parts if texts} == {(written,)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a":{"de":{"x":"}{"},"en":{"x":"1,2"}},"b":1}', '{"a":{"de":{"x":"}{"}},"b":1}'),
        ('{"a":{"en":{"de":{}},"de":{"y":[{}]}},"c":{"de":{},"en":{}}}', '{"a":{"de":{"y":[{}]}},"c":{"de":{}}}'),
        ('{"a":{"de":{},"fr":{}}}', '{"a":{"de":{},"fr":{}}}'),  # other languages: not ours
        ('{"a":{"de":{}}}', '{"a":{"de":{}}}'),
        ('{"a":"{\\"de\\":{\\"x\\":1},\\"en\\":{}}"}', '{"a":"{\\"de\\":{\\"x\\":1},\\"en\\":{}}"}'),
        ("", ""),
    ],
)
def test_of_texts_in_all_languages_one_is_kept(text, expected):
    assert in_one_language(text, "de", ("de", "en")) == expected


def test_a_broken_page_is_left_as_it_is():
    assert in_one_language('{"a":{"de":{"x":', "de", ("de", "en")) == '{"a":{"de":{"x":'


def test_the_files_of_the_first_tab_are_named_at_once(page):
    html = page["en"]
    before = html[: html.index("gradio_config")]
    for name in first_screen._SCRIPTS:
        assert before.count(f'<link rel="modulepreload" href="./assets/{name}">') == 1
    for name in first_screen._STYLES:
        assert html.count(f"/assets/{name}") == 1
        assert f'href="./assets/{name}" disabled>' in before
    assert len(first_screen._SCRIPTS) > 20
    assert len(first_screen._STYLES) > 15


def test_the_styles_are_one_file_that_browsers_keep(app, page):
    path = re.search(r'<link rel="stylesheet" href="\.(/assets/first-screen-\w+\.css)">', page["en"])
    response = httpx.get(app.url + path[1])
    assert response.text == first_screen._SHEET
    assert "immutable" in response.headers["cache-control"]
    assert response.headers["content-type"].startswith("text/css")
    assert not re.search(r"url\((?![\"']?(data:|#))", response.text)


def test_with_another_gradio_the_page_stays_as_it_is(monkeypatch):
    for name in ("_FILES", "_SCRIPTS", "_STYLES"):
        monkeypatch.setattr(first_screen, name, [])
    assert with_first_screen(PAGE % "index-other.css") == PAGE % "index-other.css"


def test_a_style_sheet_that_is_not_in_the_file_stays():
    html = with_first_screen(PAGE % "index-other.css")
    assert '<link rel="stylesheet" crossorigin href="./assets/index-other.css">' in html
    assert '<link rel="preload" as="style" href="./theme.css?v=12ab">' in html
    mine = first_screen._STYLES[0]
    assert "crossorigin" not in with_first_screen(PAGE % mine)
    assert with_first_screen("<p>no page</p>") == "<p>no page</p>"


def test_links_to_the_page_show_our_title_and_picture(app):
    url = "https://name-space.hf.space"
    headers = {"X-Forwarded-Host": "name-space.hf.space", "X-Forwarded-Proto": "https", "Accept-Language": "de"}
    html = httpx.get(app.url, headers=headers).text
    found = tags(html)
    assert found["og:title"] == "Katze oder Hund?"
    assert found["og:description"] == found["description"] == say("preview.description", "de")
    assert (found["og:url"], found["og:image"]) == (f"{url}/", f"{url}/preview.jpg")
    assert found["twitter:card"] == "summary_large_image"
    assert "radio" not in "".join(found.values())
    assert html.index("og:image") < 3000  # some read no further


def test_the_picture_of_a_link_has_the_size_that_is_told(app):
    from io import BytesIO

    from PIL import Image

    response = httpx.get(f"{app.url}/preview.jpg")
    assert response.headers["content-type"] == "image/jpeg"
    assert Image.open(BytesIO(response.content)).size == (1200, 630)
    assert len(response.content) < 300_000  # some leave out what is larger


def test_titles_and_addresses_are_text_in_a_preview():
    html = with_preview(PAGE % "index-other.css", '<"Cat">&', "en")
    assert tags(html)["og:title"] == "&lt;&quot;Cat&quot;&gt;&amp;"
    assert tags(html)["og:image"] == "https://page.test/at/preview.jpg"
    assert "<title>&lt;" in html
