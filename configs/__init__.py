"""What a YAML file may say: the schema, reading, overrides, errors, and the shipped presets."""

import lazy_loader

# A name is imported when it is first used: what lists runs needs neither NumPy nor pydantic.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
