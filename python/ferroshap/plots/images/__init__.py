"""Images with their values over them."""
