"""What `archspec look` draws: filters, feature maps, class activation, hand-made kernels, receptive fields.

Each module computes one kind and lays it out on a `Sheet`, which becomes a PNG; `matrices` prints numbers.
"""
