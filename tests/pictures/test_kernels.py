"""Kernels made by hand, against scipy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage, signal

from archspec.pictures import kernels
from archspec.pictures.errors import PictureError
from archspec.pictures.matrices import EXAMPLES, KERNELS, convolved, kernel_of, matrix_of, text
from tests.pictures.conftest import is_in


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("matrix", EXAMPLES)
def test_matrices_are_what_scipy_correlates(matrix: str, kernel: str) -> None:
    numbers, weights = matrix_of(matrix), kernel_of(kernel)
    for padding in (0, 1, 2):
        whole = signal.correlate2d(np.pad(numbers, padding), weights, mode="valid")
        for stride in (1, 2, 3):
            found = convolved(numbers, weights, stride, padding)
            np.testing.assert_allclose(found, whole[::stride, ::stride], atol=1e-12)
            printed = text(numbers, kernel, weights, stride, padding)
            rows, columns = found.shape
            assert f"+ 1 = {rows} rows" in printed
            assert f"+ 1 = {columns} columns" in printed


def test_they_are_what_their_names_say() -> None:
    blur = kernel_of("gaussian_blur")
    assert torch.equal(blur, torch.outer(blur.sum(0), blur.sum(1)))
    np.testing.assert_array_equal(kernel_of("edge"), ndimage.laplace(np.pad([[1.0]], 1)))
    for axis, name in ((1, "sobel_x"), (0, "sobel_y")):
        np.testing.assert_array_equal(kernel_of(name), ndimage.sobel(np.pad([[1.0]], 1), axis)[::-1, ::-1])
    for name in ("box_blur", "gaussian_blur", "sharpen", "emboss", "identity"):
        assert kernel_of(name).sum() == pytest.approx(1)
    for name in ("sobel_x", "sobel_y", "edge", "vertical_edge"):
        assert kernel_of(name).sum() == 0


def test_numbers_stand_in_columns(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("-0.5, 2,1\n\n0,1e2 0\n", encoding="utf-8")
    (tmp_path / "k.txt").write_text("0.1 -1\n", encoding="utf-8")
    matrix, kernel = matrix_of(str(tmp_path / "m.csv")), kernel_of(str(tmp_path / "k.txt"))
    assert text(matrix, "mine", kernel, 1, 0).splitlines() == [
        "input, 2 x 3          mine, 1 x 2   result, 2 x 2",
        " -0.5    2.0    1.0    0.1  -1.0      -2.05    -0.80",
        "  0.0  100.0    0.0                 -100.00    10.00",
        "",
        "size = floor((n + 2 * padding - k) / stride) + 1",
        "       floor((2 + 2 * 0 - 1) / 1) + 1 = 2 rows",
        "       floor((3 + 2 * 0 - 2) / 1) + 1 = 2 columns",
    ]
    wide = text(torch.full((2, 20), 1000.0, dtype=torch.float64), "mine", kernel, 1, 0).splitlines()
    assert wide[0] == "input, 2 x 20"
    assert wide[4].startswith("mine, 1 x 2")


@pytest.mark.parametrize("colour", [False, True])
def test_images_are_what_scipy_correlates(china: Path, colour: bool) -> None:
    image = kernels.image_of(china, colour)
    assert image.shape == (3 if colour else 1, 192, 288)
    for name in KERNELS:
        weights = kernel_of(name).float()
        expected = [ndimage.correlate(channel.numpy(), weights.numpy(), mode="nearest") for channel in image]
        np.testing.assert_allclose(kernels.convolved(image, weights), np.stack(expected), atol=1e-5)


def test_the_picture_shows_them_on_two_scales(digit: Path) -> None:
    image = kernels.image_of(digit, False)
    chosen = {name: kernel_of(name).float() for name in ("identity", "sobel_x", "edge", "sharpen")}
    picture = kernels.draw(digit, chosen, False).png()
    with Image.open(digit) as file:
        original = np.asarray(file)
    signed = torch.stack([kernels.convolved(image, chosen[name]) for name in ("sobel_x", "edge")])
    end = np.quantile(np.abs(signed.numpy()), 0.995)
    grays = [original / 255, (signed[0, 0].numpy() / end + 1) / 2, (signed[1, 0].numpy() / end + 1) / 2]
    grays.append(kernels.convolved(image, chosen["sharpen"])[0].numpy())
    for gray in grays:
        block = np.round(255 * np.clip(gray, 0, 1)).astype(np.uint8)[..., None].repeat(3, 2)
        assert is_in(picture, block.repeat(36, 0).repeat(36, 1))


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("1 2\n3\n", "holds rows of 2 and 1 numbers"),
        ("", "holds rows of no numbers"),
        ("1 x\n", "holds no matrix of numbers"),
        ("1 nan\n", "holds nan; numbers up to 1,000,000 are convolved"),
        ("1 1e300\n", r"holds 1e\+300; numbers up to 1,000,000 are convolved"),
        ("1 " * 21, "holds 1 x 21 numbers; up to 20 x 20"),
        (b"\xff\xfe\x00", "holds no matrix of numbers"),
    ],
)
def test_files_that_hold_no_matrix(tmp_path: Path, written: str | bytes, message: str) -> None:
    path = tmp_path / "matrix.txt"
    path.write_bytes(written if isinstance(written, bytes) else written.encode())
    with pytest.raises(PictureError, match=message):
        matrix_of(str(path))


def test_what_is_not_there_or_does_not_fit() -> None:
    with pytest.raises(PictureError, match="no kernel `sobelx`; did you mean `sobel_x`"):
        kernel_of("sobelx")
    with pytest.raises(PictureError, match="no example `7x7`; they are 5x5, 6x6"):
        matrix_of("7x7")
    with pytest.raises(PictureError, match="a kernel of 3 does not fit into 2 rows"):
        convolved(torch.ones(2, 5, dtype=torch.float64), kernel_of("edge"), 1, 0)
