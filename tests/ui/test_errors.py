from __future__ import annotations

import gradio as gr
import pytest

from model.errors import ModelError
from model.photo import PhotoError
from ui.errors import readable_errors
from ui.service import Busy


@pytest.mark.parametrize("kind", [PhotoError, ModelError, Busy])
def test_what_is_meant_for_visitors_is_shown(kind):
    with pytest.raises(gr.Error, match="Send another one") as shown, readable_errors():
        raise kind("Send another one.")
    assert not shown.value.print_exception


def test_a_mistake_of_ours_is_not():
    with pytest.raises(KeyError), readable_errors():
        raise KeyError("a secret")
