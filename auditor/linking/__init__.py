"""Who acted together: what accounts share, how rare that is, and the clusters that it makes."""
