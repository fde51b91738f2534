"""A part of a file that disagrees with torch, run alone."""

from __future__ import annotations

from collections.abc import Mapping

from archspec.parity.devices import PROVIDERS
from archspec.parity.forensics.diagnosis import Culprit, Diagnosis, Fault
from archspec.parity.forensics.dissection import Arrays, Part
from archspec.parity.forensics.optimizations import climb
from archspec.parity.forensics.reproduction import Reproduction
from archspec.parity.runs import Level


class Evidence:
    """What onnxruntime makes of a part of a file, on a device and at a level of its optimisations, and what torch
    gives for the same."""

    def __init__(self, part: Part, expected: Arrays, device: str = "cpu", level: Level = "disabled") -> None:
        self._part, self._device = part, device
        self.expected = expected
        self.found: Arrays = part.attempt(level, device)

    def diagnosis(
        self, fault: Fault, sentence: str, culprit: Culprit, whole: Mapping[Level, float] | None = None
    ) -> Diagnosis:
        """A diagnosis that rests on this; `whole` as there."""
        alone = climb(self._part, self.expected, self._device)
        reproduction = Reproduction(
            self._part.complete(),
            inputs=tuple(self._part.feeds.values()),
            torch=tuple(self.expected.values()),
            onnxruntime=tuple(self.found.values()),
            provider=PROVIDERS[self._device].name,
            sentence=sentence,
        )
        return Diagnosis(fault, sentence, culprit, alone, whole or {}, reproduction)
