"""strict.py - comparing values as MessagePack tells them apart.

For Python 1 == 1.0 == True; on the wire these are three things.
"""


def strict(value):
    """A value that equals another one's only if types are the same all the way down. Maps have no
    order."""
    if isinstance(value, dict):
        return ("map", sorted(((strict(k), strict(v)) for k, v in value.items()), key=repr))
    if isinstance(value, (list, tuple)):
        return ("array", [strict(item) for item in value])
    return (type(value).__name__, value)
