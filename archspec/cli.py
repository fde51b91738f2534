"""The command: the only place that prints or exits. Exit codes: 0 well, 1 errors found, 2 usage or I/O."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import get_terminal_size
from threading import Timer
from typing import TYPE_CHECKING, Any

import archspec
from archspec import driver, given, render, zoo
from archspec.diagnostics import Diagnostic, SpecError, near
from archspec.elaborate import MAX_LAYERS
from archspec.syntax.reader import MAX_BYTES
from archspec.types import SPATIAL

if TYPE_CHECKING:
    from archspec.graph import Graph
    from archspec.parity import ParityReport

GOOD, ERRORS, USAGE = 0, 1, 2
_IO_CODES = ("A001", "A003")
_COLUMNS = """MACs: multiply-adds of convolutions, linear layers and matrix products. field: the receptive field,
in pixels of the first image that one position of the output depends on (one number where it is square, whole where
it depends on all). activations, peak: the most bytes of inputs and results that are alive while a layer runs.
MACs and bytes are those of one inference at N = 1. docs/costs.md tells more."""
_PATIENCE_S = 1.0  # a stage that takes longer says what it is doing


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command in this process; gives the exit code, and prints to sys.stdout and sys.stderr."""
    parser = _parser()
    try:
        options = parser.parse_args(argv)
    except SystemExit as stop:  # argparse has printed what is wrong, or the help
        return int(stop.code or 0)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except SpecError as error:
        _print_diagnostics([(error.diagnostics[0].span.file.path, error.diagnostics)])
        return _exit_code(error.diagnostics)
    except BrokenPipeError:  # who reads our output has gone: nothing is left to say, at exit neither
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return GOOD
    except (OSError, driver.PluginError) as error:
        return _complain(str(error), USAGE)
    except KeyboardInterrupt:
        return _complain("interrupted", 130)


def _complain(message: str, code: int) -> int:
    print(f"archspec: {message}", file=sys.stderr)
    return code


# --- the commands ---------------------------------------------------------------------------------


def _check(options: argparse.Namespace) -> int:
    compiled = [(name, _compile(name, options)) for name in options.targets]
    checked = [(name, tuple(found.diagnostics)) for name, found in compiled]
    formats = {"json": render.json_, "github": render.github, "sarif": render.sarif}
    if options.format in formats:
        print(formats[options.format](checked))
    else:
        _print_diagnostics(checked, sys.stdout)
        for name, found in compiled:
            if found.graph is not None and found.graph.requirements:
                _print_requirements(name, found.graph)
    return max(_exit_code(items) for _, items in checked)


def _print_requirements(name: str, graph: Graph) -> None:
    from archspec.reports import sizes_of

    if statements := sizes_of(graph).statements():
        print(f"{name} takes these sizes:")
        for statement in statements:
            print(f"  {statement}")


def _sizes(options: argparse.Namespace) -> int:
    architecture = _architecture(options)
    if not options.input:
        architecture = architecture.with_dynamic(("N", *SPATIAL))
    found = architecture.sizes()
    print(json.dumps(found.as_dict(), indent=2) if options.format == "json" else found.text())
    return GOOD


def _summary(options: argparse.Namespace) -> int:
    summary = _architecture(options).summary()
    report = summary if options.per == "layer" else summary.per(options.per)
    if options.format == "json":
        print(json.dumps(report.as_dict(), indent=2))
    elif options.format == "markdown":
        print(report.markdown(options.depth))
    elif options.format == "csv":
        print(report.csv(options.depth), end="")
    else:
        print(report.text(depth=options.depth, color=_wants_color(sys.stdout)))
    return GOOD


def _export(options: argparse.Namespace) -> int:
    _check_writable(options.output, options.report)
    architecture = _architecture(options)

    def work() -> ParityReport | None:
        return driver.export(
            architecture,
            options.output,
            weights=options.weights,
            device=options.device,
            opset=options.opset,
            dynamic=[label for label in options.dynamic.split(",") if label],
            seed=options.seed,
            parity=options.parity,
        )

    with _progress(f"building {architecture.name}, writing {options.output} and comparing it with torch"):
        report, code = _attempt(work, options)
    if code:
        return code
    if report is not None:
        _write_report(report, options)
        print(report.text())
    elif options.weights is None:
        print(f"initial weights, seed {options.seed}")
    size = os.path.getsize(options.output)
    print(f"wrote {options.output} ({size / 1e6:.1f} MB)")
    return GOOD


def _verify(options: argparse.Namespace) -> int:
    _check_writable(options.report)
    architecture = _architecture(options)

    def work() -> ParityReport:
        return driver.verify(
            options.file, architecture, weights=options.weights, device=options.device, seed=options.seed
        )

    with _progress(f"comparing {options.file} with torch"):
        report, code = _attempt(work, options)
    if code or report is None:
        return code
    _write_report(report, options)
    print(report.text())
    return GOOD if report.passed else ERRORS


