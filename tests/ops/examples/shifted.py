from __future__ import annotations

from tests.ops.cases import no, ok

EXAMPLES = [
    ok("WindowPartition", "N 8 12 5", window_size=4),
    ok("WindowPartition", "N 8 12 5", window_size=[4, 3], shift_size=[2, 1]),
    ok("WindowPartition", "N 7 10 5", window_size=4, shift_size=[0, 3]),
    ok("WindowPartition", "N 3 10 5", window_size=[5, 4], shift_size=2),
    ok("WindowPartition", "N H W 5", window_size=4, shift_size=1),
    ok("WindowPartition", "N H 7 5", window_size=[10, 4], shift_size=[5, 2]),
    ok("WindowPartition", "0 5 7 C", window_size=4),
    ok("WindowMerge", "N 6 16 5", "N 8 12 5", window_size=4),
    ok("WindowMerge", "N 8 12 5", "N 8 12 2", window_size=[4, 3], shift_size=[2, 1]),
    ok("WindowMerge", "N 6 16 5", "N 7 10 5", window_size=4, shift_size=[0, 3]),
    ok("WindowMerge", "N 3 20 5", "N 3 10 5", window_size=[5, 4], shift_size=2),
    ok("WindowMerge", "N (H+3)//4*((W+3)//4) 16 5", "N H W 5", window_size=4, shift_size=1),
    ok("WindowMerge", "N (H+9)//10*2 40 5", "N H 7 5", window_size=[10, 4], shift_size=[5, 2]),
    ok("WindowMask", "N 8 12 5", window_size=4),
    ok("WindowMask", "N 8 12 5", window_size=[4, 3], shift_size=[2, 1]),
    ok("WindowMask", "N 7 10 5", window_size=4, shift_size=[0, 3]),
    ok("WindowMask", "N 3 10 5", window_size=[5, 4], shift_size=2),
    ok("WindowMask", "N H W 5", window_size=4, shift_size=1),
    ok("WindowMask", "N H 7 5", window_size=[10, 4], shift_size=[5, 2]),
    ok("PatchUnshuffle", "N 6 8 5"),
    ok("PatchUnshuffle", "N 5 7 3"),
    ok("PatchUnshuffle", "N H W 4"),
    ok("PatchUnshuffle", "N H 7 4 @ N H W C"),
    ok("PatchUnshuffle", "0 1 1 C"),
]

REFUSED = [
    no("window_size", "WindowPartition", "N 8 12 5", window_size=0),
    no("shift_size", "WindowPartition", "N 8 12 5", window_size=4, shift_size=-1),
    no("shift_size", "WindowPartition", "N 8 12 5", window_size=[4, 3], shift_size=3),
    no(0, "WindowPartition", "8 12 5", window_size=4),
    no(0, "WindowPartition", "N 0 12 5", window_size=4),
    no(0, "WindowPartition", "N 8 12 5:float64", window_size=4, stricter="maps are made by layers with weights"),
    no(0, "WindowMerge", "N 6 16 5", "N 8 13 5", window_size=4, code="A503"),
    no(0, "WindowMerge", "2 6 16 5", "3 8 12 5", window_size=4, code="A503"),
    no(0, "WindowMerge", "N 6 16", "N 8 12 5", window_size=4),
    no(1, "WindowMerge", "N 6 16 5", "N 8 12", window_size=4),
    no(0, "WindowMask", "N 8 12", window_size=4),
    no("shift_size", "WindowMask", "N 8 12 5", window_size=4, shift_size=[4, 0]),
    no(0, "PatchUnshuffle", "N 8 12"),
    no(0, "PatchUnshuffle", "N 8 0 5"),
]
