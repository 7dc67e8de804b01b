// Stands for the real file until `make web` has built it; never served.