def _attempt(work: Callable[[], ParityReport | None], options: argparse.Namespace) -> tuple[ParityReport | None, int]:
    """Do what needs torch and onnx; what may go wrong with a user's files becomes a message."""
    from archspec.backends.onnx import EmitError, NotOnnxError
    from archspec.parity import DeviceError, NoSizes, ParityError
    from archspec.weights import WeightsError

    try:
        return work(), GOOD
    except ParityError as error:
        _write_report(error.report, options)
        print(error.report.text())
        return None, _complain("not in parity: nothing was written", ERRORS)
    except NotOnnxError as error:
        return None, _complain(str(error), USAGE)
    except (WeightsError, EmitError, DeviceError, NoSizes) as error:
        return None, _complain(str(error), ERRORS)


def _check_writable(*paths: str | None) -> None:
    """Tell at once, before a long run, that a result has no place. Raises OSError."""
    for name in filter(None, paths):
        path = Path(name)
        if path.is_dir():
            raise IsADirectoryError(f"{path} is a directory")
        if not path.parent.is_dir():
            raise FileNotFoundError(f"there is no directory {path.parent}")
        if not os.access(path.parent, os.W_OK):
            raise PermissionError(f"the directory {path.parent} cannot be written to")


def _write_report(report: ParityReport, options: argparse.Namespace) -> None:
    if options.report is not None:
        Path(options.report).write_text(json.dumps(report.as_dict(), indent=2) + "\n", encoding="utf-8")


def _zoo_list(options: argparse.Namespace) -> int:
    found = [model for model in zoo.models() if options.pattern in model.name]
    if options.format == "json":
        print(json.dumps([_facts(model) for model in found], indent=2))
        return GOOD
    rows = [
        (m.name, m.family, f"{m.expect.get('params', 0):,}", f"{m.expect.get('gmacs', 0):.3f}", m.weights.split()[-1])
        for m in found
    ]
    _print_table(("model", "family", "params", "GMACs", "weights"), rows, right=(2, 3))
    return GOOD


def _zoo_show(options: argparse.Namespace) -> int:
    model = zoo.model_named(options.model)
    if model is None:
        helps = near(options.model, [each.name for each in zoo.models()])
        return _complain(" ".join([f"there is no model `{options.model}` in the zoo;", *helps]).rstrip(";"), USAGE)
    facts = _facts(model)
    if options.format == "json":
        print(json.dumps(facts, indent=2))
        return GOOD
    for name, value in facts.items():
        if isinstance(value, dict):
            print(f"{name}:")
            print("\n".join(f"  {key:<14}{item}" for key, item in value.items()))
        else:
            print(f"{name + ':':<16}{value}")
    print(f"{'build:':<16}archspec.build({model.name!r})")
    print(f"{'export:':<16}archspec export {model.name} -o {model.name}.onnx")
    return GOOD


def _facts(model: zoo.ZooModel) -> dict[str, Any]:
    args = {name: node.span.text for name, (_, node) in model.args.items()}
    return {
        "name": model.name,
        "family": model.family,
        "spec": model.spec,
        "args": args,
        "weights": model.weights,
        "expect": dict(model.expect),
    }


def _schema(options: argparse.Namespace) -> int:
    from archspec.reports.schema import json_schema

    print(json.dumps(json_schema(), indent=2))
    return GOOD


# --- what commands share --------------------------------------------------------------------------


def _compile(name: str, options: argparse.Namespace) -> driver.Compilation:
    return driver.compile_target(
        name,
        arguments=given.settings(options.set),
        inputs=options.input,
        plugins=options.plugin,
        max_bytes=options.max_bytes,
        max_layers=options.max_layers,
    )


def _architecture(options: argparse.Namespace) -> driver.Architecture:
    """The target without errors; its warnings go to stderr. Raises SpecError."""
    compilation = driver.require_network(_compile(options.target, options))
    if len(compilation.diagnostics):
        _print_diagnostics([(options.target, tuple(compilation.diagnostics))])
    recipe = driver.Recipe(options.target, given.settings(options.set), options.input, plugins=tuple(options.plugin))
    return driver.Architecture(recipe, compilation)


def _print_diagnostics(checked: render.Checked, stream: Any = None) -> None:
    stream = stream or sys.stderr
    print(render.text(checked, width=get_terminal_size().columns, color=_wants_color(stream)), file=stream)


def _wants_color(stream: Any) -> bool:
    return stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def _exit_code(items: Sequence[Diagnostic]) -> int:
    """2 where a target itself cannot be read, 1 for errors in it, else 0."""
    errors = [item for item in items if item.severity == "error"]
    if any(item.code.name in _IO_CODES and not item.span.file.text for item in errors):
        return USAGE
    return ERRORS if errors else GOOD


