"""Starting Lingbao on one machine: embedded servers, the front, the supervisor over them all."""
