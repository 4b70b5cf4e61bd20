"""Carrying commands out on GitHub: each looks first, so that doing it twice does it once."""
