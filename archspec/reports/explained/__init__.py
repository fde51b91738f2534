"""What there is to say of one path of a network: where each value comes from, its shapes, costs and keys."""

from __future__ import annotations

from archspec.reports.explained.explanation import Explanation as Explanation
from archspec.reports.explained.finding import Explainer as Explainer
from archspec.reports.explained.finding import names as names
from archspec.reports.explained.finding import watched as watched
