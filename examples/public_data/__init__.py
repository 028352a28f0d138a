"""Five public data sets on the road: exports in, one model, numbers out. The data itself is not part of the project."""
