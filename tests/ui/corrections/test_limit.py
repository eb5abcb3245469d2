from __future__ import annotations

from ui.corrections.limit import Limit


def test_a_limit_counts_each_client_and_all():
    now = [0.0]
    limit = Limit(2, 3, lambda: now[0])
    assert [limit.take(client) for client in "aaabb"] == [True, True, False, True, False]
    now[0] = 61
    assert limit.take("b")
