"""From untrusted bytes to pixels, for `model.photo`: what is read, what a file carries, what is decoded, what is left of it."""
