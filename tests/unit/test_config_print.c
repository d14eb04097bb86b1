/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_config_print.c - the help is grantd.example.ini and loads; the dump shows
 * no secret. Runs in the root of the tree, where the example file is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/settings.h"

static char *print_help(size_t *length)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, length);

	assert_non_null(out);
	settings_print_help(out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static char *read_example(size_t *length)
{
	FILE *file = fopen("grantd.example.ini", "r");
	char *text = calloc(1, 65536);

	assert_non_null(file);
	assert_non_null(text);
	*length = fread(text, 1, 65535, file);
	assert_int_equal(fclose(file), 0);
	return text;
}

static void the_example_file_is_the_help(void **state)
{
	size_t help_length, example_length;
	char *help = print_help(&help_length), *example = read_example(&example_length);

	(void)state;
	assert_string_equal(example, help);
	assert_int_equal(example_length, help_length);
	free(help);
	free(example);
}

/* Take the ';' off each ";name = value" line: then every setting is given. */
static void uncomment(char *text)
{
	for (char *line = text; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (*line == ';')
			*line = ' ';
	}
}

/* The files that the example names are not on this machine. */
static void replace_file(char *text, const char *reference)
{
	char *found = strstr(text, reference);

	assert_non_null(found);
	memset(found, 'x', strlen(reference));
}

static void the_example_file_loads_with_every_setting_on(void **state)
{
	size_t length;
	char *example = read_example(&length);
	struct settings settings;
	struct faults faults;

	(void)state;
	uncomment(example);
	replace_file(example, "$__file{/etc/grantd/grafana-password}");
	replace_file(example, "$__file{/etc/grantd/kafka-password}");
	faults_init(&faults);
	assert_int_equal(settings_parse("example", example, length, NULL, &settings, &faults), 0);
	assert_int_equal(settings.kafka.property_count, 5);
	assert_int_equal(settings.worker.threads, 32);
	assert_string_equal(settings.instances[0].name, "main");
	settings_clear(&settings);
	faults_clear(&faults);
	free(example);
}

static void the_dump_shows_all_but_secrets(void **state)
{
	static const char text[] =
		"[kafka]\nbrokers = k\nproperty.sasl.password = hush\nproperty.sasl.username = ada\n"
		"[redis]\nurl = rediss://joe:hush@r:7/3\n[http]\nlisten = h:1\n[log]\nlevel = warn\n"
		"[grafana.a]\nurl = http://g/sub/\nuser = root\npassword = hush\n"
		"proxy = http://joe:hush@p:8\n[grafana.b]\nurl = http://b\nuser = u\n"
		"password = hush\nproxy = http://joe:hu?sh@p\n";
	static const char *const expected[] = {
		"[kafka]\nbrokers = k\ngroup = grantd\n",
		"\nproperty.sasl.password = ***\nproperty.sasl.username = ada\n\n[redis]\n",
		"[redis]\nurl = rediss://***@r:7/3\n",
		"\nthreads = 32\n",
		"\n[http]\nlisten = h:1\n",
		"\nlevel = warn\n",
		"\nmode = binary\n",
		"\n[grafana.a]\nurl = http://g/sub\nuser = root\npassword = ***\ntoken = \nservice_account = \nauth = session\nca_file = \n",
		"\nproxy = http://***@p:8\n",
		"\n[grafana.b]\nurl = http://b\n",
		"\nproxy = http://***\n",
	};
	struct settings settings;
	struct faults faults;
	char *dump = NULL;
	size_t length;
	FILE *out = open_memstream(&dump, &length);

	(void)state;
	assert_non_null(out);
	faults_init(&faults);
	assert_int_equal(settings_parse("t", text, strlen(text), NULL, &settings, &faults), 0);
	settings_print(&settings, out);
	assert_int_equal(fclose(out), 0);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		if (strstr(dump, expected[i]) == NULL)
			fail_msg("not in the dump: %s", expected[i]);
	assert_null(strstr(dump, "hu"));
	assert_null(strstr(dump, "joe"));
	settings_clear(&settings);
	faults_clear(&faults);
	free(dump);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_file_is_the_help),
		cmocka_unit_test(the_example_file_loads_with_every_setting_on),
		cmocka_unit_test(the_dump_shows_all_but_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
