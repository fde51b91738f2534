"""Several files: `import`, `extends`, `spec` as a layer; what each of them sees, and what they inherit."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

import archspec
from tests.elaborate.conftest import Write
from tests.elaborate.features import Twin, chain, compare, conv

HEAD = "archspec: 1\ninputs: {image: [N, 3, 8, 8]}\n"

SMALL = """
archspec: 1
args: {width: 4, act: ReLU}
inputs: {image: [N, 3, 8, 8]}
defaults: {BatchNorm2d: {eps: 0.01, momentum: 0.3}}
layers:
  stem: {op: Conv2d, out_channels: width, kernel_size: 3, padding: 1}
  bn: BatchNorm2d
  stage{i + 1}:
    repeat: i in range(2)
    layers:
      - {op: Conv2d, out_channels: width * 2 ** (i + 1), kernel_size: 1, stride: 2}
      - act
  pool: {op: AdaptiveAvgPool2d, output_size: 1}
  flatten: Flatten
  fc: {op: Linear, out_features: 10}
"""


def small(width: int = 4, act: type[nn.Module] = nn.ReLU, **more: nn.Module | None) -> nn.Sequential:
    """The twin of `SMALL`; more: other modules by name, None for none, new ones behind `pool`."""
    layers: dict[str, nn.Module | None] = {
        "stem": conv(3, width, 3, padding=1),
        "bn": nn.BatchNorm2d(width, eps=0.01, momentum=0.3),
        "stage1": nn.Sequential(conv(width, 2 * width, stride=2), act()),
        "stage2": nn.Sequential(conv(2 * width, 4 * width, stride=2), act()),
        "pool": nn.AdaptiveAvgPool2d(1),
        "drop": None,
        "flatten": nn.Flatten(),
        "fc": nn.Linear(4 * width, 10),
    }
    return chain(**{name: layer for name, layer in (layers | more).items() if layer is not None})


def codes(path: str) -> list[str]:
    return [item.code.name for item in archspec.check(path)]


# --- extends --------------------------------------------------------------------------------------------


def test_args_are_overridden_and_layers_replaced_removed_inserted(write: Write) -> None:
    path = write(
        small=SMALL,
        new="""
        archspec: 1
        extends: small
        args: {width: 2, classes: 5}
        replace: {fc: {op: Linear, out_features: classes}, stage1.1: GELU}
        remove: [bn]
        insert_after: {pool: {drop: {op: Dropout, p: 0.1}}}
        """,
    )
    twin = small(2, bn=None, drop=nn.Dropout(0.1), fc=nn.Linear(8, 5))
    twin.stage1[1] = nn.GELU()
    compare(archspec.load(path), twin)


def test_what_is_not_mentioned_is_inherited(write: Write) -> None:
    base = SMALL.replace("archspec: 1", "archspec: 1\nassert: [fc.C == 10]\nallow: [A402]\noutputs: {y: fc, z: pool}")
    path = write(small=base, new="archspec: 1\nextends: small\ndefaults: {BatchNorm2d: {eps: 0.5}}\n")
    architecture = archspec.load(path)
    assert [output.name for output in architecture.outputs] == ["y", "z"]
    module = archspec.build(architecture)
    assert (module.bn.eps, module.bn.momentum) == (0.5, 0.3)  # argument by argument
    broken = write(new="archspec: 1\nextends: small\nreplace: {fc: {op: Linear, out_features: 9}}\n")
    assert [(item.code.name, item.span.text) for item in archspec.check(broken)] == [("A313", "fc.C == 10")]


def test_inputs_and_outputs_of_one_s_own_take_the_place_of_the_base_s(write: Write) -> None:
    path = write(
        small=SMALL + "outputs: {y: fc}\n",
        new="""
        archspec: 1
        extends: small
        inputs: {pixels: [N, 1, 4, 4]}
        outputs: {features: pool}
        remove: [flatten, fc]
        """,
    )
    architecture = archspec.load(path)
    assert [(value.name, str(value.type)) for value in architecture.inputs] == [("pixels", "N x 1 x 4 x 4")]
    assert [output.name for output in architecture.outputs] == ["features"]


def test_a_chain_of_extensions(write: Write) -> None:
    write(
        small=SMALL,
        mid="""
        archspec: 1
        extends: small
        args: {width: 8, classes: 7}
        remove: [stage2]
        replace: {fc: {op: Linear, out_features: classes}}
        """,
    )
    path = write(top="archspec: 1\nextends: mid\nargs: {act: SiLU, classes: 3}\ninsert_after: {bn: {relu: act}}\n")
    twin = chain(
        stem=conv(3, 8, 3, padding=1),
        bn=nn.BatchNorm2d(8, eps=0.01, momentum=0.3),
        relu=nn.SiLU(),
        stage1=nn.Sequential(conv(8, 16, stride=2), nn.SiLU()),
        pool=nn.AdaptiveAvgPool2d(1),
        flatten=nn.Flatten(),
        fc=nn.Linear(16, 3),
    )
    compare(archspec.load(path), twin)
    compare(archspec.load("./small.yaml"), small())


def test_the_last_file_of_a_chain_has_the_last_word(write: Write) -> None:
    write(small=SMALL, mid="archspec: 1\nextends: small\nremove: [bn]\nreplace: {stage1.1: Tanh}\n")
    path = write(top="archspec: 1\nextends: mid\nreplace: {bn: ReLU6}\nremove: [stage1.1]\n")
    twin = small(bn=nn.ReLU6())
    twin.stage1 = nn.Sequential(twin.stage1[0])
    compare(archspec.load(path), twin)


def test_a_removed_layer_is_an_alias_and_keeps_its_number(write: Write) -> None:
    path = write(small=SMALL, new="archspec: 1\nextends: small\nremove: [stage1.0]\n")
    assert list(archspec.build(path).stage1.state_dict()) == []
    assert [name for name, _ in archspec.build(path).stage1.named_children()] == ["1"]
    assert archspec.load(path).graph.aliases["stage1.0"].name == "bn"


def test_a_replacement_reads_what_the_layer_read_with_the_names_of_its_file(write: Write) -> None:
    base = HEAD + (
        "layers:\n  a{i}: {op: ReLU, repeat: i in range(2)}\n"
        '  b{i}: {op: Add, repeat: i in range(2), from: [a0, "a{1 - i}"]}\n  c: {op: Add, from: [b0, b1]}\n'
    )
    path = write(
        base=base,
        new='archspec: 1\nextends: base\nargs: {k: 1}\nreplace: {b0: {op: Sub}, b1: {op: Mul, from: [prev, "a{k}"]}}\n',
    )
    compare(archspec.load(path), Twin(lambda m, x: (d := (a := x.relu()) - a.relu()) + d * a.relu()))


def test_a_replacement_may_be_absent_and_may_have_let(write: Write) -> None:
    path = write(
        small=SMALL,
        new="""
        archspec: 1
        extends: small
        args: {norm: false}
        replace:
          bn: {op: BatchNorm2d, if: norm}
          stage1.1: null
          fc: {let: {n: width + 1}, op: Linear, out_features: n}
        """,
    )
    twin = small(bn=None, fc=nn.Linear(16, 5))
    twin.stage1 = nn.Sequential(twin.stage1[0])
    compare(archspec.load(path), twin)


def test_an_extension_may_give_its_own_blocks_to_the_base(write: Write) -> None:
    path = write(
        small=SMALL,
        new="archspec: 1\nextends: small\nblocks: {Twice: {layers: [ReLU, Tanh]}}\nargs: {act: Twice}\n",
    )
    compare(archspec.load(path), small(act=lambda: nn.Sequential(nn.ReLU(), nn.Tanh())))  # type: ignore[arg-type]


def test_what_an_extension_says_of_an_arg_is_read_in_its_own_file(write: Write) -> None:
    path = write(
        small=SMALL,
        new="archspec: 1\nextends: small\nargs: {scale: 3, width: int = unit * scale}\nlet: {unit: 2}\n",
    )
    compare(archspec.load(path), small(6))
    compare(archspec.load(path, scale=1), small(2))
    compare(archspec.load(path, width=5, args={"scale": 1}), small(5))


def test_inserted_layers_may_repeat_and_read(write: Write) -> None:
    path = write(
        small=SMALL,
        new="""
        archspec: 1
        extends: small
        insert_after:
          bn:
            extra{i}: {op: Conv2d, repeat: i in range(2), out_channels: prev.C, kernel_size: 1}
            sum: {op: Add, from: [extra1, bn, stem]}
          stage1.0: {norm: {op: BatchNorm2d, eps: 0.1}}
        """,
    )
    twin = Twin(
        lambda m, x: m.fc(m.flatten(m.pool(m.stage2(m.stage1(m.extra1(m.extra0(b := m.bn(s := m.stem(x)))) + b + s))))),
        stem=conv(3, 4, 3, padding=1),
        bn=nn.BatchNorm2d(4, eps=0.01, momentum=0.3),
        extra0=conv(4, 4),
        extra1=conv(4, 4),
        stage1=chain(**{"0": conv(4, 8, stride=2), "norm": nn.BatchNorm2d(8, eps=0.1, momentum=0.3), "1": nn.ReLU()}),
        stage2=nn.Sequential(conv(8, 16, stride=2), nn.ReLU()),
        pool=nn.AdaptiveAvgPool2d(1),
        flatten=nn.Flatten(),
        fc=nn.Linear(16, 10),
    )
    compare(archspec.load(path), twin)


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("remove: [layer7]\nreplace: {fcc: ReLU}\ninsert_after: {poool: {a: ReLU}}", ["A315", "A315", "A315"]),
        ("remove: [fc]\nreplace: {fc: ReLU}", ["A311"]),
        ("remove: [fc, fc]", ["A311"]),
        ("layers: {a: ReLU}", ["A206"]),
        ("replace: {fc: {op: ReLU, repeat: 2}}", ["A206"]),
        ("replace: {fc: {splice: [ReLU]}}", ["A206"]),
        ("replace: {fc: 3}", ["A203"]),
        ("insert_after: {fc: [ReLU]}", ["A203"]),
        ("insert_after: {pool: {fc: ReLU}}", ["A311"]),
        ("args: {width: wide}", ["A301"]),
        ("args: {width: 2.5}", ["A305"]),
        ("args: {widht: 2}", ["A401", "A405"]),
        ("args: {width: int = width + 1}", ["A307"]),
    ],
)
def test_what_an_extension_cannot_do(lines: str, found: list[str], write: Write) -> None:
    assert codes(write(small=SMALL, new=f"archspec: 1\nextends: small\n{lines}\n")) == found


def test_extensions_in_circles_and_into_nothing(write: Write) -> None:
    assert codes(write(a="archspec: 1\nextends: a\n")) == ["A314"]
    assert codes(write(a="archspec: 1\nextends: b\n", b="archspec: 1\nextends: a\n")) == ["A314"]
    assert codes(write(a="archspec: 1\nextends: nothing\n")) == ["A003"]
    assert codes(write(lib="archspec: 1\nblocks: {B: {layers: [ReLU]}}\n", a="archspec: 1\nextends: lib\n")) == ["A003"]
    assert codes(write(a=HEAD + "layers: {a: ReLU}\nremove: [a]\nreplace: {a: ReLU}\n")) == ["A201", "A201"]


# --- import -----------------------------------------------------------------------------------------------

LIBRARY = """
archspec: 1
args: {groups: 1}
let: {wide: groups * 4}
import: [more]
blocks:
  ConvAct:
    args: {out: int, act: op? = ReLU}
    layers: [{op: Conv2d, out_channels: out, kernel_size: 1}, act]
  Wide: {layers: [{op: ConvAct, out: wide, act: null}, Extra]}
