//! What the command lines `report` and `cost` share.
