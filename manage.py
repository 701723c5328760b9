#!/usr/bin/env python3
"""The project's commands. `demo`, `test` and `tour` set up what they need first."""

import os
import sys

from botox_tracker import bootstrap


def main() -> None:
    """Run the command that was asked for, in an environment that has what it needs."""
    bootstrap.prepare(sys.argv)
    if sys.argv[1:2] == ["demo"]:
        os.environ["BOTOX_TRACKER_DEMO"] = "1"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "botox_tracker.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
