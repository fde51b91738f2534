"""What archspec tells of a network: shapes, costs, receptive fields."""

from __future__ import annotations

from archspec.reports.sizes import SizesReport as SizesReport
from archspec.reports.sizes import sizes_of as sizes_of
from archspec.reports.summary import Layer as Layer
from archspec.reports.summary import Summary as Summary
from archspec.reports.summary import summarize as summarize
