"""Warnings: what is legal and nearly always a mistake. One rule for each code; they are looked for in a network without
errors, and reported whatever a spec allows.

`unused` and `branches` read the declarations of a spec, all others the elaborated network: `layers` and `windows` judge
a layer by what it reads, `alignment` by what its inputs see of the image, `heads` by its part of the whole.
"""

from __future__ import annotations

from collections.abc import Sequence

from archspec.diagnostics import Diagnostics
from archspec.graph import Graph
from archspec.lint.alignment import report_misaligned_merges
from archspec.lint.branches import report_continued_branches
from archspec.lint.heads import report_normalized_outputs
from archspec.lint.layers import rules_of
from archspec.lint.network import Network
from archspec.lint.unused import report_unmentioned_names, report_unread_inputs
from archspec.syntax.document import Spec


def lint(chain: Sequence[Spec], graph: Graph | None, diagnostics: Diagnostics) -> None:
    """All warnings about the last spec of a chain, which extends those before it. Where something is wrong already
    there are none: what seems to be unused may stand there, misspelt."""
    if not chain or diagnostics.has_errors:
        return
    report_unmentioned_names(chain, diagnostics)
    report_continued_branches(chain[-1], diagnostics)
    if graph is None:  # a library
        return
    report_unread_inputs(chain[-1], graph, diagnostics)
    network = Network(graph, diagnostics)
    for node in graph.nodes:
        for rule in rules_of(type(node.op)):
            rule(node, network)
    report_misaligned_merges(network)
    report_normalized_outputs(network)
