"""Thrift's compact protocol, as far as footers of Parquet files use it: read, passed over, written."""

BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(3, 13)
#: Kinds that are integers of variable length.
WORDS = (I16, I32, I64)


class FooterError(ValueError):
    """The footer of a Parquet file is not one."""


class Cursor:
    """A position in a footer, that moves as values are read or passed over."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        """Stand at a position of `data`."""
        self.data = data
        self.at = at

    def byte(self) -> int:
        """Read a byte."""
        if self.at >= len(self.data):
            msg = "the footer ends in the middle of a value"
            raise FooterError(msg)
        value = self.data[self.at]
        self.at += 1
        return value

    def varint(self) -> int:
        """Read a number without a sign."""
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def word(self) -> int:
        """Read a number with a sign: 0, -1, 1, -2, ... are stored as 0, 1, 2, 3, ..."""
        value = self.varint()
        return (value >> 1) ^ -(value & 1)

    def head(self, last: int) -> tuple[int, int]:
        """Read number and kind of the next field of a struct; kind 0 is its end."""
        byte = self.byte()
        if byte == 0:
            return 0, 0
        number = last + (byte >> 4) if byte >> 4 else self.word()
        return number, byte & 0x0F

    def list_head(self) -> tuple[int, int]:
        """Read how many values a list has, and of which kind."""
        byte = self.byte()
        count = byte >> 4
        return (self.varint() if count == 15 else count), byte & 0x0F

    def skip(self, kind: int, *, in_list: bool = False) -> None:
        """Pass over a value."""
        if kind in WORDS:
            self.varint()
        elif kind == BINARY:
            length = self.varint()
            self.at += length
        elif kind in {1, 2}:  # truth stands in the head of a field, and in a byte of a list
            self.at += in_list
        elif kind == BYTE:
            self.at += 1
        elif kind == DOUBLE:
            self.at += 8
        elif kind in {LIST, SET}:
            count, of = self.list_head()
            for _ in range(count):
                self.skip(of, in_list=True)
        elif kind == STRUCT:
            last, of = self.head(0)
            while of:
                self.skip(of)
                last, of = self.head(last)
        elif kind == MAP:
            self._skip_map()
        else:
            msg = f"the footer has a value of kind {kind}, which Thrift's compact protocol does not know"
            raise FooterError(msg)

    def _skip_map(self) -> None:
        count = self.varint()
        kinds = self.byte() if count else 0
        for _ in range(count):
            self.skip(kinds >> 4, in_list=True)
            self.skip(kinds & 0x0F, in_list=True)


def varint(value: int) -> bytes:
    """Write a number without a sign.

    Examples
    --------
    >>> varint(300).hex()
    'ac02'
    """
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def signed(value: int) -> bytes:
    """Write a number with a sign.

    Examples
    --------
    >>> signed(-1).hex(), Cursor(signed(-12345)).word()
    ('01', -12345)
    """
    return varint(value << 1 if value >= 0 else (-value << 1) - 1)


def field_head(number: int, last: int, kind: int) -> bytes:
    """Write what stands before a field's value, where `last` is the number of the field before it."""
    step = number - last
    return bytes([step << 4 | kind]) if 0 < step < 16 else bytes([kind]) + signed(number)


def list_head(count: int, kind: int) -> bytes:
    """Write what stands before a list's values."""
    return bytes([count << 4 | kind]) if count < 15 else bytes([0xF0 | kind]) + varint(count)
