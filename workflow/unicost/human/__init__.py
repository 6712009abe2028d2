"""Labels by people and by construction, and how well judges agree with them."""
