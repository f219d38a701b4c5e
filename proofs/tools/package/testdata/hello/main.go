// Hello stands for a program in tests of the packages.
package main

import "fmt"

func main() { fmt.Println("hello") }
