"""A network of the zoo, claim by claim."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from time import perf_counter

from archspec.diagnostics import SpecError
from archspec.verification.claims import HELD, Claim
from archspec.verification.finding import Finding
from archspec.verification.report import ModelReport, versions
from archspec.verification.subject import Subject


def verify(subject: Subject, claims: Sequence[str], tell: Callable[[str], None] = lambda claim: None) -> ModelReport:
    """Hold claims by name against a network; `tell` hears of each before it is held. Whatever goes wrong is the
    claim's finding."""
    start = perf_counter()
    findings = {}
    for name in claims:
        tell(name)
        findings[name] = hold(HELD[name], subject)
    model = subject.model
    entries = tuple(entry.weights for entry in subject.published) or tuple(model.files)
    return ModelReport(model.name, model.family, entries, findings, perf_counter() - start, sources(subject))


def hold(claim: Claim, subject: Subject) -> Finding:
    """The claim on every variant that it is about: the first difference, and the figures of the network itself."""
    if subject.model.weights and not subject.builder:
        return Finding(f"torchvision has no network with the weights {subject.model.weights.split()[-1]}")
    if not claim.alone and not subject.builder:
        return Finding(skipped="no twin in torchvision")
    findings: list[Finding] = []
    for variant in claim.variants(subject):
        findings.append(_found(claim, variant))
        if findings[-1].difference:
            break
    return Finding(findings[-1].difference, findings[0].figures, findings[0].skipped)


def _found(claim: Claim, variant: Subject) -> Finding:
    try:
        finding = claim.hold(variant)
    except Exception as error:  # whatever a network makes torch or us raise is a finding, and other networks wait
        first, *_ = [*str(error).strip().splitlines(), ""]
        finding = Finding(f"{type(error).__name__}: {first}")
    if finding.difference and variant.weights:
        return Finding(f"with the args of {variant.weights}: {finding.difference}", finding.figures)
    return finding


def sources(subject: Subject) -> str:
    """A digest of what decides about a network's findings but for archspec's own code: its files, its entry in the
    zoo, and the libraries. Empty where it has errors."""
    try:
        target = subject.default.compilation.target
    except SpecError:
        return ""
    model = subject.model
    entry = [
        {name: node.span.text for name, (_, node) in args.items()}
        for args in (model.args, *model.weights_args.values(), subject.args)
    ]
    texts = [spec.file.text for spec in target.library.specs]
    said = repr([sorted(texts), entry, model.weights, dict(model.expect), dict(model.rename), versions()])
    return hashlib.sha256(said.encode("utf-8", errors="surrogatepass")).hexdigest()
