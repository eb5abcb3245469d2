"""Scoring very many photos, for `training.score`.

`paths` finds the photos, `scorer` answers them in batches, on the cores of one machine or, with `ray`, of a cluster, and `run`
writes the parts of the result, so that an interrupted run can go on.
"""
