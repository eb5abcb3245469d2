"""Worked examples by hand, and torch as the second opinion."""

from __future__ import annotations

import numpy as np
import pytest

from ui.lab.convolution import (
    KERNELS,
    convolution_parameters,
    convolve,
    dense_parameters,
    feature_map,
    flatten,
    flipped,
    is_symmetric,
    output_size,
    padding_of,
    pool,
    relu,
)

PHOTO = np.random.default_rng(0).integers(0, 256, (23, 31, 3), np.uint8)
TORCH_PADDING = {"zeros": "zeros", "edge": "replicate", "reflect": "reflect"}


def by_torch(values, kernel, stride, padding):
    torch = pytest.importorskip("torch")
    channels = values.shape[2]
    layer = torch.nn.Conv2d(
        channels, channels, len(kernel), stride, padding_of(len(kernel), padding), groups=channels, bias=False,
        padding_mode=TORCH_PADDING.get(padding, "zeros"),
    )  # fmt: skip
    with torch.no_grad():
        layer.weight[:] = torch.from_numpy(np.array(kernel))
        batch = torch.from_numpy(values.astype(np.float32)).permute(2, 0, 1)[None]
        return layer(batch)[0].permute(1, 2, 0).numpy()


@pytest.mark.parametrize("padding", ["valid", "zeros", "edge", "reflect"])
@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("name", ["gaussian", "emboss"])
def test_convolve_is_what_torch_calls_conv2d(name, stride, padding):
    [kernel] = KERNELS[name]
    ours = convolve(PHOTO, kernel, stride, padding)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, by_torch(PHOTO, kernel, stride, padding), atol=2e-3)


def test_one_place_by_hand():
    corner = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    kernel = np.array([[1, 0, 0], [0, 0, 0], [0, 0, -2]])
    assert convolve(corner, kernel).tolist() == [[1 * 1 - 2 * 9]]
    assert convolve(corner, kernel, flip=True).tolist() == [[-2 * 1 + 1 * 9]]
    assert convolve(corner, kernel, padding="zeros").tolist()[0] == [-2 * 5, -2 * 6, 0]


def test_convolution_is_scipy_signal_convolve2d():
    signal = pytest.importorskip("scipy.signal")
    grey = PHOTO[:, :, 0].astype(np.float32)
    [kernel] = KERNELS["emboss"]
    np.testing.assert_allclose(convolve(grey, kernel, flip=True), signal.convolve2d(grey, kernel, "valid"), atol=1e-3)
    np.testing.assert_allclose(convolve(grey, kernel), signal.correlate2d(grey, kernel, "valid"), atol=1e-3)


@pytest.mark.parametrize("name", KERNELS)
def test_flipping_matters_for_the_kernels_that_are_not_symmetric_and_only_for_them(name):
    for kernel in KERNELS[name]:
        same = np.array_equal(convolve(PHOTO, kernel), convolve(PHOTO, kernel, flip=True))
        assert same == is_symmetric(kernel) == (name in {"identity", "sharpen", "gaussian", "laplacian", "box"})


def test_a_flipped_kernel_is_turned_not_mirrored():
    assert flipped(np.array([[1, 2], [3, 4]])).tolist() == [[4, 3], [2, 1]]


def test_the_identity_changes_nothing():
    assert np.array_equal(convolve(PHOTO, KERNELS["identity"][0], padding="zeros"), PHOTO)


def test_sobel_combined_is_the_length_of_both():
    both = feature_map(PHOTO, KERNELS["sobel_combined"])
    across, down = (convolve(PHOTO, KERNELS[name][0]) for name in ("sobel_x", "sobel_y"))
    np.testing.assert_allclose(both, np.sqrt(across**2 + down**2), rtol=1e-5)


def test_sobel_x_finds_what_gets_lighter_to_the_right():
    step = np.repeat([[0, 0, 10, 10]], 3, axis=0)
    assert convolve(step, KERNELS["sobel_x"][0]).tolist() == [[40, 40]]
    assert convolve(step.T, KERNELS["sobel_y"][0]).tolist() == [[40], [40]]


