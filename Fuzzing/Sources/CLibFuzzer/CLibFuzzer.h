// The entry to libFuzzer, which `-sanitize=fuzzer` links.
#ifndef CLIBFUZZER_H
#define CLIBFUZZER_H

#include <stddef.h>
#include <stdint.h>

// Runs the fuzzer with the arguments of its command line; returns what the program is to exit with.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*test)(const uint8_t *data, size_t size));

#endif
