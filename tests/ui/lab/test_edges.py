"""Worked examples by hand, and scikit-image as the second opinion."""

from __future__ import annotations

import numpy as np
import pytest

from ui.lab.edges import (
    STRONGEST,
    Block,
    Gradient,
    block_at,
    block_density,
    contour_lines,
    density,
    direction_histogram,
    edge_map,
    gradient,
    integral_image,
)

NOISE = np.random.default_rng(1).integers(0, 256, (40, 50), np.uint8)


def ramp(across: float, down: float) -> np.ndarray:
    y, x = np.mgrid[:20, :20]
    return 100 + across * x + down * y


@pytest.mark.parametrize(
    ("across", "down", "direction"), [(2, 0, 0), (0, -2, 90), (-2, 0, 180), (0, 2, 270), (2, -2, 45), (-2, 2, 225)]
)
def test_a_slope_has_its_steepness_and_direction(across, down, direction):
    slope = gradient(ramp(across, down))
    inside = slope.magnitude[1:-1, 1:-1]
    np.testing.assert_allclose(inside, np.hypot(across, down), rtol=1e-6)
    np.testing.assert_allclose(slope.direction[1:-1, 1:-1], direction, atol=1e-3)


def test_the_gradient_is_scikit_image_s():
    filters = pytest.importorskip("skimage.filters")
    grey = NOISE.astype(float)
    slope = gradient(NOISE)
    # theirs is divided by 4, ours by 8, and their border differs
    np.testing.assert_allclose(slope.across[1:-1, 1:-1], filters.sobel_v(grey)[1:-1, 1:-1] / 2, atol=1e-4)
    np.testing.assert_allclose(slope.down[1:-1, 1:-1], filters.sobel_h(grey)[1:-1, 1:-1] / 2, atol=1e-4)


def test_ranges():
    hard = np.where(np.add.outer(np.arange(9), np.arange(9)) > 8, 255, 0)
    for picture in (hard, 255 - hard, NOISE):
        slope = gradient(picture)
        assert slope.magnitude.dtype == slope.direction.dtype == np.float32
        assert slope.magnitude.max() <= STRONGEST
        assert slope.direction.min() >= 0
        assert slope.direction.max() <= 360
    flat = gradient(np.full((4, 4), 7))
    assert not flat.magnitude.any()
    assert not flat.direction.any()


def test_the_edge_map_takes_the_threshold_itself():
    assert edge_map(np.array([[1, 2, 3]], np.float32), 2).tolist() == [[False, True, True]]


def test_the_integral_image_by_hand():
    values = np.array([[1, 2, 3], [4, 5, 6]])
    table = integral_image(values)
    assert table.tolist() == [[0, 0, 0, 0], [0, 1, 3, 6], [0, 5, 12, 21]]
    assert table[2, 3] - table[1, 3] - table[2, 1] + table[1, 1] == 5 + 6


def test_the_integral_image_is_scikit_image_s():
    transform = pytest.importorskip("skimage.transform")
    np.testing.assert_allclose(integral_image(NOISE)[1:, 1:], transform.integral_image(NOISE.astype(float)))


@pytest.mark.parametrize("window", [1, 3, 9, 101])
def test_density_is_the_mean_of_what_lies_in_the_window(window):
    edges = NOISE > 200
    shares = density(edges, window)
    assert shares.dtype == np.float32
    radius = window // 2
    for y, x in [(0, 0), (0, 49), (39, 0), (20, 25), (39, 49), (3, 47)]:
        part = edges[max(0, y - radius) : y + radius + 1, max(0, x - radius) : x + radius + 1]
        assert shares[y, x] == pytest.approx(part.mean())


