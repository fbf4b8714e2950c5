"""Every error that is somebody's to mend; its text is written to be shown to that person."""


class TidegridError(Exception):
    """The base of all of ours. The message says what is wrong and what to change."""


class InvalidCoordinate(TidegridError):
    """A coordinate that is not a finite number, or lies outside the range of its CRS."""


class InvalidBBox(TidegridError):
    """A box that is not ``west,south,east,north`` in degrees."""


class InvalidGeometry(TidegridError):
    """A geometry that is empty, of the wrong type, or not valid by OGC rules."""


class InvalidInstant(TidegridError):
    """A time that is not RFC 3339, or has no zone."""


class InvalidSchedule(TidegridError):
    """Opening hours that cannot be read."""


class InvalidParameter(TidegridError):
    """A number, word or combination of parameters outside what the call takes."""


class UnknownCrs(TidegridError):
    """A coordinate reference system that is not known or cannot be transformed."""


class UnknownKind(TidegridError):
    """A kind that is not in the city's ``kinds``."""


class NotFound(TidegridError):
    """No such thing, or none that the caller may see."""


class NotAuthenticated(TidegridError):
    """No token, or one that is unknown, revoked or expired."""


class NotAllowed(TidegridError):
    """A good token without the scope that the call asks for."""


class NotOnDuty(TidegridError):
    """A position of an officer who is off duty: it is nobody's business and not stored."""


class TooLarge(TidegridError):
    """A body, list or query above its limit."""


class Unavailable(TidegridError):
    """The database does not answer, or not in time; trying again may help."""


class Crowded(TidegridError):
    """As many are served at once as there is room for; another call may do instead."""


class ImportRefused(TidegridError):
    """A file or a mapping that cannot be imported at all."""


class ChromiumError(TidegridError):
    """There is no Chromium that could draw a picture or print, or it failed."""


class EditRefused(TidegridError):
    """An edit of the plan that breaks a rule of a single row."""


class PublicationRefused(TidegridError):
    """A plan that may not be published as it is."""


class ClusterError(TidegridError):
    """The embedded database cannot be set up, started or reached."""
