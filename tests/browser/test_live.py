"""The Live tab in a real Chromium, whose camera is a file that shows a cat."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image

from tests.browser.conftest import PHONE, SECONDS
from tests.running import running_app

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROUTE = "**/api/classify"

# Two cameras of a phone; each is a canvas, red on its left side and blue on its right side.
PHONE_CAMERAS = """() => {
    navigator.mediaDevices.enumerateDevices = async () =>
        ['user', 'environment'].map((id) => ({kind: 'videoinput', deviceId: id, label: id, groupId: ''}));
    navigator.mediaDevices.getUserMedia = async (wish) => {
        const canvas = document.createElement('canvas');
        [canvas.width, canvas.height] = [320, 240];
        const context = canvas.getContext('2d');
        const draw = () => {
            context.fillStyle = 'red'; context.fillRect(0, 0, 160, 240);
            context.fillStyle = 'blue'; context.fillRect(160, 0, 160, 240);
        };
        draw(); setInterval(draw, 30);
        const stream = canvas.captureStream(30);
        const track = stream.getVideoTracks()[0];
        const facingMode = wish.video.facingMode.ideal;
        track.getSettings = () => ({facingMode, deviceId: facingMode});
        window.camera = track;
        return stream;
    };
}"""


@pytest.fixture
def live(page):
    page.get_by_role("tab", name="Live").click()
    return page


def start(page) -> None:
    page.locator("#live").get_by_role("button", name="Start").click()


def wait_for_bars(page) -> None:
    page.locator("#live").get_by_role("meter").first.wait_for(timeout=30 * SECONDS)


def message(page, text: str) -> None:
    page.locator("#live [role=status]").filter(has_text=text).wait_for(timeout=20 * SECONDS)


def tracks(page) -> int:
    """Cameras that the page holds open."""
    return page.evaluate("(document.querySelector('#live video').srcObject?.getTracks() ?? []).length")


def test_the_camera_is_answered_again_and_again(live):
    answers = []
    live.on("response", lambda response: answers.append(response.status) if "/api/classify" in response.url else None)
    start(live)
    live.locator("#live .best").filter(has_text="Cat").wait_for(timeout=30 * SECONDS)
    live.wait_for_function("parseFloat(document.querySelector('#live .figures').textContent) > 0")
    while len(answers) < 5:
        live.wait_for_timeout(50)
    meters = live.locator("#live").get_by_role("meter")
    values = {meter.get_attribute("aria-label"): int(meter.get_attribute("aria-valuenow")) for meter in meters.all()}
    assert set(values) == {"Cat", "Dog", "neither"}
    assert values["Cat"] > 50
    assert set(answers) == {200}


def test_a_slow_server_makes_frames_be_skipped_never_queued(live):
    under_way, most, sent = 0, 0, 0

    def arrives(request) -> None:
        nonlocal under_way, most, sent
        if "/api/classify" in request.url:
            under_way, sent = under_way + 1, sent + 1
            most = max(most, under_way)

    def leaves(request) -> None:
        nonlocal under_way
        under_way -= "/api/classify" in request.url

    live.on("request", arrives)
    live.on("requestfinished", leaves)
    live.on("requestfailed", leaves)
    live.evaluate("""() => {
        const quick = window.fetch;
        window.fetch = async (...asked) => { const answer = await quick(...asked);
            if (String(asked[0]).includes('/api/classify')) await new Promise(done => setTimeout(done, 400));
            return answer; };
    }""")
    start(live)
    wait_for_bars(live)
    live.wait_for_timeout(4 * SECONDS)
    assert most == 1
    assert 2 <= sent <= 12  # the camera gave some hundred frames


def test_the_front_camera_is_a_mirror_and_the_frame_sent_is_not(live):
    live.evaluate(PHONE_CAMERAS)
    frames = []
    live.route(ROUTE, lambda route: (frames.append(route.request.post_data_buffer), route.continue_()))
    start(live)
    wait_for_bars(live)
    video = live.locator("#live video")
    assert "matrix(-1," in video.evaluate("element => getComputedStyle(element).transform")
    live.locator("#live").get_by_role("button", name="Other camera").click()
    live.wait_for_function("document.querySelector('#live video').srcObject?.getVideoTracks()[0] === window.camera")
    live.wait_for_function("getComputedStyle(document.querySelector('#live video')).transform === 'none'")
    assert live.evaluate("window.camera.getSettings().facingMode") == "environment"
    before = len(frames)
    while len(frames) < before + 3:
        live.wait_for_timeout(50)
    for frame in (frames[0], frames[-1]):
        pixels = np.asarray(Image.open(io.BytesIO(frame)).convert("RGB"))
        red, blue = pixels[:, : pixels.shape[1] // 4].mean((0, 1)), pixels[:, -pixels.shape[1] // 4 :].mean((0, 1))
        assert red[0] > 200 > 60 > red[2]
        assert blue[2] > 200 > 60 > blue[0]


def test_leaving_the_tab_stops_the_camera(live):
    start(live)
    wait_for_bars(live)
    live.evaluate("window.track = document.querySelector('#live video').srcObject.getTracks()[0]")
    live.get_by_role("tab", name="Classify").click()
    live.wait_for_function("window.track.readyState === 'ended'")
    live.get_by_role("tab", name="Live").click()
    message(live, "The camera was stopped")
    assert tracks(live) == 0
    start(live)
    live.wait_for_function("document.querySelector('#live video').srcObject !== null")


def test_hiding_the_page_stops_the_camera(live):
    start(live)
    wait_for_bars(live)
    live.evaluate("""() => {
        Object.defineProperty(document, 'hidden', {value: true, configurable: true});
        document.dispatchEvent(new Event('visibilitychange'));
    }""")
    message(live, "The camera was stopped")
    assert tracks(live) == 0


def test_stop_stops(live):
    start(live)
    wait_for_bars(live)
    live.locator("#live").get_by_role("button", name="Stop").click()
    assert tracks(live) == 0
    sent = []
    live.on("request", lambda request: sent.append(request.url))
    live.wait_for_timeout(600)
    assert sent == []


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [("NotAllowedError", "may not be used"), ("NotFoundError", "No camera was found"), ("NotReadableError", "in use")],
)
def test_a_camera_that_does_not_open_is_explained(live, problem, sentence):
    live.evaluate(
        "name => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', name); }; }", problem
    )
    start(live)
    message(live, sentence)
    assert live.locator("#live").get_by_role("button", name="Start").is_enabled()


def test_a_page_that_is_not_secure_is_explained(live):
    live.evaluate("Object.defineProperty(window, 'isSecureContext', {value: false})")
    start(live)
    message(live, "https://")


def test_a_busy_server_is_named_and_asked_again(live):
    busy = '{"error": "Too many photos are waiting for an answer."}'
    live.route(ROUTE, lambda route: route.fulfill(status=503, body=busy, content_type="application/json"))
    start(live)
    message(live, "Too many photos are waiting")
    live.unroute(ROUTE)
    wait_for_bars(live)


def test_the_page_speaks_german(browser, app):
    context = browser.new_context(locale="de-DE", permissions=["camera"])
    page = context.new_page()
    page.goto(app.url)
    page.get_by_role("tab", name="Live").click()
    button = page.locator("#live").get_by_role("button", name="Andere Kamera", include_hidden=True)
    button.wait_for(state="attached", timeout=20 * SECONDS)
    assert page.get_by_text(re.compile("mehrmals in der Sekunde")).is_visible()
    context.close()


def test_below_a_path_of_a_proxy_the_same_path_is_asked(browser):
    with running_app({"GRADIO_ROOT_PATH": "/pets"}) as app:
        context = browser.new_context(permissions=["camera"])
        page = context.new_page()
        page.route(f"{app.url}/pets/**", lambda route: route.continue_(url=route.request.url.replace("/pets/", "/", 1)))
        page.goto(f"{app.url}/pets/")
        page.get_by_role("tab", name="Live").click()
        with page.expect_request("**/pets/api/classify", timeout=30 * SECONDS):
            start(page)
        wait_for_bars(page)
        context.close()


@pytest.mark.parametrize("page", [PHONE], indirect=True, ids=["phone"])
def test_a_phone_shows_everything_without_scrolling_sideways(live):
    start(live)
    wait_for_bars(live)
    assert live.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
