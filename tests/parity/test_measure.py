"""The gates: what passes, what fails, and what proves nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest

from archspec.parity.measure import FLOAT32, ROUNDING, Run, judge, relative

RANDOM = np.random.default_rng(0)
EXACT = RANDOM.normal(size=(4, 100))
TORCH = EXACT.astype(np.float32)


def off_by(amount: float) -> np.ndarray:
    """The reference with an error of this relative L2."""
    error = RANDOM.normal(size=EXACT.shape)
    return EXACT + error * amount * np.linalg.norm(EXACT) / np.linalg.norm(error)


def test_relative_error_is_the_norm_of_the_difference_over_that_of_the_reference() -> None:
    assert relative(np.array([3.0, 4.5]), np.array([3.0, 4.0])) == pytest.approx(0.1)
    assert relative(np.zeros(2), np.zeros(2)) == 0
    assert relative(np.ones(2), np.zeros(2)) == float("inf")


@pytest.mark.parametrize(("amount", "verdict"), [(0.0, "pass"), (9e-6, "pass"), (1.1e-5, "fail"), (1.0, "fail")])
def test_without_a_referee_relative_l2_decides(amount: float, verdict: str) -> None:
    output = judge("y", [Run(EXACT, off_by(amount))])
    assert output.verdict == verdict
    assert output.errors is not None
    assert output.errors.rel_l2 == pytest.approx(amount)


def test_one_element_far_off_is_seen() -> None:
    one = EXACT.copy()
    one[2, 50] += 6e-5 * EXACT.std()
    output = judge("y", [Run(EXACT, one)])
    assert (output.verdict, output.reason) == ("fail", "error / std is 6.0e-05, and may be 5.0e-05")


def test_the_worst_run_decides() -> None:
    assert judge("y", [Run(EXACT, EXACT), Run(EXACT, off_by(1e-3)), Run(EXACT, EXACT)]).verdict == "fail"


def test_a_run_of_small_numbers_has_no_gate_of_its_own() -> None:
    small = EXACT * 1e-3
    assert judge("y", [Run(EXACT, EXACT), Run(small, small * (1 + 5e-5))]).verdict == "pass"
    assert judge("y", [Run(small, small * (1 + 5e-5))]).verdict == "fail"


@pytest.mark.parametrize(("times", "verdict"), [(3.9, "pass"), (4.2, "fail")])
def test_the_referee_allows_a_multiple_of_torchs_own_error(times: float, verdict: str) -> None:
    own = 2e-6
    assert judge("y", [Run(off_by(own), off_by(own * times), EXACT)]).verdict == verdict


def test_torchs_own_error_counts_as_rounding_at_least() -> None:
    assert judge("y", [Run(EXACT, off_by(3.9 * ROUNDING), EXACT)]).verdict == "pass"
    output = judge("y", [Run(EXACT, off_by(4.1 * ROUNDING), EXACT)])
    assert (output.verdict, output.reason) == ("fail", "relative L2 against float64 is 7.8e-06, and may be 7.6e-06")


def test_the_gates_widen_for_a_network_that_magnifies_rounding() -> None:
    assert judge("y", [Run(off_by(2e-5), off_by(2e-5), EXACT)]).verdict == "pass"
    assert judge("y", [Run(off_by(2e-5), off_by(2e-4), EXACT)]).verdict == "fail"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_fails(value: float) -> None:
    bad = TORCH.copy()
    bad[1, 1] = value
    assert judge("y", [Run(TORCH, bad)]).reason == "onnxruntime's output is not finite"
    assert judge("y", [Run(bad, bad)]).reason == "torch's own output is not finite"
    assert {judge("y", [Run(TORCH, bad)]).verdict, judge("y", [Run(bad, bad)]).verdict} == {"fail"}


def test_another_shape_fails() -> None:
    output = judge("y", [Run(TORCH, TORCH[:, :99])])
    assert (output.verdict, output.reason) == ("fail", "torch gives 4 x 100, and onnxruntime 4 x 99")
    assert judge("y", [Run(np.float32(1), TORCH)]).reason == "torch gives a scalar, and onnxruntime 4 x 100"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        (np.zeros((2, 5)), "torch's output is nearly zero: its root mean square is 0e+00"),
        (EXACT * 1e-9, "torch's output is nearly zero: its root mean square is 1e-09"),
        (np.full((2, 5), 3.0), "torch's output is one and the same number"),
        (np.tile(EXACT[:1], (3, 1)), "torch's output does not depend on the input"),
    ],
)
def test_a_reference_that_shows_nothing_is_vacuous_and_never_a_pass(reference: np.ndarray, reason: str) -> None:
    output = judge("y", [Run(reference, reference * (1 + 1e-8), reference)])
    assert (output.verdict, output.reason) == ("vacuous", reason)


def test_a_difference_fails_even_from_such_a_reference() -> None:
    assert judge("y", [Run(np.zeros((2, 5)), np.ones((2, 5)))]).verdict == "fail"
    assert judge("y", [Run(np.full((2, 5), 3.0), np.full((2, 5), 3.1))]).verdict == "fail"


def test_that_outputs_depend_on_the_input_shows_in_any_run() -> None:
    same, other = EXACT[:1], EXACT[1:2]
    assert judge("y", [Run(same, same), Run(same, same)]).verdict == "vacuous"
    assert judge("y", [Run(same, same), Run(other, other)]).verdict == "pass"


def test_integers_are_compared_exactly() -> None:
    whole = np.arange(12).reshape(3, 4)
    assert judge("y", [Run(whole, whole)]).verdict == "pass"
    assert judge("y", [Run(whole, whole + (whole == 5))]).verdict == "fail"


def test_top1_agreement_is_the_share_of_equal_choices() -> None:
    swapped = EXACT.copy()
    swapped[0] = -swapped[0]
    errors = judge("y", [Run(EXACT, swapped)]).errors
    assert errors is not None
    assert errors.top1_agreement == 0.75
    errors = judge("y", [Run(EXACT[None], EXACT[None])]).errors
    assert errors is not None
    assert errors.top1_agreement is None


def test_the_json_form_has_no_infinities() -> None:
    output = judge("y", [Run(np.zeros((2, 5)), np.ones((2, 5)))])
    found = json.loads(json.dumps(output.as_dict(), allow_nan=False))
    assert (found["max_abs"], found["rel_l2"], found["verdict"]) == (1.0, None, "fail")
    assert found["tolerance"] == FLOAT32._asdict()