@pytest.mark.parametrize(
    ("name", "total"), [("identity", 1), ("sharpen", 1), ("gaussian", 1), ("box", 1), ("emboss", 1), ("laplacian", 0)]
)
def test_what_the_kernels_add_up_to(name, total):
    assert KERNELS[name][0].sum() == pytest.approx(total)


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding", "expected"),
    [
        (1000, 3, 1, 0, 998),
        (1000, 3, 1, 1, 1000),
        (1000, 3, 2, 0, 499),
        (5, 3, 2, 1, 3),
        (6, 3, 2, 1, 3),
        (224, 7, 2, 3, 112),
        (2, 3, 1, 0, 0),
    ],
)
def test_output_size(size, kernel, stride, padding, expected):
    assert output_size(size, kernel, stride, padding) == expected


@pytest.mark.parametrize("padding", ["valid", "zeros", "edge", "reflect"])
def test_shapes_follow_the_formula_for_every_size(padding):
    for kernel in (KERNELS["box"][0], KERNELS["gaussian"][0]):
        p = padding_of(len(kernel), padding)
        for side in range(1, 12):
            for stride in (1, 2, 3, 4):
                shape = convolve(np.zeros((side, 7)), kernel, stride, padding).shape
                assert shape == tuple(output_size(length, len(kernel), stride, p) for length in (side, 7))


def test_what_cannot_be_convolved_is_refused():
    with pytest.raises(ValueError, match="odd sides"):
        convolve(PHOTO, np.ones((2, 2)))
    with pytest.raises(ValueError, match="odd sides"):
        convolve(PHOTO, np.ones((3, 5)))
    with pytest.raises(ValueError, match="stride 0"):
        convolve(PHOTO, KERNELS["box"][0], stride=0)
    with pytest.raises(ValueError, match="Padding is one of"):
        convolve(PHOTO, KERNELS["box"][0], padding="wrap")
    with pytest.raises(ValueError, match="max or average"):
        pool(PHOTO, "min")
    with pytest.raises(ValueError, match="window 0"):
        pool(PHOTO, window=0)


def test_relu():
    assert relu(np.array([[-2, 0, 3.5]], np.float32)).tolist() == [[0, 0, 3.5]]


def test_pooling_the_worked_example():
    example = np.array([[1, 3, 2, 4], [5, 6, 1, 2], [7, 8, 9, 4], [3, 2, 1, 0]])
    assert pool(example).tolist() == [[6, 4], [8, 9]]
    assert pool(example, "average").tolist() == [[15 / 4, 9 / 4], [20 / 4, 14 / 4]]
    assert pool(example, window=3, stride=1).tolist() == [[9, 9], [9, 9]]
    assert pool(example, window=5).shape == (0, 0)


@pytest.mark.parametrize("stride", [1, 2, 3, 8])
@pytest.mark.parametrize("window", [2, 3, 8])
def test_pooling_is_torch_s(window, stride):
    torch = pytest.importorskip("torch")
    batch = torch.from_numpy(PHOTO.astype(np.float32)).permute(2, 0, 1)[None]
    for kind, theirs in (("max", torch.nn.functional.max_pool2d), ("average", torch.nn.functional.avg_pool2d)):
        expected = theirs(batch, window, stride)[0].permute(1, 2, 0).numpy()
        np.testing.assert_allclose(pool(PHOTO, kind, window, stride), expected, rtol=1e-5)


def test_flattening_and_what_layers_cost():
    assert flatten(np.zeros((32, 32, 16), np.float32)).shape == (16_384,)
    assert flatten(np.arange(4, dtype=np.float32).reshape(2, 2)).tolist() == [0, 1, 2, 3]
    torch = pytest.importorskip("torch")
    for layer, count in [
        (torch.nn.Linear(16_384, 2), dense_parameters(16_384, 2)),
        (torch.nn.Conv2d(3, 16, 3), convolution_parameters(3, 3, 16)),
        (torch.nn.Conv2d(1, 1, 5), convolution_parameters(5, 1, 1)),
    ]:
        assert sum(values.numel() for values in layer.parameters()) == count


def test_kernels_cannot_be_changed_by_accident():
    with pytest.raises(ValueError, match="read-only"):
        KERNELS["box"][0][0, 0] = 2
