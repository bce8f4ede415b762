"""Everything through which an Explanation leaves: frames, Arrow, JSON, files, the incumbent's class, the report.

The methods of `Explanation` lead here; nothing is imported before it is asked for.
"""