"""
MORE = "archspec: 1\nblocks: {Extra: {layers: [Tanh]}}\n"


def test_imported_blocks_see_their_own_file(write: Write) -> None:
    path = write(
        library=LIBRARY,
        more=MORE,
        net=HEAD
        + "args: {wide: 9, groups: 7}\nimport: [library]\nblocks: {Mine: {layers: [GELU]}}\n"
        + "layers: {a: Wide, b: {op: ConvAct, out: wide, act: Mine}, c: {op: ConvAct, out: groups}}\n",
    )
    twin = chain(
        a=nn.Sequential(nn.Sequential(conv(3, 4)), nn.Sequential(nn.Tanh())),
        b=nn.Sequential(conv(4, 9), nn.Sequential(nn.GELU())),
        c=nn.Sequential(conv(9, 7), nn.ReLU()),
    )
    compare(archspec.load(path), twin)


def test_imported_blocks_do_not_see_the_importer(write: Write) -> None:
    library = "archspec: 1\nblocks: {B: {layers: [{op: Conv2d, out_channels: width, kernel_size: 1}]}}\n"
    path = write(
        library=library, net=HEAD + "args: {width: 9}\nimport: [library]\nlayers: [B, {op: Dropout, p: 1 / width}]\n"
    )
    [item] = archspec.check(path)
    assert (item.code.name, item.span.text, item.span.file.path) == ("A301", "width", "library.yaml")


def test_only_a_file_s_own_blocks_are_imported(write: Write) -> None:
    net = HEAD + "import: [library]\nlayers: [Extra]\n"
    assert codes(write(library=LIBRARY, more=MORE, net=net)) == ["A302"]
    assert codes(write(net=net.replace("[library]", "[library, more, more.yaml]"))) == []


def test_imports_that_clash_are_told(write: Write) -> None:
    net = HEAD + "import: [more]\nblocks: {Extra: {layers: [ReLU]}}\nlayers: [Extra]\n"
    [item] = archspec.check(write(more=MORE, net=net))
    assert (item.code.name, [label.text for label in item.labels]) == ("A311", ["defined here"])
    other = HEAD + "import: [more, other]\nlayers: [Extra]\n"
    assert codes(write(other=MORE, net=other)) == ["A311"]


def test_files_may_import_each_other(write: Write) -> None:
    one = (
        "archspec: 1\nimport: [two]\nblocks: {One: {args: {n: int}, layers: [{op: Two, n: n - 1, if: n > 0}, ReLU]}}\n"
    )
    two = (
        "archspec: 1\nimport: [one]\nblocks: {Two: {args: {n: int}, layers: [{op: One, n: n - 1, if: n > 0}, Tanh]}}\n"
    )
    path = write(one=one, two=two, net=HEAD + "import: [one]\nlayers: [{op: One, n: 2}]\n")
    assert [type(node.op).__name__ for node in archspec.load(path).graph.nodes] == ["ReLU", "Tanh", "ReLU"]


def test_the_packaged_library_is_within_reach_and_one_s_own_file_comes_first(write: Write) -> None:
    net = HEAD + "import: [blocks/conv.yaml]\nlayers: [{op: ConvNormAct, out: 4}]\n"
    assert codes(write(net=net)) == []
    own = "archspec: 1\nblocks: {ConvNormAct: {args: {out: int}, layers: [{op: Linear, out_features: out}]}}\n"
    assert codes(write(blocks__conv=own, net=net)) == ["A402"]


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "secret.txt", "link", "http://example.com/a.yaml", ""]
)
def test_nothing_outside_the_folder_can_be_named(name: str, write: Write, tmp_path: Path) -> None:
    (tmp_path.parent / "secret.yaml").write_text(MORE)
    (tmp_path / "link.yaml").symlink_to(tmp_path.parent / "secret.yaml")
    assert codes(write(net=HEAD + f"import: ['{name}']\nlayers: [ReLU]\n")) == ["A003"]


def test_mistakes_of_an_imported_file_are_told_at_their_own_place(write: Write) -> None:
    path = write(
        library="archspec: 1\nblocks: {B: {layers: [ReLu, *x]}}\n", net=HEAD + "import: [library]\nlayers: [ReLU]\n"
    )
    assert [(item.code.name, item.span.file.path) for item in archspec.check(path)] == [("A103", "library.yaml")]


# --- spec -------------------------------------------------------------------------------------------------


def test_a_spec_stands_as_a_layer_and_is_read_inside(write: Write) -> None:
    path = write(
        small=SMALL,
        net=HEAD
        + """
