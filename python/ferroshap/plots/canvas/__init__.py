"""What all pictures share: where they are drawn, their frames, texts, colours and whiskers."""
