"""What is written: values, finished unit by finished unit, and a journal of them beside the destination."""
