"""The Live tab in a real Chromium, whose camera is a file that shows a cat."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image

from tests.browser.conftest import PHONE, SECONDS, open_tab
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
    open_tab(page, "Live")
    page.locator("#live").get_by_role("button", name="Start").wait_for()
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
    message(live, "The server is busy; trying again.")
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


# A camera that shows the colour it is given, or what `window.shown` says later.
DRAWING = """colour => {
        window.shown = colour;
        navigator.mediaDevices.getUserMedia = async () => {
            const canvas = document.createElement('canvas');
            [canvas.width, canvas.height] = [320, 240];
            const context = canvas.getContext('2d');
            setInterval(() => { context.fillStyle = window.shown; context.fillRect(0, 0, 320, 240); }, 20);
            return canvas.captureStream(50);
        };
    }"""


def button(page, name: str):
    return page.locator("#live").get_by_role("button", name=name, exact=True)


def frozen(page) -> None:
    button(page, "Freeze").click()
    page.locator("#live .spoken").filter(has_text="%").wait_for(state="attached", timeout=20 * SECONDS)


HEAT = """() => {
    const heat = document.querySelector('#live [data-part=heat]');
    const { width, height } = heat;
    return Boolean(width && height) && heat.getContext('2d').getImageData(0, 0, width, height).data.some(Boolean);
}"""
STILL = "() => [...document.querySelector('#live [data-part=still]').getContext('2d').getImageData(160, 120, 1, 1).data]"


@pytest.mark.parametrize("page", [{"width": 1200, "height": 900}, PHONE], indirect=True, ids=["desktop", "phone"])
def test_a_frozen_picture_has_its_answer_and_its_heat_map(live):
    start(live)
    wait_for_bars(live)
    sent = []
    live.on("request", lambda request: sent.append(request) if "/api/" in request.url else None)
    frozen(live)
    assert [request.url.rpartition("/")[2] for request in sent if "explain" in request.url] == ["explain"]
    assert live.locator("#live .best").inner_text() == "Cat"
    live.wait_for_function(HEAT)
    count = len(sent)
    live.wait_for_timeout(500)
    assert len(sent) == count  # nothing more is asked
    assert live.locator("#live [data-part=still]").is_visible()
    assert not live.locator("#live video").is_visible()
    assert live.evaluate("document.documentElement.scrollWidth") <= live.viewport_size["width"]
    live.locator("#live").get_by_role("checkbox").uncheck()
    assert not live.evaluate(HEAT)
    button(live, "Go on").click()
    wait_for_bars(live)
    assert live.locator("#live video").is_visible()
    assert not live.locator("#live [data-part=still]").is_visible()


def test_the_picture_that_is_explained_is_the_one_that_stands_still(live):
    live.evaluate(DRAWING, "red")
    explained = []
    live.route("**/api/explain", lambda route: (explained.append(route.request.post_data_buffer), route.continue_()))
    start(live)
    wait_for_bars(live)
    frozen(live)
    live.evaluate("window.shown = 'blue'")
    live.wait_for_timeout(300)
    (photo,) = explained
    image = Image.open(io.BytesIO(photo)).convert("RGB")
    assert image.size == (320, 240)
    red, _, blue = image.getpixel((160, 120))
    assert red > 200 > 60 > blue
    assert live.evaluate(STILL)[0] > 200 > 60 > live.evaluate(STILL)[2]


def answering_by_colour(route) -> None:
    """Red is Cat, blue is Dog; what is sent to be explained comes late."""
    red, _, blue = Image.open(io.BytesIO(route.request.post_data_buffer)).convert("RGB").getpixel((100, 100))
    scores = [("Cat", 0.9), ("Dog", 0.1)] if red > blue else [("Dog", 0.9), ("Cat", 0.1)]
    document = [{"label": label, "score": score} for label, score in [*scores, ("neither", 0.0)]]
    if "explain" in route.request.url:
        route.fulfill(json={"scores": document, "heat": [[0, 1], [0, 0]], "box": [0, 0, 1, 1]})
    else:
        route.fulfill(json=document)


def test_no_answer_stands_beside_another_picture(live):
    live.evaluate(DRAWING, "red")
    live.route("**/api/*", answering_by_colour)
    start(live)
    live.locator("#live .best").filter(has_text="Cat").wait_for()
    live.evaluate("""() => { const quick = window.fetch;
        window.fetch = async (...asked) => { const answer = await quick(...asked);
            await new Promise(done => setTimeout(done, window.late ?? 0)); return answer; }; }""")
    live.evaluate("window.late = 1000")  # the answers to frames that are under way come after the freezing
    live.wait_for_timeout(300)
    live.evaluate("window.shown = 'blue'")
    live.wait_for_timeout(200)
    button(live, "Freeze").click()
    assert live.locator("#live .best").inner_text() == ""
    assert live.locator("#live").get_by_role("meter").count() == 0
    live.locator("#live .best").filter(has_text="Dog").wait_for(timeout=10 * SECONDS)
    live.evaluate("window.shown = 'red'")
    live.wait_for_timeout(200)
    button(live, "Go on").click()
    assert live.locator("#live .best").inner_text() == ""
    assert not live.evaluate(HEAT)
    live.locator("#live .best").filter(has_text="Cat").wait_for(timeout=10 * SECONDS)
    button(live, "Stop").click()
    assert live.locator("#live .best").inner_text() == ""
    live.wait_for_timeout(1200)
    assert live.locator("#live").get_by_role("meter").count() == 0


def test_a_frozen_picture_stays_when_the_tab_is_left_and_goes_with_the_next_start(live):
    start(live)
    wait_for_bars(live)
    frozen(live)
    open_tab(live, "Album")
    open_tab(live, "Live")
    message(live, "The camera was stopped")
    assert live.locator("#live [data-part=still]").is_visible()
    assert live.locator("#live .best").inner_text() == "Cat"
    start(live)
    live.locator("#live video").wait_for()
    assert not live.locator("#live [data-part=still]").is_visible()


def test_a_frozen_picture_goes_to_classify(live):
    start(live)
    wait_for_bars(live)
    frozen(live)
    live.evaluate(
        "addEventListener('photo-for-classify', ({detail}) => { window.given = [detail.blob.type, detail.blob.size]; })"
    )
    button(live, "Open in Classify").click()
    kind, size = live.evaluate("window.given")
    assert kind == "image/jpeg"
    assert size > 10_000


@pytest.mark.parametrize("page", [{"width": 1200, "height": 900}, PHONE], indirect=True, ids=["desktop", "phone"])
def test_a_frozen_picture_goes_to_teach_which_may_not_have_been_opened(live):
    start(live)
    wait_for_bars(live)
    frozen(live)
    button(live, "Use in Teach").click()
    live.locator("#teach .thumbs img").first.wait_for(timeout=20 * SECONDS)
    assert live.locator("#teach [data-part=message]").inner_text() == "The picture from the camera went to the class Class 1."
    live.locator("#teach [data-part=chips] button").nth(1).click()
    open_tab(live, "Live")
    button(live, "Use in Teach").click()
    live.get_by_text("The picture from the camera went to the class Class 2.").wait_for(timeout=20 * SECONDS)
    live.wait_for_function("document.querySelectorAll('#teach .thumbs img').length === 2")


def test_where_nobody_may_teach_there_is_no_way_to_teach(browser):
    with running_app({"TEACH": "off"}) as app:
        context = browser.new_context(permissions=["camera"])
        page = context.new_page()
        page.goto(app.url)
        page.get_by_role("tab", name="Live").wait_for()
        open_tab(page, "Live")
        start(page)
        wait_for_bars(page)
        frozen(page)
        assert button(page, "Open in Classify").is_visible()
        assert not button(page, "Use in Teach").is_visible()
        context.close()


def test_what_was_taught_explains_its_own_answers(live):
    start(live)
    wait_for_bars(live)
    asked = []
    document = {
        "scores": [{"label": "mug", "score": 0.9}, {"label": "neither", "score": 0.1}],
        "heat": [[0, 1]],
        "box": [0, 0, 1, 1],
    }
    live.route("**/api/teach/sessions/token/**", lambda route: (asked.append(route.request.url), route.fulfill(json=document)))
    frozen(live)
    live.evaluate("document.documentElement.dataset.model = 'token'")  # the frozen picture is answered again
    live.locator("#live .best").filter(has_text="mug").wait_for(timeout=10 * SECONDS)
    assert asked[0].endswith("/classify?heat=1")


def test_the_best_answer_is_read_aloud_when_it_stays_and_not_at_every_frame(live):
    live.evaluate(DRAWING, "red")
    live.route("**/api/*", answering_by_colour)
    live.evaluate("""() => { window.spoken = [];
        const line = document.querySelector('#live [aria-live=polite]');
        new MutationObserver(() => window.spoken.push(line.textContent)).observe(line, {childList: true}); }""")
    start(live)
    live.wait_for_function("window.spoken.length > 0", timeout=20 * SECONDS)
    for _ in range(6):  # quicker than anybody could listen
        live.evaluate("window.shown = window.shown === 'red' ? 'blue' : 'red'")
        live.wait_for_timeout(300)
    assert [each for each in live.evaluate("window.spoken") if each] == ["Cat"]
    live.evaluate("window.shown = 'blue'")
    live.wait_for_function("window.spoken.at(-1) === 'Dog'", timeout=10 * SECONDS)


def test_labels_are_said_in_the_visitors_language(browser, app):
    context = browser.new_context(locale="fr-FR", permissions=["camera"])
    page = context.new_page()
    page.goto(app.url)
    page.locator("[role=tab][data-tab-id=live]").first.click()
    page.locator("#live [data-part=start]").click()
    wait_for_bars(page)
    assert {meter.get_attribute("aria-label") for meter in page.get_by_role("meter").all()} == {"Chat", "Chien", "aucun"}
    assert page.locator("#live .best").inner_text() == "Chat"
    context.close()
