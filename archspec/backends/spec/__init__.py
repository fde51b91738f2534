"""Graph -> spec: the flat text of a network, in which blocks, repeats, conditions and expressions are resolved.

`expand` writes it. Read `flatten` for what becomes of scopes, `names` for what `from` says, `layers` for the lines.
"""

from archspec.backends.spec.document import About, expand
from archspec.backends.spec.names import ExpandError

__all__ = ["About", "ExpandError", "expand"]
