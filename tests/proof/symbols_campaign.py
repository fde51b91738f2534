"""The long run over symbolic sizes, behind `tools/fuzz.py symbols`: random networks, and the specs and models that
archspec brings along."""

from __future__ import annotations

import re
import warnings
from argparse import Namespace
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import fields
from multiprocessing import get_context

from archspec import zoo
from archspec.compilation import compile_target
from tests.proof.networks_draw import draw as draw_program
from tests.proof.networks_text import write
from tests.proof.networks_twin import TooBig
from tests.proof.source import Seeded
from tests.proof.symbols import UPTO, Disagreement, Subject, Tally, all_sizes, prove
from tests.proof.symbols_draw import draw

BATCH = 20  # networks that a process takes at a time
PROGRAMS = 4  # one in so many networks is one of `tools/fuzz.py networks`

Found = list[tuple[str, Disagreement]]


def fuzz(options: Namespace) -> int:
    """Runs `draws` random networks, or with `only` the named specs and models (`only=all`: all of them). Prints what
    they were, and each disagreement. Gives 1 if there is any."""
    if options.replay:
        subjects = [options.replay]
    elif options.only:
        subjects = packaged() if options.only == "all" else options.only.split(",")
    else:
        subjects = [f"{options.seed}:{index}" for index in range(options.draws)]
    tally, found = Tally(), []
    for some, mistakes in _batches(subjects, options.jobs):
        tally += some
        found += mistakes
    for each in fields(tally):
        print(f"{each.name:12}{getattr(tally, each.name):10}")
    kinds: dict[str, Found] = {}
    for name, disagreement in found:
        kinds.setdefault(re.sub(r"[-\d]+|\([^)]*\)", "#", str(disagreement))[:60], []).append((name, disagreement))
    for same in kinds.values():
        name, shortest = min(same, key=lambda each: len(str(each[1])))
        print(f"\n{len(same)} x {shortest}\n  --replay {name}")
    return 1 if found else 0


def packaged() -> list[str]:
    """The specs and zoo models that read one image."""
    return [name for name in (*zoo.spec_names(), *(model.name for model in zoo.models())) if _image(name) is not None]


def _image(target: str) -> Subject | None:
    graph = compile_target(target).graph
    if graph is None or len(graph.inputs) != 1 or graph.inputs[0].type.rank != 4:
        return None
    _, channels, *sizes = graph.inputs[0].type.shape
    if not isinstance(channels, int) or not all(isinstance(size, int) for size in sizes):
        return None
    return Subject(target, channels, (sizes[0], sizes[1]))


def subject_of(name: str) -> Subject | None:
    """A subject by its name: a spec's or a model's, or `seed:index` of a drawn one. None: there is none, because
    it was drawn without a look at torch, which refuses it."""
    _, _, index = name.partition(":")
    if not index:
        return _image(name)
    source = Seeded(f"symbols:{name}")
    if int(index) % PROGRAMS:
        return draw(source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            program = draw_program(source)
        except TooBig:
            return None
    batch, channels, *sizes = program.inputs["image"]
    subject = Subject(write(program, source).text, channels, (sizes[0], sizes[1]), batch)
    return subject if subject.at(*subject.declared)[0] is not None else None


def run(names: Sequence[str], upto: int = UPTO) -> tuple[Tally, Found]:
    """The subjects of these names."""
    tally, found = Tally(), []
    for name in names:
        subject = subject_of(name)
        if subject is None:
            continue
        try:
            prove(subject, all_sizes(subject.declared, upto), tally)
        except Disagreement as disagreement:
            found.append((name, Disagreement(f"{disagreement}\n\n{subject.target}")))
    return tally, found


def _batches(names: Sequence[str], jobs: int) -> Iterator[tuple[Tally, Found]]:
    batches = [names[at : at + BATCH] for at in range(0, len(names), BATCH)]
    if jobs == 1:
        yield from map(run, batches)
        return
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        for future in as_completed([pool.submit(run, batch) for batch in batches]):
            yield future.result()
