"""The people of an activity, for staff: lists, acts on many at once, exports, messages."""
