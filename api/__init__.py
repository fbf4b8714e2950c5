"""The door: HTTP and command line in; JSON, HTML, files out."""

from importlib.metadata import version

__version__ = version("tidegrid")
