"""What keeps a picture from being made."""


class PictureError(Exception):
    """What is asked for cannot be shown; the message says why, and what can."""
