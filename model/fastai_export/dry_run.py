"""A network tried before it is trusted: on shapes alone first, where its work is counted, then on one blank photo."""

from __future__ import annotations

import logging
from typing import Final

import torch
from torch import nn

from model.errors import first_line
from model.fastai_export.allowed_layers import LayerError
from model.fastai_export.budget import Budget, BudgetError
from model.fastai_export.network_cost import Counting

_MAX_FORWARD_BYTES: Final = 256_000_000  # of one tensor that is made of one photo


def count_outputs(network: nn.Module, height: int, width: int, name: str, budget: Budget | None = None) -> int:
    """How many logits the network gives for one photo; tried on shapes alone first, so that memory stays bounded.

    Args:
        height, width: of a photo in pixels. name: what the network is called in an error.
        budget: what it may cost; a small file's by default.

    Raises:
        LayerError: it calls what was not run, needs another input, or more memory than a classifier does.
        BudgetError: it needs more work, or more memory in all.
    """
    from torch._subclasses.fake_tensor import FakeTensorMode

    weights = [part.numel() * part.element_size() for part in (*network.parameters(), *network.buffers())]
    limit = max(_MAX_FORWARD_BYTES, *weights, 0)  # some layers make as much out of their weights: the file has as many bytes
    budget = budget or Budget(name, 0)
    counting = Counting(budget, limit)
    log = logging.getLogger("torch._subclasses.fake_tensor")
    level = log.level
    log.setLevel(logging.CRITICAL)  # what it would print is raised, too
    try:
        with torch.inference_mode(False), torch.no_grad(), FakeTensorMode(allow_non_fake_inputs=True), counting:
            logits = network(torch.zeros(1, 3, height, width))
        if budget.is_quick:
            with torch.inference_mode():
                logits = network(torch.zeros(1, 3, height, width))
    except BudgetError:
        raise
    except LayerError as error:
        raise LayerError(f"{name}: its network {error}") from None
    except Exception as error:  # whatever the layers raise on what they were given
        raise LayerError(
            f"{name}: its network cannot answer for a photo of {width}×{height}: {first_line(error)}. If it was made "
            "with other versions of its libraries, this can be why"
        ) from None
    finally:
        log.setLevel(level)
    if not isinstance(logits, torch.Tensor) or logits.ndim != 2 or logits.shape[0] != 1:
        given = f"of shape {tuple(logits.shape)}" if isinstance(logits, torch.Tensor) else f"a {type(logits).__name__}"
        raise LayerError(f"{name}: its network gives {given} for one photo, not one row of logits, so it is no classifier")
    return int(logits.shape[1])
