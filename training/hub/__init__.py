"""The Hugging Face Hub: `client` talks to it, `models` publishes a model folder, `spaces` the app that serves it."""
