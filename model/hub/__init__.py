"""The Hugging Face Hub, for the programs that publish and for visitors who do.

`client` talks to it, `models` publishes a model folder, `spaces` puts the app that serves it there, and `serving` waits until
the app runs, and asks it.
"""
