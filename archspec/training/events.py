"""Curves for TensorBoard, in its event files."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.text.summary_v2 import text_pb
from tensorboard.summary.writer.record_writer import RecordWriter


class Events:
    """A new event file in a folder, for epochs from `first` on: TensorBoard forgets what earlier files tell of these.

    Its SummaryWriter writes in a thread, which prints a traceback of its own where the disk is full; here every
    record is on the disk, or an OSError raised, when the function returns.
    """

    def __init__(self, folder: Path, first: int) -> None:
        folder.mkdir(exist_ok=True)
        self._path = folder / f"events.out.tfevents.{int(time.time())}.{socket.gethostname()}.{os.getpid()}"
        self._write(Event(file_version="brain.Event:2"))
        self._write(Event(session_log=SessionLog(status=SessionLog.START), step=first))

    def add_text(self, name: str, markdown: str) -> None:
        self._write(Event(summary=text_pb(name, markdown)))

    def add(self, scalars: Mapping[str, float], epoch: int) -> None:
        values = [Summary.Value(tag=name, simple_value=value) for name, value in scalars.items()]
        self._write(Event(summary=Summary(value=values), step=epoch))

    def _write(self, event: Event) -> None:
        event.wall_time = time.time()
        with self._path.open("ab") as file:
            RecordWriter(file).write(event.SerializeToString())
