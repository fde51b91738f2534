"""`python session.py CASES.npz RESULTS.npz`: models, run on their inputs in the onnxruntime of whatever Python it is.

Stands alone: it reads nothing but numpy and onnxruntime. A case's entries are `name|model` and `name|in|input`, its
results `name|out|number`, or `name|error`.
"""

from __future__ import annotations

import sys

import numpy as np
import onnxruntime


def main(cases: str, results: str) -> None:
    found: dict[str, np.ndarray] = {"version": np.array(onnxruntime.__version__)}
    with np.load(cases) as entries:
        for key in entries.files:
            name, _, kind = key.rpartition("|")
            if kind == "model":
                prefix = f"{name}|in|"
                feeds = {each[len(prefix) :]: entries[each] for each in entries.files if each.startswith(prefix)}
                found.update({f"{name}|{part}": value for part, value in run(entries[key].tobytes(), feeds).items()})
    np.savez(results, **found)


def run(model: bytes, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        return {f"out|{number}": np.asarray(value) for number, value in enumerate(session.run(None, feeds))}
    except Exception as error:  # onnxruntime's errors share no base of their own; every one is a result here
        return {"error": np.array(f"{type(error).__name__}: {error}")}


if __name__ == "__main__":
    main(*sys.argv[1:])
