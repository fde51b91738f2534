"""The registry: every kind of mistake, its stable name, and one line on what it means. Each has a page of its own in
`pages/`, which `archspec explain` prints.

Codes are grouped by the stage that finds the mistake.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of mistake: its stable name and one line on what it means."""

    name: str
    title: str

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.name.startswith("A4") else Severity.ERROR

    @property
    def depends_on_use(self) -> bool:
        """Whether the same text of a block may be right in one use of it and wrong in another: what depends on values
        and shapes does, spelling does not."""
        return self.name in _OF_VALUES or self.name.startswith(("A4", "A5"))


STAGES = {
    "A0": "Files",
    "A1": "YAML",
    "A2": "The structure of a spec",
    "A3": "Names and expressions",
    "A4": "Warnings",
    "A5": "Layers and shapes",
    "A6": "Limits",
    "A7": "Recipes",
}

_OF_VALUES = {"A208", "A305", "A307", "A312", "A313", "A605"}

CODES = {
    name: Code(name, title)
    for name, title in {
        "A001": "a file that cannot be read",
        "A002": "a file that is not UTF-8 text",
        "A003": "a spec or model that does not exist",
        "A101": "YAML that does not parse",
        "A102": "a key twice in one mapping",
        "A103": "an anchor, an alias, a merge key or a tag",
        "A104": "an expression that needs quotes",
        "A105": "a second YAML document, or another YAML version",
        "A106": "a number that is not finite",
        "A201": "an unknown key",
        "A202": "a missing key",
        "A203": "a value of the wrong kind",
        "A204": "an unknown language version",
        "A205": "a name that cannot be used here",
        "A206": "a layer that says more than one thing, or none",
        "A207": "an argument declared without a type",
        "A208": "a repetition that cannot be counted",
        "A301": "an unknown name",
        "A302": "an unknown op or block",
        "A303": "an unknown argument",
        "A304": "a missing argument",
        "A305": "an argument of the wrong type",
        "A306": "an expression that does not parse",
        "A307": "an expression without a value",
        "A308": "an unknown layer or value",
        "A309": "a value that is read before its layer",
        "A310": "several outputs that are read as one value",
        "A311": "a name that is given twice",
        "A312": "a condition on a symbolic size",
        "A313": "a promise that does not hold",
        "A314": "a block or file that contains itself",
        "A315": "a path that meets no layer",
        "A401": "an argument, `let` name, block or input that nothing uses",
        "A402": "a Linear on the width of a feature map",
        "A403": "attention or a recurrence along the batch",
        "A404": "an implicit previous right after a branch",
        "A405": "a convolution's bias right before BatchNorm",
        "A406": "an activation that is applied twice in a row",
        "A407": "downsampling that drops rows or columns",
        "A408": "a merge of values that do not line up",
        "A409": "a Linear that holds most of the parameters",
        "A410": "a BatchNorm behind the last Linear",
        "A411": "a training that takes more memory than there is",
        "A501": "an input that the op refuses",
        "A502": "an argument that the op refuses",
        "A503": "shapes that do not agree",
        "A504": "a wrong number of inputs",
        "A505": "a layer that reaches no output",
        "A506": "a layer that does not fit where it is shared",
        "A507": "a network without an output",
        "A508": "a value that is overwritten while it is needed",
        "A509": "demands on a symbolic size that contradict each other",
        "A601": "a file that is too large",
        "A602": "nesting that is too deep",
        "A603": "a network of too many layers",
        "A604": "an expression that is too large",
        "A605": "a tensor that is too large",
        "A606": "more work than the layers account for",
        "A701": "a recipe where a spec belongs, or a spec where a recipe does",
        "A702": "keys of which just one is wanted",
        "A703": "an option without an effect",
        "A704": "a warm-up that is as long as the training",
        "A705": "a network that is no image classifier",
        "A706": "other classes than those of the data",
        "A707": "images that the network does not read",
        "A708": "a glob that takes nothing",
        "A709": "a stage that trains nothing",
        "A710": "a learning rate of what is not trained",
        "A711": "weights that are not there",
    }.items()
}
