"""The document: a marked tree -> Spec and Block declarations, or diagnostics. Nothing is evaluated here."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import Field

from archspec.diagnostics import CODES, Diagnostics, Help, Severity, near
from archspec.source import SourceFile, Span
from archspec.syntax.languages import is_recipe
from archspec.syntax.layers import LayerDecl, Layers, part_of, read_layer, read_layers, read_order
from archspec.syntax.skeleton import (
    Conditions,
    Count,
    ExpressionNode,
    LayersNode,
    Section,
    Sizes,
    Skeleton,
    Text,
    Texts,
    Version,
)
from archspec.syntax.tree import Mapping, Node, Scalar, Sequence, kind
from archspec.types import DType

VERSION = 1
TYPES = ("int", "float", "bool", "str", "list", "op", "size")
RESERVED = frozenset({"prev", "x", "true", "false", "null"})

_DECLARATION = re.compile(rf"\s*({'|'.join(TYPES)})(\?)?\s*(?:=\s*(.+))?", re.DOTALL)
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)
_BLOCK_NAME = re.compile(r"[A-Z][A-Za-z0-9_]*")
_NAME = re.compile(r"[a-z_]\w*", re.ASCII)


class SpecSkeleton(Skeleton):
    """The sections of a spec."""

    dispensable = frozenset({"name", "description", "reference", "assert", "allow", "state_dict_version"})

    archspec: Version = Field(description="language version")
    name: Text | None = None
    description: Text | None = None
    reference: Text | None = None
    extends: Text | None = Field(None, description="the spec to start from")
    args: Section | None = Field(None, description="hyperparameters: a default, a type word, or `type = default`")
    let: Section | None = Field(None, description="names for expressions")
    inputs: Section | None = Field(None, description="name -> shape, or {shape, dtype, axes}")
    defaults: Section | None = Field(None, description="op -> arguments, for the whole model")
    import_: Texts | None = Field(None, alias="import", description="files whose blocks are used")
    blocks: Section | None = Field(None, description="CamelCase name -> block")
    layers: LayersNode | None = None
    outputs: Section | None = Field(None, description="name -> value, or {from, training, if}")
    assert_: Conditions | None = Field(None, alias="assert", description="promises, checked on every run")
    allow: Texts | None = Field(None, description="codes of warnings to silence")
    init: Section | None = Field(None, description="op or layer path -> tensor -> initialiser of torch.nn.init")
    state_dict_version: Count | None = Field(None, description="what the state_dict's metadata gives as its version")
    replace: Section | None = Field(None, description="with `extends`: path -> layer")
    remove: Texts | None = Field(None, description="with `extends`: paths")
    insert_after: Section | None = Field(None, description="with `extends`: path -> named layers")


class BlockSkeleton(Skeleton):
    """The sections of a block; one with `op` is that op with arguments set."""

    description: Text | None = None
    args: Section | None = None
    inputs: Texts | None = None
    let: Section | None = None
    layers: LayersNode | None = None
    order: Texts | None = Field(None, description="in which order the children are registered")
    op: ExpressionNode | None = None
    assert_: Conditions | None = Field(None, alias="assert")


class InputSkeleton(Skeleton):
    """A model input in its long form."""

    shape: Sizes
    dtype: Text | None = None
    axes: Sizes | None = None


class OutputSkeleton(Skeleton):
    """A model output in its long form."""

    from_: ExpressionNode = Field(alias="from")
    training: ExpressionNode | None = None
    if_: ExpressionNode | None = Field(None, alias="if")


@dataclass(frozen=True, slots=True, eq=False)
class ArgDecl:
    """A declared argument. `type` is None where a text default has to tell an op from a word."""

    key: Scalar
    type: str | None
    optional: bool = False
    default: Node | None = None
    literal: bool = True  # whether the default is plain YAML rather than an expression
    broken: bool = False  # its declaration makes no sense, which is reported: it has no value

    @property
    def required(self) -> bool:
        return self.default is None and not self.broken


@dataclass(slots=True, eq=False)
class BlockDecl:
    """A block: layers with arguments; or, where `layers` is None, an op with arguments set."""

    name: str
    key: Scalar
    body: Span  # all of it, from its key on
    args: dict[str, ArgDecl] = field(default_factory=dict)
    inputs: tuple[str, ...] = ("x",)
    let: Mapping | None = None
    layers: Layers | None = None
    bound: LayerDecl | None = None
    asserts: list[Scalar] = field(default_factory=list)
    broken: bool = False  # as an argument


@dataclass(frozen=True, slots=True, eq=False)
class InputDecl:
    """A model input."""

    key: Scalar
    shape: list[Scalar]
    dtype: DType
    axes: list[Scalar] | None
    broken: bool = False  # as an argument


@dataclass(frozen=True, slots=True, eq=False)
class OutputDecl:
    """A model output."""

    key: Scalar
    source: Scalar
    training: Scalar | None = None
    condition: Scalar | None = None


@dataclass(slots=True, eq=False)
class Spec:
    """One file: a network, or, without inputs and layers, a library of blocks."""

    file: SourceFile
    root: Mapping
    name: str
    description: str = ""
    reference: str = ""
    extends: Scalar | None = None
    args: dict[str, ArgDecl] = field(default_factory=dict)
    let: Mapping | None = None
    inputs: dict[str, InputDecl] = field(default_factory=dict)
    defaults: Mapping | None = None
    imports: list[Scalar] = field(default_factory=list)
    blocks: dict[str, BlockDecl] = field(default_factory=dict)
    layers: Layers | None = None
    outputs: list[OutputDecl] | None = None
    asserts: list[Scalar] = field(default_factory=list)
    allow: list[Scalar] = field(default_factory=list)
    init: Mapping | None = None
    state_dict_version: int | None = None
    replace: dict[str, LayerDecl] = field(default_factory=dict)
    remove: dict[str, Scalar] = field(default_factory=dict)
    insert_after: dict[str, tuple[Scalar, Layers]] = field(default_factory=dict)

    @property
    def is_library(self) -> bool:
        return not self.inputs and self.layers is None and self.extends is None


def read_spec(root: Node, file: SourceFile, diagnostics: Diagnostics) -> Spec | None:
    """The declarations of a file; None where its outline does not fit."""
    if not isinstance(root, Mapping):
        diagnostics.add("A203", f"a spec is a mapping, and this file holds {kind(root)}", root.span)
        return None
    if is_recipe(root):
        place = root.entries["recipe"][0].span
        helps = ["a recipe tells how a network is trained: `archspec train` and `archspec check` read it"]
        diagnostics.add("A701", "this is a recipe, and a spec belongs here", place, helps=helps)
        return None
    skeleton = SpecSkeleton.read(root, diagnostics, "a spec")
    if skeleton is None:
        return None
    if skeleton.archspec.value != VERSION:
        message = f"this archspec knows language version {VERSION}, and the spec asks for {skeleton.archspec.text}"
        diagnostics.add("A204", message, skeleton.archspec.span)
        return None
    spec = Spec(file, root, skeleton.name.text if skeleton.name else _stem(file.path))
    spec.description = skeleton.description.text if skeleton.description else ""
    spec.reference = skeleton.reference.text if skeleton.reference else ""
    spec.extends = skeleton.extends
    spec.args = _arguments(skeleton.args, diagnostics)
    spec.let = _names(skeleton.let, diagnostics)
    for key, _ in spec.let or ():
        if key.text in spec.args:
            diagnostics.add("A311", f"`{key.text}` is an arg already", key.span)
    spec.inputs = dict(_inputs(skeleton.inputs, diagnostics))
    spec.defaults, spec.init = skeleton.defaults, skeleton.init
    version = skeleton.state_dict_version.value if skeleton.state_dict_version else None
    spec.state_dict_version = version if isinstance(version, int) else None
    spec.imports = _items(skeleton.import_)
    spec.blocks = dict(_blocks(skeleton.blocks, diagnostics))
    spec.layers = read_layers(skeleton.layers, diagnostics) if skeleton.layers else None
    spec.outputs = list(_outputs(skeleton.outputs, diagnostics)) if skeleton.outputs else None
    spec.asserts, spec.allow = _items(skeleton.assert_), list(_silenced(skeleton.allow, diagnostics))
    _read_edits(skeleton, spec, diagnostics)
    _check_outline(skeleton, spec, diagnostics)
    return spec


def _stem(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2].removesuffix(".yaml").removesuffix(".yml")


def _items(node: Sequence | None) -> list[Scalar]:
    return [item for item in node.items if isinstance(item, Scalar)] if node else []


def _silenced(node: Sequence | None, diagnostics: Diagnostics) -> Iterator[Scalar]:
    """The codes that `allow` names, as far as they are those of warnings."""
    warnings = [code.name for code in CODES.values() if code.severity is Severity.WARNING] if node else []
    known = "the codes of warnings start with A4"
    for item in _items(node):
        if item.text in warnings:
            yield item
        elif item.text in CODES:
            message = f"`{item.text}` is an error, and `allow` silences warnings"
            diagnostics.add("A203", message, item.span, helps=[known])
        else:
            helps = near(item.text, warnings, known)
            diagnostics.add("A301", f"there is no warning `{item.text}`", item.span, helps=helps)


def _check_outline(skeleton: SpecSkeleton, spec: Spec, diagnostics: Diagnostics) -> None:
    span = spec.root.entries["archspec"][0].span
    if spec.extends is not None:
        if spec.layers is not None:
            key = spec.root.entries["layers"][0]
            diagnostics.add("A206", "a spec has `layers` or `extends`, not both", key.span)
        return
    for word in ("replace", "remove", "insert_after"):
        if word in spec.root:
            diagnostics.add("A201", f"`{word}` goes with `extends` only", spec.root.entries[word][0].span)
    if spec.layers is not None and (skeleton.inputs is None or not skeleton.inputs.entries):
        diagnostics.add(
            "A202", "a spec with layers needs `inputs`", span, helps=["say `inputs: {image: [N, 3, 224, 224]}`"]
        )
    if spec.layers is None and skeleton.inputs is not None:
        diagnostics.add("A202", "a spec with inputs needs `layers`", span)
    if spec.is_library and not spec.blocks and skeleton.blocks is None:
        diagnostics.add("A202", "a spec has `layers`, or at least `blocks`", span)


def check_name(key: Scalar, what: str, diagnostics: Diagnostics) -> bool:
    """Whether a name can stand in expressions."""
    name = key.text
    if not _NAME.fullmatch(name):
        message = f"`{name}` cannot name {what}"
        diagnostics.add("A205", message, key.span, helps=["a name starts in lower case and has letters, digits and _"])
        return False
    if keyword.iskeyword(name) or name in RESERVED:
        diagnostics.add("A205", f"`{name}` is a word of the language, and cannot name {what}", key.span)
        return False
    return True


def _names(section: Mapping | None, diagnostics: Diagnostics) -> Mapping | None:
    for key, _ in section or ():
        check_name(key, "a value", diagnostics)
    return section


def _arguments(section: Mapping | None, diagnostics: Diagnostics) -> dict[str, ArgDecl]:
    found: dict[str, ArgDecl] = {}
    for key, node in section or ():
        declared = _argument(key, node, diagnostics) if check_name(key, "an argument", diagnostics) else None
        found[key.text] = declared or ArgDecl(key, None, broken=True)
    return found


def _argument(key: Scalar, node: Node, diagnostics: Diagnostics) -> ArgDecl | None:
    if isinstance(node, Sequence):
        return ArgDecl(key, "list", default=node)
    if isinstance(node, Mapping):
        diagnostics.add(
            "A207", f"the default of `{key.text}` is a mapping, which no argument takes", node.span.slice(0, 1)
        )
        return None
    if node.broken:  # no number, which is reported
        return None
    if isinstance(node.value, str):
        match = _DECLARATION.fullmatch(node.text)
        if match is None and node.inner != node.span and _NUMBER.fullmatch(node.text):
            help = Help(f"write `{node.text}`", node.text)
            message = f"the default of `{key.text}` is a number in quotes, which makes it a text"
            diagnostics.add("A207", message, node.span, helps=[help])
            return None
        if match is None:
            return ArgDecl(key, None, default=node)
        default = part_of(node, *match.span(3)) if match.group(3) else None
        return ArgDecl(key, match.group(1), bool(match.group(2)), default, literal=False)
    if node.value is None:
        helps = [f"write `{key.text}: int? = null`"]
        diagnostics.add("A207", f"null does not tell the type of `{key.text}`", node.span, helps=helps)
        return None
    return ArgDecl(key, type(node.value).__name__, default=node)


def _inputs(section: Mapping | None, diagnostics: Diagnostics) -> Iterator[tuple[str, InputDecl]]:
    for key, node in section or ():
        check_name(key, "an input", diagnostics)
        yield key.text, _input(key, node, diagnostics) or InputDecl(key, [], DType.float32, None, broken=True)


def _input(key: Scalar, node: Node, diagnostics: Diagnostics) -> InputDecl | None:
    dtype, axes, shape = DType.float32, None, node
    if isinstance(node, Mapping):
        skeleton = InputSkeleton.read(node, diagnostics, "an input")
        if skeleton is None:
            return None
        shape = skeleton.shape
        axes = _items(skeleton.axes) if skeleton.axes else None
        if (word := skeleton.dtype) is not None:
            if word.text not in DType.__members__:
                helps = near(word.text, DType, f"one of {', '.join(DType)}")
                diagnostics.add("A305", f"there is no dtype `{word.text}`", word.span, helps=helps)
                return None
            dtype = DType(word.text)
    if not isinstance(shape, Sequence) or not all(isinstance(item, Scalar) for item in shape.items):
        help = Help(f"write `{key.text}: [N, 3, 224, 224]`")
        diagnostics.add("A203", f"the shape of `{key.text}` has to be a list of sizes", node.span, helps=[help])
        return None
    return InputDecl(key, _items(shape), dtype, axes)


def _outputs(section: Mapping, diagnostics: Diagnostics) -> Iterator[OutputDecl]:
    for key, node in section:
        if isinstance(node, Scalar) and node.value is not None:
            yield OutputDecl(key, node)
        elif isinstance(node, Mapping):
            skeleton = OutputSkeleton.read(node, diagnostics, "an output")
            if skeleton is not None:
                yield OutputDecl(key, skeleton.from_, skeleton.training, skeleton.if_)
        else:
            diagnostics.add("A203", f"an output is a layer's name or a mapping, and this is {kind(node)}", node.span)


def _blocks(section: Mapping | None, diagnostics: Diagnostics) -> Iterator[tuple[str, BlockDecl]]:
    for key, node in section or ():
        body = Span(key.span.file, key.span.start, node.span.end)
        yield key.text, _block(key, node, body, diagnostics) or BlockDecl(key.text, key, body, broken=True)


def _block(key: Scalar, node: Node, body: Span, diagnostics: Diagnostics) -> BlockDecl | None:
    if not _BLOCK_NAME.fullmatch(key.text):
        camel = "".join(part[:1].upper() + part[1:] for part in re.split(r"\W|_", key.text))
        helps = [f"blocks are CamelCase: `{camel}`"]
        diagnostics.add("A205", f"`{key.text}` cannot name a block", key.span, helps=helps)
        return None
    if not isinstance(node, Mapping):
        diagnostics.add("A203", f"a block is a mapping, and this is {kind(node)}", node.span)
        return None
    words = set(BlockSkeleton.keys())
    bound = "op" in node and "layers" not in node
    own = Mapping({k: entry for k, entry in node.entries.items() if k in words or not bound}, node.span)
    skeleton = BlockSkeleton.read(own, diagnostics, "a block")
    if skeleton is None:
        return None
    if (skeleton.op is None) == (skeleton.layers is None):
        diagnostics.add("A206", "a block has either `layers` or `op`", key.span)
        return None
    inputs = tuple(item.text for item in _items(skeleton.inputs)) or ("x",)
    block = BlockDecl(key.text, key, body, _arguments(skeleton.args, diagnostics), inputs)
    block.let = _names(skeleton.let, diagnostics)
    block.asserts = _items(skeleton.assert_)
    _check_block_names(block, skeleton, diagnostics)
    if skeleton.layers is not None:
        block.layers = read_layers(skeleton.layers, diagnostics)
        read_order(skeleton.order, block.layers, diagnostics)
    else:
        if skeleton.order is not None:
            diagnostics.add("A201", "`order` goes with `layers` only", node.entries["order"][0].span)
        arguments = {k: entry for k, entry in node.entries.items() if k not in words}
        block.bound = LayerDecl("op", key.span, key, None, word=skeleton.op, arguments=arguments)
    return block


def _check_block_names(block: BlockDecl, skeleton: BlockSkeleton, diagnostics: Diagnostics) -> None:
    for item in _items(skeleton.inputs):
        if item.text != "x":
            check_name(item, "an input", diagnostics)
    if len(set(block.inputs)) < len(block.inputs) and skeleton.inputs is not None:
        diagnostics.add("A311", "two inputs of a block share a name", skeleton.inputs.span)
    for key, _ in block.let or ():
        if key.text in block.args:
            diagnostics.add("A311", f"`{key.text}` is an argument of the block already", key.span)


def _read_edits(skeleton: SpecSkeleton, spec: Spec, diagnostics: Diagnostics) -> None:
    for key, node in skeleton.replace or ():
        layer = read_layer(node, None, diagnostics)
        if layer.kind == "splice" or layer.loops:
            helps = ["a scope, `layers: [...]`, may hold several"]
            diagnostics.add("A206", "a replacement is one layer, without `splice` and `repeat`", key.span, helps=helps)
            continue
        layer.key, layer.span = key, key.span
        spec.replace[key.text] = layer
    for item in _items(skeleton.remove):
        if spec.extends is not None and (item.text in spec.replace or item.text in spec.remove):
            diagnostics.add("A311", f"`{item.text}` is replaced or removed already", item.span)
        spec.remove[item.text] = item
    for key, node in skeleton.insert_after or ():
        if isinstance(node, Mapping):
            spec.insert_after[key.text] = (key, read_layers(node, diagnostics))
        else:
            diagnostics.add("A203", f"`insert_after` holds named layers, and this is {kind(node)}", node.span)


def place_of(spec: Spec, section: str) -> Span:
    """The key of a section, or the start of the file."""
    return spec.root.entries[section][0].span if section in spec.root else spec.root.span.slice(0, 1)
