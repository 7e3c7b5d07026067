// The yardstick of loading: nothing.
