"""How a file of values is known as one."""

#: The key of the metadata in a file of values.
KEY = b"ferroshap"
