//go:build !linux

package main

// showTitle does nothing: only Linux lets a program in Go say how ps is to show it.
func showTitle(string) {}
