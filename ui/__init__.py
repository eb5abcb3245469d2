"""What visitors and programs see: the page, its tabs, and the routes beside it."""
