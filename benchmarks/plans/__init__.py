"""How fast plans on GitHub move, and how many of them can be looked after."""