def _print_table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> None:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        cells = [
            cell.rjust(w) if i in right else cell.ljust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


@contextmanager
def _progress(what: str) -> Iterator[None]:
    """Say on stderr what is going on, once it takes longer than a second."""
    timer = Timer(_PATIENCE_S, lambda: print(f"archspec: {what} ...", file=sys.stderr, flush=True))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


# --- the command line -----------------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    """Says near names for a misspelt command."""

    def error(self, message: str) -> Any:
        words = message.split("'")
        commands = ("check", "summary", "sizes", "export", "verify", "schema", "zoo", "list", "show")
        helps = near(words[1], commands) if "invalid choice" in message and len(words) > 1 else []
        super().error(" ".join([message, *helps]))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="archspec", description="The compiler for neural-network architectures.")
    parser.add_argument("--version", action="version", version=f"archspec {archspec.__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    check = commands.add_parser("check", help="report every mistake of specs, at its line and column")
    check.add_argument("targets", nargs="+", metavar="TARGET", help="a path, a zoo name, or a spec's name")
    check.add_argument("--format", choices=["text", "json", "github", "sarif"], default="text")
    _add_spec_options(check)
    check.set_defaults(command=_check)

    what = "layers with shapes, parameters, MACs, receptive fields; totals"
    summary = commands.add_parser("summary", help=what, description=what, epilog=_COLUMNS)
    summary.add_argument("target", metavar="TARGET")
    per = "a row for each layer, or for each block or op with what its layers add up to"
    summary.add_argument("--per", choices=["layer", "block", "op"], default="layer", help=per)
    summary.add_argument("--depth", type=_positive, help="roll up scopes at this depth")
    summary.add_argument("--format", choices=["text", "json", "csv", "markdown"], default="text")
    _add_spec_options(summary)
    summary.set_defaults(command=_summary)

    sizes = commands.add_parser("sizes", help="which input sizes a network takes, and which layers ask for that")
    sizes.add_argument("target", metavar="TARGET")
    sizes.add_argument("--format", choices=["text", "json"], default="text")
    _add_spec_options(sizes)
    sizes.set_defaults(command=_sizes)

    export = commands.add_parser("export", help="write an ONNX file that is in parity with torch")
    export.add_argument("target", metavar="TARGET")
    export.add_argument("-o", "--output", required=True, metavar="FILE.onnx")
    export.add_argument("--opset", type=int, help="18 by default; raised only where an op needs it")
    dynamic = "axes that stay symbols, by label: N,H,W (N always does)"
    export.add_argument("--dynamic", default="", metavar="LABELS", help=dynamic)
    export.add_argument("--no-parity", dest="parity", action="store_false", help="skip the comparison with torch")
    _add_run_options(export)
    _add_spec_options(export)
    export.set_defaults(command=_export)

    verify = commands.add_parser("verify", help="compare an existing ONNX file with a target")
    verify.add_argument("file", metavar="FILE.onnx")
    verify.add_argument("target", metavar="TARGET")
    _add_run_options(verify)
    _add_spec_options(verify)
    verify.set_defaults(command=_verify)

    schema = commands.add_parser("schema", help="the JSON Schema of the language, for editors")
    schema.set_defaults(command=_schema)

    _add_zoo(commands)
    return parser


def _add_zoo(commands: Any) -> None:
    actions = commands.add_parser("zoo", help="published networks").add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="all of them")
    listing.add_argument("pattern", nargs="?", default="", help="only names that contain this")
    listing.add_argument("--format", choices=["text", "json"], default="text")
    listing.set_defaults(command=_zoo_list)
    show = actions.add_parser("show", help="what is known of one")
    show.add_argument("model", metavar="MODEL")
    show.add_argument("--format", choices=["text", "json"], default="text")
    show.set_defaults(command=_zoo_show)


def _add_spec_options(parser: argparse.ArgumentParser) -> None:
    override = "override an arg of the spec"
    parser.add_argument("--set", action="append", type=_setting, default=[], metavar="NAME=VALUE", help=override)
    shape = "override an input's shape: 1x3x320x320, or image=N,3,H,W"
    parser.add_argument("--input", action="append", default=[], metavar="[NAME=]SHAPE", help=shape)
    parser.add_argument("--plugin", action="append", default=[], metavar="NAME", help="load a package's ops")
    parser.add_argument("--max-bytes", type=_positive, default=MAX_BYTES, help="the largest file that is read")
    parser.add_argument("--max-layers", type=_positive, default=MAX_LAYERS, help="the most layers after expansion")


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--weights", metavar="NAME|FILE", help="published weights of a zoo model, .safetensors or .pt")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--seed", type=int, default=0, help="of initial weights and of the compared inputs")
    parser.add_argument("--report", metavar="FILE.json", help="write the parity report")


def _setting(text: str) -> str:
    name, _, value = text.partition("=")
    if not name.strip() or not value.strip():
        raise argparse.ArgumentTypeError(f"`{text}` sets nothing: write NAME=VALUE")
    return text


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"has to be a whole number of at least 1, and is {text}")
    return int(text)
