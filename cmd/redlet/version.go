package main

// versionName is the server that redlet takes the place of, as its messages name it.
const versionName = "Redis 8.0.2"
