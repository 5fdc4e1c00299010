"""A small document system that really stores: the other side of push, also in its worst moods."""
