"""The incumbent's private corners that embedders and its own tests import: names of ours, gathered under theirs.

Nothing here is promised to anybody. A module is reached only through the table
of `ferroshap.compat.homes`, and holds what somebody was seen to import.
"""
