#!/usr/bin/env python3
"""The project's commands. `demo`, `test` and `tour` set up what they need first."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "botox_tracker.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
