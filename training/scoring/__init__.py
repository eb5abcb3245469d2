"""Scoring very many photos: `ray` spreads the work of `training.score` over a cluster."""
