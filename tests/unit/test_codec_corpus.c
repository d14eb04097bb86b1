/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_codec_corpus.c - every directory of tests/corpus/request as a record.
 *
 * invalid/NAME and valid/NAME hold 'value' (absent: a null value) or 'generate'
 * ("repeat a 5242880"), and maybe 'headers', one "name: value" a line ("name"
 * alone: a null header; without the file: a structured-mode content-type).
 * invalid/NAME/error has three lines: what becomes of it ("poison not_json" or
 * "refused request.invalid"), the id that is readable ("id=req-1"), the text.
 * Run from the root of the tree, or with the corpus's directory as argument.
 */
#include "codec_support.h"

#include <dirent.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/text.h"

enum { FILE_MOST = 1 << 20, HEADERS_MOST = 100, PATH_MOST = 512, INVALID_LEAST = 60 };

static const char *corpus = "tests/corpus/request";

struct sample {
	char *value, *headers_text;
	struct header_view headers[HEADERS_MOST];
	struct record_view view;
};

/* NULL if there is no such file; else NUL-terminated and owned. */
static char *read_file(const char *directory, const char *name, size_t *length)
{
	char path[PATH_MOST];
	char *bytes;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "rb");
	if (file == NULL)
		return NULL;
	bytes = mem_zalloc(FILE_MOST + 1);
	*length = fread(bytes, 1, FILE_MOST, file);
	fclose(file);
	return bytes;
}

static char *generate(const char *directory, size_t *length)
{
	size_t unused;
	char *text = read_file(directory, "generate", &unused), *bytes, byte;
	unsigned long count;

	if (text == NULL)
		return NULL;
	assert_int_equal(sscanf(text, "repeat %c %lu", &byte, &count), 2);
	bytes = mem_alloc(count);
	memset(bytes, byte, count);
	*length = count;
	free(text);
	return bytes;
}

static void add_header(struct sample *sample, char *line, size_t length)
{
	struct header_view *header = &sample->headers[sample->view.header_count++];
	char *colon = memchr(line, ':', length);

	assert_true(sample->view.header_count < HEADERS_MOST);
	header->name = line;
	line[length] = '\0';
	if (colon == NULL)
		return;
	*colon = '\0';
	header->value.data = colon + 2;
	header->value.length = length - (size_t)(colon + 2 - line);
}

static void read_headers(struct sample *sample, const char *directory)
{
	size_t length = 0;
	char *line, *end, *text = read_file(directory, "headers", &length);

	if (text == NULL) {
		sample->headers[0] = support_header("content-type", SUPPORT_STRUCTURED);
		sample->view.header_count = 1;
		return;
	}
	sample->headers_text = text;
	for (line = text; line < text + length; line = end + 1) {
		end = memchr(line, '\n', (size_t)(text + length - line));
		assert_non_null(end);
		add_header(sample, line, (size_t)(end - line));
	}
}

static void open_sample(struct sample *sample, const char *directory)
{
	memset(sample, 0, sizeof(*sample));
	sample->view.topic = "access.requests";
	sample->view.headers = sample->headers;
	sample->value = read_file(directory, "value", &sample->view.value.length);
	if (sample->value == NULL)
		sample->value = generate(directory, &sample->view.value.length);
	sample->view.value.data = sample->value;
	read_headers(sample, directory);
}

static void close_sample(struct sample *sample)
{
	free(sample->value);
	free(sample->headers_text);
}

/* What became of the record, in the form of the file 'error'. */
static void describe(const struct record_view *view, char *out, size_t capacity)
{
	static const char *const kinds[] = {
		[ERROR_NONE] = "none",	   [ERROR_RETRY] = "retry", [ERROR_REFUSED] = "refused",
		[ERROR_POISON] = "poison", [ERROR_FATAL] = "fatal",
	};
	struct cloudevent event;
	struct request request = {0};
	enum reason reason = REASON_OK;
	struct error err = {0};
	const char *class = "";

	if (cloudevent_decode(view, &event, &err) < 0)
		class = event.error_class;
	else if (request_decode(&event, SUPPORT_NOW_MS, &request, &reason, &err) < 0)
		class = reason_code(reason);
	snprintf(out, capacity, "%s %s\nid=%s\n%s\n", kinds[err.kind], class, event.id, err.text);
	request_clear(&request);
	cloudevent_clear(&event);
}

static int check_invalid(const char *directory)
{
	char found[1000];
	struct sample sample;
	size_t unused;
	char *expected = read_file(directory, "error", &unused);
	int faults = 0;

	if (expected == NULL)
		fail_msg("%s has no file 'error'", directory);
	open_sample(&sample, directory);
	describe(&sample.view, found, sizeof(found));
	if (strcmp(found, expected) != 0) {
		print_error("%s:\n--- expected\n%s--- found\n%s", directory, expected, found);
		faults = 1;
	}
	close_sample(&sample);
	free(expected);
	return faults;
}

static int check_valid(const char *directory)
{
	char found[1000];
	struct sample sample;
	int faults = 0;

	open_sample(&sample, directory);
	describe(&sample.view, found, sizeof(found));
	if (strncmp(found, "none \nid=", 9) != 0) {
		print_error("%s: %s", directory, found);
		faults = 1;
	}
	close_sample(&sample);
	return faults;
}

static int check_all(const char *kind, int (*check)(const char *), int *count)
{
	char directory[PATH_MOST], path[PATH_MOST];
	struct dirent *entry;
	int faults = 0;
	DIR *list;

	snprintf(directory, sizeof(directory), "%s/%s", corpus, kind);
	list = opendir(directory);
	if (list == NULL)
		fail_msg("%s cannot be read", directory);
	while ((entry = readdir(list)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		if (!text_format(path, sizeof(path), "%s/%s", directory, entry->d_name))
			fail_msg("%s: name too long", entry->d_name);
		faults += check(path);
		(*count)++;
	}
	closedir(list);
	return faults;
}

static void bad_records_get_their_own_located_text(void **state)
{
	int count = 0;

	(void)state;
	assert_int_equal(check_all("invalid", check_invalid, &count), 0);
	assert_true(count >= INVALID_LEAST);
}

static void good_records_are_read(void **state)
{
	int count = 0;

	(void)state;
	assert_int_equal(check_all("valid", check_valid, &count), 0);
	assert_true(count > 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_records_get_their_own_located_text),
		cmocka_unit_test(good_records_are_read),
	};

	if (argc > 1)
		corpus = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
