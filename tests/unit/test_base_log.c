/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "base/attributes.h"
#include "base/log.h"
#include "base/text.h"

/* What was written, read back from a file that has no name any more. */
struct output {
	int fd;
	struct log *log;
	char bytes[256 * 1024];
};

static void output_open(struct output *output, enum log_level level)
{
	char path[] = "/tmp/test_base_log.XXXXXX";

	output->fd = mkstemp(path);
	assert_true(output->fd >= 0);
	unlink(path);
	output->log = log_new(output->fd, level);
}

static char *output_read(struct output *output)
{
	ssize_t length = pread(output->fd, output->bytes, sizeof(output->bytes) - 1, 0);

	assert_true(length >= 0);
	output->bytes[length] = '\0';
	return output->bytes;
}

static void output_close(struct output *output)
{
	log_free(output->log);
	close(output->fd);
}

/* The line without its time, which must be one. */
static const char *after_time(const char *line)
{
	char time[TEXT_TIME_CAPACITY];
	int64_t ms;

	assert_memory_equal(line, "time=", 5);
	text_copy_bytes(time, sizeof(time), line + 5, 24);
	assert_true(text_to_time_ms(time, &ms));
	assert_int_equal(line[29], ' ');
	return line + 30;
}

static size_t count_lines(const char *text)
{
	size_t lines = 0;

	for (; *text != '\0'; text++)
		lines += *text == '\n';
	return lines;
}

static void writes_one_line_of_fields(void **state)
{
	static struct output output;
	struct error err = {0};

	(void)state;
	output_open(&output, LOG_INFO);
	error_set(&err, ERROR_RETRY, "test", 7, "no answer");
	log_write(output.log, LOG_WARN, "will retry",
		  LOG_FIELDS(LOG_TEXT("req", "req-1"), LOG_NUMBER("off", -12), LOG_FAULT(&err)));
	assert_string_equal(after_time(output_read(&output)),
			    "level=warn msg=\"will retry\" req=req-1 off=-12 "
			    "error=\"no answer\" origin=test code=7\n");
	output_close(&output);
}

static const struct {
	const char *value, *written;
} values[] = {
	{"plain", "v=plain\n"},
	{"", "v=\"\"\n"},
	{NULL, "v=\"\"\n"},
	{"a b", "v=\"a b\"\n"},
	{"a=b", "v=\"a=b\"\n"},
	{"say \"hi\"", "v=\"say \\\"hi\\\"\"\n"},
	{"back\\slash", "v=\"back\\\\slash\"\n"},
	{"two\nlines", "v=\"two\\x0alines\"\n"},
	{"\x1b[1m\x7f", "v=\"\\x1b[1m\\x7f\"\n"},
	{"\xc3\xa4", "v=\xc3\xa4\n"},
};

static void escapes_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(values); i++) {
		static struct output output;

		output_open(&output, LOG_INFO);
		log_write(output.log, LOG_INFO, "m", LOG_FIELDS(LOG_TEXT("v", values[i].value)));
		assert_string_equal(strstr(output_read(&output), "v="), values[i].written);
		output_close(&output);
	}
}

static void leaves_out_what_is_below_its_level(void **state)
{
	static struct output output;

	(void)state;
	output_open(&output, LOG_WARN);
	log_write(output.log, LOG_DEBUG, "one", NULL);
	log_write(output.log, LOG_INFO, "two", NULL);
	assert_string_equal(output_read(&output), "");
	log_write(output.log, LOG_ERROR, "three", NULL);
	assert_string_equal(after_time(output_read(&output)), "level=error msg=three\n");
	log_write(NULL, LOG_ERROR, "to nobody", NULL);
	log_free(NULL);
	output_close(&output);
}

static void cuts_a_line_but_not_its_end(void **state)
{
	static struct output output;
	char text[9000];

	(void)state;
	memset(text, '\n', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	output_open(&output, LOG_INFO);
	log_write(output.log, LOG_INFO, "m", LOG_FIELDS(LOG_TEXT("v", text), LOG_NUMBER("n", 1)));
	log_write(output.log, LOG_INFO, "next", NULL);
	assert_int_equal(count_lines(output_read(&output)), 2);
	assert_string_equal(after_time(strchr(output.bytes, '\n') + 1), "level=info msg=next\n");
	assert_true(strchr(output.bytes, '\n') - output.bytes <= 4096);
	output_close(&output);
}

/* 20 of one warning; the others, and what is no warning, go on. */
static void holds_back_what_repeats(void **state)
{
	static struct output output;

	(void)state;
	output_open(&output, LOG_INFO);
	for (int i = 0; i < 50; i++)
		log_write(output.log, LOG_WARN, "again", NULL);
	assert_int_equal(count_lines(output_read(&output)), 20);
	log_write(output.log, LOG_ERROR, "other", NULL);
	assert_int_equal(count_lines(output_read(&output)), 21);
	for (int i = 0; i < 50; i++)
		log_write(output.log, LOG_INFO, "settled", NULL);
	assert_int_equal(count_lines(output_read(&output)), 71);
	output_close(&output);
}

static void survives_a_closed_pipe(void **state)
{
	struct log *log = log_new(-1, LOG_INFO);

	(void)state;
	log_write(log, LOG_INFO, "lost", NULL);
	log_free(log);
}

static void *write_lines(void *context)
{
	for (int i = 0; i < 200; i++)
		log_write(context, LOG_INFO, "from a thread", LOG_FIELDS(LOG_TEXT("end", "here")));
	log_write(context, LOG_WARN, "all repeat this", LOG_FIELDS(LOG_TEXT("end", "here")));
	return NULL;
}

static void keeps_lines_of_threads_apart(void **state)
{
	static struct output output;
	pthread_t threads[4];
	char *line, *end;

	(void)state;
	output_open(&output, LOG_INFO);
	for (size_t i = 0; i < ARRAY_COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_lines, output.log), 0);
	for (size_t i = 0; i < ARRAY_COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(count_lines(output_read(&output)), 4 * 201);
	for (line = output.bytes; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		(void)after_time(line);
		assert_memory_equal(end - 9, " end=here", 9);
	}
	output_close(&output);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_one_line_of_fields),
		cmocka_unit_test(escapes_values),
		cmocka_unit_test(leaves_out_what_is_below_its_level),
		cmocka_unit_test(cuts_a_line_but_not_its_end),
		cmocka_unit_test(holds_back_what_repeats),
		cmocka_unit_test(survives_a_closed_pipe),
		cmocka_unit_test(keeps_lines_of_threads_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