@pytest.mark.parametrize(("height", "width", "side"), [(40, 50, 32), (64, 96, 32), (33, 32, 32), (10, 7, 3), (5, 5, 32)])
def test_each_block_has_the_share_of_its_edge_pixels(height, width, side):
    edges = np.random.default_rng(5).random((height, width)) < 0.3
    shares = block_density(edges, side)
    assert shares.dtype == np.float32
    assert shares.shape == (-(-height // side), -(-width // side))
    for row, column in np.ndindex(shares.shape):
        part = edges[row * side : (row + 1) * side, column * side : (column + 1) * side]
        assert shares[row, column] == pytest.approx(part.mean())


@pytest.mark.parametrize(("row", "column"), [(0, 0), (31, 32), (39, 49), (32, 10)])
def test_the_four_corners_of_a_block_make_its_sum(row, column):
    edges = NOISE > 150
    block = block_at(edges.shape, 32, row, column)
    assert block.top <= row < block.bottom <= 40
    assert block.left <= column < block.right <= 50
    part = edges[block.top : block.bottom, block.left : block.right]
    assert block.pixels == part.size
    first, second, third, last = block.corners(integral_image(edges))
    assert first - second - third + last == part.sum()
    assert first == edges[: block.bottom, : block.right].sum()
    assert second == edges[: block.top, : block.right].sum()
    assert third == edges[: block.bottom, : block.left].sum()
    assert block_at((40, 50), 32, 33, 1) == Block(32, 0, 40, 32)


@pytest.mark.parametrize("window", [0, 4, -3])
def test_a_window_has_a_pixel_in_its_middle(window):
    with pytest.raises(ValueError, match="odd number"):
        density(NOISE > 0, window)


@pytest.mark.parametrize(
    ("across", "down", "bin"),
    [(0, 3, 0), (0, -3, 0), (3, 0, 6), (-3, 0, 6), (3, 3, 3), (-3, -3, 3), (3, -3, 9), (0.05, 3, 0), (-0.05, 3, 0)],
)
def test_edges_run_at_right_angles_to_the_gradient(across, down, bin):
    slope = Gradient(np.full((2, 2), across, np.float32), np.full((2, 2), down, np.float32))
    shares = direction_histogram(slope, np.ones((2, 2), bool))
    assert shares.argmax() == bin
    assert shares[bin] == pytest.approx(1)


def test_steep_edges_count_more_and_only_edges_count():
    slope = Gradient(np.array([[3, 0, 50]], np.float32), np.array([[0, 1, 0]], np.float32))
    shares = direction_histogram(slope, np.array([[True, True, False]]))
    assert shares[6] == pytest.approx(0.75)
    assert shares[0] == pytest.approx(0.25)
    assert not direction_histogram(slope, np.zeros((1, 3), bool)).any()


def test_by_count_each_edge_pixel_counts_once_and_another_direction_can_win():
    slope = Gradient(np.array([[9, 0, 0, 50]], np.float32), np.array([[0, 1, 2, 0]], np.float32))
    edges = np.array([[True, True, True, False]])
    by_count, by_magnitude = (direction_histogram(slope, edges, by=by) for by in ("count", "magnitude"))
    assert (by_count[0], by_count[6]) == pytest.approx((2 / 3, 1 / 3))
    assert (by_magnitude[0], by_magnitude[6]) == pytest.approx((3 / 12, 9 / 12))


def test_a_contour_line_lies_between_the_pixels():
    [[line]] = contour_lines(ramp(10, 0), [135])
    np.testing.assert_allclose(line[:, 0], 3.5)
    assert {0, 19} <= set(line[:, 1].tolist())


def test_contour_lines_are_scikit_image_s():
    measure = pytest.importorskip("skimage.measure")
    y, x = np.mgrid[:40, :40]
    hill = 255 * np.exp(-((x - 20) ** 2 + (y - 18) ** 2) / 80)
    [ours, nothing] = contour_lines(hill, [100, 300])
    [theirs] = measure.find_contours(hill, 100)
    assert nothing == []
    assert len(ours) == 1
    assert {tuple(point) for point in np.round(ours[0], 3).tolist()} == {
        tuple(point) for point in np.round(theirs[:, ::-1], 3).astype(np.float32).tolist()
    }


def test_smoothing_removes_islands():
    rough, smooth = (contour_lines(NOISE, [128], smoothing)[0] for smoothing in (0, 3))
    assert len(smooth) < len(rough) / 5
