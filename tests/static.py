"""Static files under their plain names, so that no test depends on what was collected before."""

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage


class StrictStaticFiles(StaticFilesStorage):
    """Fails where the hashed storage of a real installation would: at a name that no file has."""

    def url(self, name):
        if finders.find(name) is None:
            raise ValueError(f"No static file is called {name}.")
        return super().url(name)