layers:
  backbone: {spec: small, width: 2, until: stage2}
  side: {op: Conv2d, from: backbone.stage1.0, out_channels: 8, kernel_size: 1, stride: 2}
  add: {op: Add, from: [backbone, side]}
""",
    )
    inner = small(2)
    del inner.pool, inner.flatten, inner.fc
    twin = Twin(
        lambda m, x: (
            m.backbone.stage2(m.backbone.stage1[1](s := m.backbone.stage1[0](m.backbone.bn(m.backbone.stem(x)))))
            + m.side(s)
        ),
        backbone=inner,
        side=conv(4, 8, stride=2),
    )
    compare(archspec.load(path), twin)


def test_defaults_of_the_spec_around_win_and_hold_nowhere_else(write: Write) -> None:
    path = write(
        small=SMALL,
        net=HEAD + "defaults: {BatchNorm2d: {momentum: 0.5}}\nlayers: {a: {spec: small, until: bn}, b: BatchNorm2d}\n",
    )
    module = archspec.build(path)
    assert (module.a.bn.eps, module.a.bn.momentum) == (0.01, 0.5)
    assert (module.b.eps, module.b.momentum) == (1e-5, 0.5)


def test_initialisation_comes_along_with_a_spec_unless_the_one_around_says_otherwise(write: Write) -> None:
    inits = "init: {Conv2d: {weight: zeros}, fc: {weight: ones, bias: {constant: {val: 2}}}, stage2.0: {bias: ones}}\n"
    net = HEAD + "init: {Linear: {bias: zeros}, b.stem: {weight: ones}}\n"
    net += "layers: {b: {spec: small}, c: {op: Linear, out_features: 2}}\n"
    module = archspec.build(write(small=SMALL + inits, net=net))
    assert [module.b.stem.weight.mean(), module.b.stage1[0].weight.abs().max(), module.b.stage2[0].bias.mean()] == [
        1,
        0,
        1,
    ]
    assert [module.b.fc.weight.mean(), module.b.fc.bias.abs().max(), module.c.bias.abs().max()] == [1, 0, 0]
    assert module.c.weight.std() > 0.1


def test_a_spec_that_extends_another_may_stand_as_a_layer_repeated_and_shared(write: Write) -> None:
    path = write(
        small=SMALL,
        variant="""
        archspec: 1
        extends: small
        args: {width: 2}
        remove: [bn]
        replace: {fc: {op: Linear, out_features: 3}, stage1.1: GELU}
        insert_after: {pool: {drop: Dropout}}
        """,
        net=HEAD
        + """
