/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay_main.c - runs a fuzz target over the files named on the command line.
 *
 * Stands in for libFuzzer's main, so that corpus and regressions are replayed with
 * any compiler. A file that can't be read is a failure.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = NULL;
	size_t length = 0, got;
	char chunk[4096];

	if (file == NULL) {
		perror(path);
		return -1;
	}
	while ((got = fread(chunk, 1, sizeof(chunk), file)) > 0) {
		bytes = realloc(bytes, length + got);
		if (bytes == NULL)
			abort();
		memcpy(bytes + length, chunk, got);
		length += got;
	}
	fclose(file);
	LLVMFuzzerTestOneInput(bytes, length);
	free(bytes);
	return 0;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (replay(argv[i]) < 0)
			return 1;
	return 0;
}
