"""The lead database: what people record, the facts counted from it, and the two engines that count."""