layers:
  b{i}: {spec: variant, act: SiLU, until: stage2, repeat: i in range(2), from: image}
  again: {share: b0, from: image}
  whole: {spec: variant, from: image}
  cat: {op: Concat, from: [b0, b1, again]}
outputs: {cat: cat, whole: whole}
""",
    )

    def cut() -> nn.Sequential:
        made = small(2, nn.SiLU, bn=None)
        made.stage1[1] = nn.GELU()
        del made.pool, made.flatten, made.fc
        return made

    whole = small(2, bn=None, drop=nn.Dropout(), fc=nn.Linear(8, 3))
    whole.stage1[1] = nn.GELU()
    twin = Twin(
        lambda m, x: {"cat": torch.cat([m.b0(x), m.b1(x), m.b0(x)], 1), "whole": m.whole(x)},
        b0=cut(),
        b1=cut(),
        whole=whole,
    )
    compare(archspec.load(path), twin)


def test_names_of_specs_and_layers_may_hold_expressions(write: Write) -> None:
    net = HEAD + 'args: {which: small, last: 1}\nlayers: {b: {spec: "{which}", until: "stage{last}"}}\n'
    assert [node.path for node in archspec.load(write(small=SMALL, net=net)).graph.nodes][-1] == "b.stage1.1"


def test_a_spec_of_several_inputs(write: Write) -> None:
    two = """
    archspec: 1
    inputs: {a: [N, 3, 4, 4], b: [N, 3, 4, 4]}
    layers: {c: {op: Conv2d, out_channels: b.C, kernel_size: 1}, add: {op: Add, from: [c, b]}}
    """
    net = HEAD + "layers: {r: ReLU, t: {spec: two, from: [r, image]}}\n"
    twin = Twin(lambda m, x: m.t(x.relu(), x), t=Twin(lambda m, a, b: m.c(a) + b, c=conv(3, 3)))
    compare(archspec.load(write(two=two, net=net)), twin)
    assert codes(write(net=net.replace("[r, image]", "r"))) == ["A504"]


@pytest.mark.parametrize(
    ("layer", "found"),
    [
        ("{spec: smal}", ["A003"]),
        ("{spec: net}", ["A314"]),
        ("{spec: more}", ["A003"]),
        ("{spec: small, widht: 3}", ["A303"]),
        ("{spec: small, width: ReLU}", ["A305"]),
        ("{spec: small, until: stage7}", ["A315"]),
        ("{spec: small, until: stage1.0}", ["A315"]),
        ("{spec: small, until: image}", ["A315"]),
        ("{spec: small, from: [image, image]}", ["A504"]),
    ],
)
def test_what_cannot_stand_as_a_layer(layer: str, found: list[str], write: Write) -> None:
    assert codes(write(small=SMALL, more=MORE, net=HEAD + f"layers: {{a: {layer}}}\n")) == found


def test_the_layers_behind_the_one_that_is_read_are_met_with_until(write: Write) -> None:
    net = HEAD + "layers: {b: {spec: small}, c: {op: Conv2d, from: b.stage1, out_channels: 2, kernel_size: 1}}\n"
    [item] = archspec.check(write(small=SMALL, net=net))
    assert (item.code.name, item.helps) == ("A505", ("`until` ends a spec behind the layer that is read",))


def test_args_of_the_files_that_a_spec_extends_are_no_names_of_its_own(write: Write) -> None:
    write(
        base="archspec: 1\nargs: {w: 3}\ninputs: {image: [N, 3]}\nlayers: {a: {op: Linear, out_features: w}}\n",
        mid="archspec: 1\nextends: base\nargs: {p: 0.5}\ninsert_after: {a: {d: {op: Dropout, p: p}}}\n",
    )
    path = write(top="archspec: 1\nextends: mid\nargs: {w: 5, p: 0.1, q: 2}\n")
    assert [(item.code.name, item.span.text) for item in archspec.check(path)] == [("A401", "q")]


def test_a_file_allows_warnings_in_its_own_text_wherever_its_blocks_are_used(write: Write) -> None:
    block = "blocks: {Twice: {layers: [ReLU, ReLU]}}\n"
    net = "archspec: 1\ninputs: {image: [N, 3]}\nimport: [lib]\nlayers: {twice: Twice, other: Tanh, again: Tanh}\n"
    assert codes(write(lib="archspec: 1\n" + block, net=net)) == ["A406", "A406"]
    path = write(lib="archspec: 1\nallow: [A406]\n" + block, net=net)
    assert [(item.code.name, item.span.text) for item in archspec.check(path)] == [("A406", "again")]
