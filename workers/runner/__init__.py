"""One job from claim to commit: the only meeting of the pure stages and the store."""
