"""Reading, balancing and generating chemical equations."""
