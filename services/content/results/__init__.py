"""What attempts at a quiz come to: live in the room, item by item, before and after."""
