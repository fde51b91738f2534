"""Image files into classes, by torch or by an ONNX file, and into vectors.

Reading order: `found` (which files), `expectations` (what a network wants of an image), `networks` and `onnx_file` (who
computes), `batches` (the images one batch after the other), `ranking`, `predicting`, `embedding`, and what is written:
`report`, `vectors`.
"""

POOLS = ("flatten", "mean")  # how a value of several axes becomes one vector for each image


class PredictionError(Exception):
    """Images cannot be predicted or embedded so; the message tells a way out."""
