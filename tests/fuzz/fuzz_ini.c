/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_ini.c - any bytes as a configuration file: read or refused, never worse.
 *
 * Beyond memory errors it holds two rules: a refusal lists at least one fault
 * and leaves nothing behind, and what is accepted can be printed. Values that
 * would read files of this machine are skipped.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool reads_files(const uint8_t *data, size_t size)
{
	static const char form[] = "$__file{";

	for (size_t i = 0; i + sizeof(form) - 1 <= size; i++)
		if (memcmp(data + i, form, sizeof(form) - 1) == 0)
			return true;
	return false;
}

static void print(const struct settings *settings)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	if (out == NULL)
		abort();
	settings_print(settings, out);
	if (fclose(out) != 0 || length == 0)
		abort();
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char variable[] = "NAME=value", override[] = "GRANTD_GRAFANA_MAIN_USER=fuzz";
	char *const environment[] = {variable, override, NULL};
	struct settings settings;
	struct faults faults;

	if (reads_files(data, size))
		return 0;
	faults_init(&faults);
	if (settings_parse("fuzz", (const char *)data, size, environment, &settings, &faults) == 0) {
		if (faults.count != 0 || settings.instance_count == 0)
			abort();
		print(&settings);
		settings_clear(&settings);
	} else if (faults.count == 0 || faults.text.length == 0 || settings.instances != NULL) {
		abort();
	}
	faults_clear(&faults);
	return 0;
}
