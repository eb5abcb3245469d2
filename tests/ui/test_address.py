"""Where the app listens: at the port that was chosen, or a sentence."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.running import ROOT, free_port
from ui.address import PORT, Address

NOWHERE = "192.0.2.1"  # RFC 5737: for documentation, and no machine's


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that another program has."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        ({}, Address("127.0.0.1", None, 100, "")),
        ({"GRADIO_SERVER_PORT": "", "GRADIO_SERVER_NAME": " ", "GRADIO_ROOT_PATH": ""}, Address()),
        ({"GRADIO_SERVER_PORT": " 8000 "}, Address(port=8000)),
        ({"GRADIO_SERVER_NAME": "0.0.0.0", "SPACE_ID": "someone/pets"}, Address("0.0.0.0", PORT)),
        ({"SPACE_ID": "someone/pets", "GRADIO_SERVER_PORT": "7000"}, Address(port=7000)),
        ({"GRADIO_NUM_PORTS": "1"}, Address(tries=1)),
        ({"GRADIO_SERVER_NAME": "[::1]"}, Address("::1")),
        ({"GRADIO_ROOT_PATH": "/cats/"}, Address(root_path="/cats")),
        ({"GRADIO_ROOT_PATH": "/"}, Address(root_path="")),
        ({"GRADIO_ROOT_PATH": "https://my.site:8443/a/b"}, Address(root_path="https://my.site:8443/a/b")),
        ({"GRADIO_ROOT_PATH": "http://localhost"}, Address(root_path="http://localhost")),
    ],
)
def test_what_a_deployment_can_choose(environment, address):
    assert Address.from_environment(environment) == address


@pytest.mark.parametrize("port", ["0", "65536", "abc", "-1", "7860.0", "7_860", "٧٨٦٠", "7860 7861", "0x1f", "1" * 5000])
def test_a_port_that_is_none(port):
    with pytest.raises(ValueError, match="^GRADIO_SERVER_PORT must be a whole number from 1 to 65535, not '") as caught:
        Address.from_environment({"GRADIO_SERVER_PORT": port})
    assert len(str(caught.value)) < 100


@pytest.mark.parametrize(
    "path",
    ["cats", "my.site/cats", "ftp://my.site", "https://", "/a b", "/cats?x=1", "/cats#top", "//my.site", "/../etc", '/"x'],
)
def test_a_root_path_that_makes_no_sense(path):
    with pytest.raises(ValueError, match="^GRADIO_ROOT_PATH must be the path"):
        Address.from_environment({"GRADIO_ROOT_PATH": path})


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "localhost"])
def test_a_taken_port_is_named_with_what_to_do(taken, host):
    sentence = f"^port {taken} is taken by another program; free it or set GRADIO_SERVER_PORT to another$"
    with pytest.raises(ValueError, match=sentence):
        Address(host, taken).check()


def test_a_free_port_passes_also_where_it_was_used_a_moment_ago():
    port = free_port()
    address = Address(port=port)
    address.check()
    with socket.create_server(("127.0.0.1", port)) as server, socket.create_connection(("127.0.0.1", port)):
        server.accept()[0].close()  # the port now waits for late packets
    address.check()


@pytest.mark.parametrize("host", [NOWHERE, "http://0.0.0.0", "0.0.0.0:7860", "no such host", "a" * 300, "256.1.1.1", "\udce9"])
def test_a_name_that_is_no_address_of_this_machine(host):
    with pytest.raises(ValueError, match="is no address of this machine: 127.0.0.1 answers this machine alone"):
        Address(host).check()


def test_a_port_without_the_rights_to_it(monkeypatch):
    def refuse(self: socket.socket, place: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(
        ValueError, match="port 80 needs rights that this user lacks; set GRADIO_SERVER_PORT to one from 1024 on"
    ):
        Address(port=80).check()


def test_gradios_own_error_is_of_all_ports_that_it_tried():
    error = OSError("Cannot find empty port in range")
    assert "ports 7860 to 7959 are taken" in Address().refused(error)
    assert "port 7860 is taken" in Address(tries=1).refused(error)
    assert "port 8000 is taken" in Address(port=8000).refused(error)


def run(code: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_the_app_ends_at_once_where_its_port_is_taken(taken):
    done = run("import runpy; runpy.run_path('app.py', run_name='__main__')", {"GRADIO_SERVER_PORT": str(taken)})
    assert done.returncode == 1
    assert done.stderr.startswith(f"Cannot start: port {taken} is taken by another program")
    assert (done.stderr.count("\n"), done.stdout) == (1, "")


def test_the_app_never_takes_the_next_port_where_another_program_was_faster():
    port = free_port()
    code = f"import app, socket; other = socket.create_server(('127.0.0.1', {port})); app.main()"
    done = run(code, {"GRADIO_SERVER_PORT": str(port)})
    assert done.returncode == 1
    assert f"Cannot start: port {port} is taken by another program" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Running" not in done.stdout
