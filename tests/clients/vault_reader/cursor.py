"""Bytes that are read from front to end, and the refusal of a vault."""


class Refused(Exception):
    """A vault is refused; `kind` is one of the classes of §6."""

    def __init__(self, kind, reason):
        super().__init__(reason)
        self.kind = kind


class Cursor:
    """Reads `data`; whatever is missing or too much is refused as `kind`."""

    def __init__(self, data, kind, most=None):
        self.data, self.kind, self.place = data, kind, 0
        if most is not None and len(data) > most:
            raise Refused(kind, f"{len(data)} bytes where {most} are allowed")

    def left(self):
        return len(self.data) - self.place

    def take(self, count):
        if count > self.left():
            raise Refused(self.kind, f"{count} bytes wanted and {self.left()} left")
        self.place += count
        return self.data[self.place - count : self.place]

    def number(self, count):
        """An unsigned integer of `count` bytes."""
        return int.from_bytes(self.take(count), "big")

    def string(self):
        return self.take(self.number(4))

    def finish(self):
        if self.left():
            raise Refused(self.kind, f"{self.left()} bytes too many")
