// Package facts finds out what a device can say of its own machine.
//
//	arch=x86_64 os=debian os.version=12 kernel=6.1.0-18-amd64 cpus=2 mem=24105MiB
//	disk=50107MiB ip=10.0.0.7 model="Raspberry Pi 4 Model B"
//
// The names and forms are those that selectors compare: mem >= 8GiB. Facts that would change
// all the time, such as free memory, are left out: each change is a report. What cannot be
// found is left out too, never guessed. Labels are set by operators and are not here.
package facts
