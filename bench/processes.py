"""What processes of the product occupy: memory in megabytes, by the kernel's own count."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from botox_tracker.stack import Stack


def resident(pid: int) -> float:
    """Return a process's resident memory, shared pages included."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"process {pid} has ended")


def of_stack(stack: Stack, names: Iterable[str]) -> list[int]:
    """Return the process of each name with all that it started."""
    return [pid for name in names for pid in _family(stack.processes[name].pid)]


def children(stack: Stack, names: Iterable[str]) -> list[int]:
    """Return the processes that those of these names started and that started none themselves: those that work."""
    return [pid for pid in of_stack(stack, names) if len(_family(pid)) == 1]


def _family(pid: int) -> list[int]:
    started = [int(child) for task in Path(f"/proc/{pid}/task").glob("*/children") for child in task.read_text().split()]
    return [pid, *(one for child in started for one in _family(child))]
