/* SPDX-License-Identifier: Apache-2.0 */
/*
 * context.c - settings, input and errors, as all subcommands of grantctl use them.
 *
 * Called by ctl/cmd_*.c. Errors go to stderr as "grantctl: ..."; stdout is for what
 * was asked for.
 */
#include "ctl/context.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

extern char **environ;

static const char DEFAULT_CONFIG[] = "/etc/grantd/grantd.ini";
enum { INPUT_CHUNK_BYTES = 4096, HOST_CAPACITY = 128 };

/* NULL: the environment alone says everything. */
static const char *choose_config(const struct context *context)
{
	const char *path = context->config != NULL ? context->config : getenv("GRANTD_CONFIG");

	if (path != NULL)
		return path;
	return access(DEFAULT_CONFIG, F_OK) == 0 ? DEFAULT_CONFIG : NULL;
}

enum exit_code context_load(struct context *context)
{
	struct faults faults;

	if (context->loaded)
		return CODE_OK;
	faults_init(&faults);
	context->loaded = settings_load(choose_config(context), environ, &context->settings,
					&faults) == 0;
	if (!context->loaded && faults.text.bytes != NULL)
		fputs(faults.text.bytes, stderr);
	faults_clear(&faults);
	if (context->loaded && context->log == NULL)
		context->log = log_new(STDERR_FILENO, LOG_ERROR);
	return context->loaded ? CODE_OK : CODE_CONFIG;
}

void context_clear(struct context *context)
{
	if (context->loaded)
		settings_clear(&context->settings);
	if (context->log != NULL)
		log_free(context->log);
	memset(context, 0, sizeof(*context));
}

enum exit_code context_fail(const struct error *err)
{
	static const enum exit_code codes[] = {
		[ERROR_NONE] = CODE_OK,	     [ERROR_RETRY] = CODE_UNREACHABLE,
		[ERROR_REFUSED] = CODE_NO, [ERROR_POISON] = CODE_NO,
		[ERROR_FATAL] = CODE_CONFIG,
	};

	fprintf(stderr, "grantctl: %s\n", err->text);
	return codes[err->kind];
}

static int read_all(int fd, struct buffer *out)
{
	char chunk[INPUT_CHUNK_BYTES];

	for (;;) {
		ssize_t got = read(fd, chunk, sizeof(chunk));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return (int)got;
		if (!buffer_append(out, chunk, (size_t)got)) {
			errno = EFBIG;
			return -1;
		}
	}
}

int context_read_input(const char *path, size_t max_bytes, struct buffer *out,
		       struct error *err)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	int rc;

	buffer_init(out, max_bytes);
	rc = fd < 0 ? -1 : read_all(fd, out);
	if (rc < 0)
		error_set(err, ERROR_REFUSED, "grantctl", errno, "cannot read %s: %s",
			  is_stdin ? "standard input" : path, strerror(errno));
	if (fd >= 0 && !is_stdin)
		(void)close(fd);
	if (rc < 0)
		buffer_clear(out);
	return rc;
}

const char *context_only_instance(const struct context *context)
{
	const struct settings *settings = &context->settings;

	return settings->instance_count == 1 ? settings->instances[0].name : NULL;
}

void context_source(char out[CONTEXT_SOURCE_CAPACITY])
{
	const struct passwd *user = getpwuid(geteuid());
	char host[HOST_CAPACITY] = "localhost";

	if (gethostname(host, sizeof(host) - 1) < 0)
		text_copy(host, sizeof(host), "localhost");
	if (user != NULL)
		text_format(out, CONTEXT_SOURCE_CAPACITY, "/grantctl/%s@%s", user->pw_name, host);
	else
		text_format(out, CONTEXT_SOURCE_CAPACITY, "/grantctl/%ld@%s", (long)geteuid(), host);
}
