"""The parts of the picture widget: what is wanted (scene), what was drawn (frame), what lies over it, and cells."""
