"""Which image is for what: held against what a split has to be, and scikit-learn's numbers."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedShuffleSplit

from archspec.data import DataError
from archspec.data.splits import Parts, Split, require_every_class, split

LABELS = [0] * 40 + [1] * 60 + [2] * 100
NAMES = [f"{number}.png" for number in range(200)]


@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=80),
    st.floats(0, 0.99, allow_nan=False),
    st.floats(0, 0.99, allow_nan=False),
)
def test_every_image_is_in_one_part(labels: list[int], validation: float, test: float) -> None:
    found = split([str(place) for place in range(len(labels))], labels, range(len(labels)), Parts(validation, test))
    assert sorted(image for part in found for image in part) == [*range(len(labels))]
    assert (not found.validation) >= (not validation)
    assert (not found.test) == (not test)


def test_classes_are_parted_in_proportion_as_scikit_learn_has_it() -> None:
    found = split(NAMES, LABELS, range(200), Parts(0.0, 0.15))
    _, theirs = next(StratifiedShuffleSplit(1, test_size=0.15, random_state=0).split(NAMES, LABELS))
    assert Counter(LABELS[image] for image in found.test) == Counter(LABELS[image] for image in theirs)


def test_what_the_data_set_has_of_its_own_is_kept() -> None:
    found = split(NAMES, LABELS, range(0, 200, 2), Parts(0.1, 0.15), test=range(1, 200, 2))
    assert found.test == range(1, 200, 2)
    assert Counter(LABELS[image] for image in found.validation) == {0: 2, 1: 3, 2: 5}
    both = split(NAMES, LABELS, range(100), Parts(0.1, 0.15), range(100, 150), range(150, 200))
    assert both == Split([*range(100)], range(100, 150), range(150, 200))


def test_a_file_that_comes_to_a_folder_moves_next_to_no_other_one() -> None:
    names = {f"{number}.png" for number in range(1000)}
    parts = []
    for there in (sorted(names), sorted({*names, "another.png", "1000.png"})):
        found = split(there, [0] * len(there), range(len(there)), Parts(0.1, 0.15))
        parts.append({there[image]: part for part, images in found._asdict().items() for image in images})
    assert sum(parts[0][name] != parts[1][name] for name in names) <= 3


def test_a_class_with_too_few_images_is_named() -> None:
    labels = [*LABELS, 3, 3]
    found = split([*NAMES, "a", "b"], labels, range(202), Parts(0.1, 0.15))
    message = "it has 2 images of the class `d`, and none of them is for train: it takes one for each of train and "
    with pytest.raises(DataError, match=re.escape(message)):
        require_every_class(found, labels, "abcd", "it")
    alone = split([*NAMES, "a", "b"], labels, range(202), Parts(0.0, 0.15))
    require_every_class(alone, labels, "abcd", "it")
    with pytest.raises(DataError, match="it has 0 images of the class `e`, and none of them is for train"):
        require_every_class(alone, labels, "abcde", "it")
