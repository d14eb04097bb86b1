/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"

static void gives_memory_for_nothing(void **state)
{
	void *memory[] = {mem_alloc(0), mem_zalloc(0), mem_array(0, 8), mem_array(8, 0),
			  mem_grow_array(NULL, 0, 8)};

	(void)state;
	for (size_t i = 0; i < sizeof(memory) / sizeof(memory[0]); i++) {
		assert_non_null(memory[i]);
		free(memory[i]);
	}
}

static void zeroes_what_it_says(void **state)
{
	static const uint8_t zeros[400];
	uint8_t *one = mem_zalloc(400), *many = mem_array(100, 4);

	(void)state;
	assert_memory_equal(one, zeros, 400);
	assert_memory_equal(many, zeros, 400);
	free(one);
	free(many);
}

static void grows_and_keeps_what_was_there(void **state)
{
	int *numbers = NULL;

	(void)state;
	for (int i = 0; i < 100; i++) {
		numbers = mem_grow_array(numbers, (size_t)i + 1, sizeof(*numbers));
		numbers[i] = i;
	}
	for (int i = 0; i < 100; i++)
		assert_int_equal(numbers[i], i);
	free(numbers);
}

static void copies_text(void **state)
{
	char *text = mem_strdup("abc"), *part = mem_strndup("abcdef", 2);
	char *bytes = mem_strndup("a\0b", 3), *nothing = mem_strndup(NULL, 0);

	(void)state;
	assert_string_equal(text, "abc");
	assert_string_equal(part, "ab");
	assert_memory_equal(bytes, "a\0b", 4);
	assert_string_equal(nothing, "");
	assert_null(mem_strdup(NULL));
	free(text);
	free(part);
	free(bytes);
	free(nothing);
}

static void ask_for_too_much(int out_fd)
{
	volatile size_t count = SIZE_MAX / 2;

	signal(SIGABRT, SIG_DFL); /* not the test library's */
	dup2(out_fd, STDERR_FILENO);
	free(mem_grow_array(NULL, count, 4));
	_exit(0);
}

static void ends_the_process_when_there_is_none(void **state)
{
	char said[200] = "";
	int status = 0, ends[2];
	pid_t child;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		ask_for_too_much(ends[1]);
	close(ends[1]);
	assert_true(read(ends[0], said, sizeof(said) - 1) > 0);
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_non_null(strstr(said, "level=error msg=\"out of memory\""));
}

static void wipes(void **state)
{
	char text[] = "secret";

	(void)state;
	mem_wipe(text, 4);
	assert_memory_equal(text, "\0\0\0\0et", 7);
}

/* A page exactly filled still has a NUL behind it. */
static void ends_a_secret_with_a_nul(void **state)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	const size_t lengths[] = {0, 1, page - 1, page, page + 1};
	char *text = mem_alloc(page + 1);

	(void)state;
	memset(text, 's', page + 1);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct secret secret;

		secret_copy(&secret, text, lengths[i]);
		assert_int_equal(secret.length, lengths[i]);
		assert_int_equal(strlen(secret.bytes), lengths[i]);
		assert_true(secret.mapped_bytes > lengths[i]);
		secret_clear(&secret);
		assert_null(secret.bytes);
		secret_clear(&secret);
	}
	free(text);
}

/* "dd": left out of core dumps. */
static void keeps_a_secret_out_of_core_dumps(void **state)
{
	struct secret secret;
	char line[512], start[40];
	bool found = false, excluded = false;
	FILE *maps;

	(void)state;
	secret_init(&secret, 100);
	snprintf(start, sizeof(start), "%lx-", (unsigned long)(uintptr_t)secret.bytes);
	maps = fopen("/proc/self/smaps", "r");
	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps) != NULL) {
		if (strncmp(line, start, strlen(start)) == 0)
			found = true;
		if (found && strncmp(line, "VmFlags:", 8) == 0) {
			excluded = strstr(line, " dd") != NULL;
			break;
		}
	}
	fclose(maps);
	secret_clear(&secret);
	if (!found)
		skip(); /* merged with a neighbour */
	assert_true(excluded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_memory_for_nothing),
		cmocka_unit_test(zeroes_what_it_says),
		cmocka_unit_test(grows_and_keeps_what_was_there),
		cmocka_unit_test(copies_text),
		cmocka_unit_test(ends_the_process_when_there_is_none),
		cmocka_unit_test(wipes),
		cmocka_unit_test(ends_a_secret_with_a_nul),
		cmocka_unit_test(keeps_a_secret_out_of_core_dumps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
