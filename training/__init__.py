"""One run on disk: its record, its training, its scores, and finding it again."""

import lazy_loader

# A name is imported when it is first used: what lists runs needs neither NumPy nor pydantic.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
