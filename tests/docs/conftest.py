"""The demo city behind HTTP, as the examples of the manual meet it."""

from tests.http.conftest import bearer, client, database, secrets

__all__ = ["bearer", "client", "database", "secrets"]
