"""Settings: ``config/base.toml`` and one small overlay, read once into strict, frozen models.

``loader.load`` reports all problems at once, each with its file, key, value and remedy; nothing else in the project
reads configuration files or the environment for settings. ``show_config.show`` prints the result.
"""
