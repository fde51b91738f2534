"""What is wrong with images and data sets."""

from __future__ import annotations


class DataError(Exception):
    """Data can't be found, read or used; the message names the file, and what to do."""

    def __init__(self, message: str) -> None:
        # DataLoader raises what happened in a worker process anew, of the same class, by the text of its traceback:
        # the message is what stands behind this class's name.
        super().__init__(message.rpartition(f"{__name__}.{type(self).__name__}: ")[2].rstrip())
