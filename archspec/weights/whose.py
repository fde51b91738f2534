"""Whose weights are, and what is known of them, by what a user calls them."""

from __future__ import annotations

import re
from dataclasses import replace

from archspec.deployment import channels_of, classes_of
from archspec.graph import Graph
from archspec.weights.facts import Facts, read_facts
from archspec.weights.loading import file_of
from archspec.weights.published import published_as, title_of
from archspec.zoo import SAVED_WEIGHTS, ZooModel


def facts_by_name(weights: str, model: ZooModel | None) -> Facts:
    """What is known of weights that are not loaded yet. Raises WeightsError for those that are nowhere, and for a file
    that tells what cannot be."""
    return facts_with(weights, model, told_by(weights, model))


def told_by(weights: str, model: ZooModel | None) -> Facts:
    """What the file of weights tells of itself: nothing, where they have yet to be fetched. Raises WeightsError."""
    path = file_of(weights, model)
    return Facts() if path is None else read_facts(path)


def facts_with(weights: str, model: ZooModel | None, told: Facts) -> Facts:
    """What is known of weights as they were published, and for the rest as their file has `told`, whose name they have
    if nobody says more."""
    published = published_as(weights, model)
    if published is None or model is None:
        found = told.or_else(Facts(title=_name(weights)))
    else:
        title = title_of(published, model)
        found = Facts(published.preprocessing, title, published.categories, title, published.license).or_else(told)
    return found if found.prepared_for or not found.preprocessing else replace(found, prepared_for=found.title)


def suited(facts: Facts, graph: Graph) -> Facts:
    """What of facts can be meant of a network: names for as many classes as it tells apart, and a preprocessing for as
    many channels as it reads."""
    classes, channels = classes_of(graph), channels_of(graph)
    if facts.classes and len(facts.classes) != classes:
        facts = replace(facts, classes=())
    if facts.preprocessing and channels not in (None, len(facts.preprocessing.mean)):
        facts = replace(facts, preprocessing=None, prepared_for="")
    return facts


def _name(weights: str) -> str:
    """That of the file, and of the folder for what was saved as one."""
    *folders, name = re.split(r"[\\/]+", weights.rstrip("\\/"))
    saved = folders[-1] if name == SAVED_WEIGHTS and folders else name
    return SAVED_WEIGHTS if saved in ("", ".", "..") else saved
