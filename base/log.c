/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.c - logfmt lines on a file descriptor.
 *
 * Called by what has a thread of its own, main and the log callbacks of libraries; codec,
 * grafana and operations answer with errors instead. A line is built
 * in one fixed buffer and written with one write(), so lines of threads never
 * mix. Over-long lines are cut. A full disk or closed pipe loses lines, never
 * the process. Takes no struct secret, on purpose.
 */
#include "base/log.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"

enum { LINE_BYTES = 4096, REPEAT_SLOTS = 32, REPEAT_LIMIT = 20, REPEAT_WINDOW_MS = 10000 };

/* How often one message (told by the address of its literal) came lately. */
struct repeat {
	const char *message;
	int64_t window_start_ms;
	int written, suppressed;
};

struct log {
	int fd;
	enum log_level level;
	pthread_mutex_t mutex;
	struct repeat repeats[REPEAT_SLOTS];
};

struct line {
	char bytes[LINE_BYTES];
	size_t length;
};

static const char *const level_names[] = {"error", "warn", "info", "debug"};

struct log *log_new(int fd, enum log_level level)
{
	struct log *log = mem_zalloc(sizeof(*log));

	log->fd = fd;
	log->level = level;
	pthread_mutex_init(&log->mutex, NULL);
	return log;
}

void log_free(struct log *log)
{
	if (log == NULL)
		return;
	pthread_mutex_destroy(&log->mutex);
	free(log);
}

static void put_byte(struct line *line, char byte)
{
	if (line->length < LINE_BYTES - 2) /* the newline must fit */
		line->bytes[line->length++] = byte;
}

static void put_text(struct line *line, const char *text)
{
	for (; *text != '\0'; text++)
		put_byte(line, *text);
}

static void put_escaped(struct line *line, unsigned char byte)
{
	char hex[5];

	if (byte >= 0x20 && byte != 0x7f && byte != '"' && byte != '\\') {
		put_byte(line, (char)byte);
		return;
	}
	if (byte == '"' || byte == '\\') {
		put_byte(line, '\\');
		put_byte(line, (char)byte);
		return;
	}
	text_format(hex, sizeof(hex), "\\x%02x", byte);
	put_text(line, hex);
}

static void put_value(struct line *line, const char *value)
{
	bool quoted = *value == '\0' || strpbrk(value, " =\"\\") != NULL ||
		      text_has_control(value, strlen(value));

	if (quoted)
		put_byte(line, '"');
	for (; *value != '\0'; value++)
		put_escaped(line, (unsigned char)*value);
	if (quoted)
		put_byte(line, '"');
}

static void put_field(struct line *line, const char *key, const char *value)
{
	if (line->length > 0)
		put_byte(line, ' ');
	put_text(line, key);
	put_byte(line, '=');
	put_value(line, value);
}

static void put_number(struct line *line, const char *key, int64_t number)
{
	char text[24];

	text_format(text, sizeof(text), "%" PRId64, number);
	put_field(line, key, text);
}

/* Finds the slot of a message, or the one that has been quiet longest. */
static struct repeat *repeat_slot(struct log *log, const char *message)
{
	struct repeat *oldest = &log->repeats[0];

	for (size_t i = 0; i < REPEAT_SLOTS; i++) {
		if (log->repeats[i].message == message)
			return &log->repeats[i];
		if (log->repeats[i].window_start_ms < oldest->window_start_ms)
			oldest = &log->repeats[i];
	}
	*oldest = (struct repeat){.message = message};
	return oldest;
}

/* Whether to write, and how many lines were left out before this one. */
static bool repeat_admits(struct log *log, const char *message, int64_t now_ms, int *suppressed)
{
	struct repeat *repeat = repeat_slot(log, message);

	if (now_ms - repeat->window_start_ms >= REPEAT_WINDOW_MS) {
		*suppressed = repeat->suppressed;
		*repeat = (struct repeat){message, now_ms, 0, 0};
	}
	if (repeat->written >= REPEAT_LIMIT) {
		repeat->suppressed++;
		return false;
	}
	repeat->written++;
	return true;
}

void log_write(struct log *log, enum log_level level, const char *message,
	       const struct log_field *fields)
{
	struct line line = {.length = 0};
	char time[TEXT_TIME_CAPACITY];
	int64_t now_ms;
	int suppressed = 0;
	bool admitted = true;

	if (log == NULL || level > log->level)
		return;
	now_ms = clock_wall_ms(clock_system());
	if (level <= LOG_WARN) {
		pthread_mutex_lock(&log->mutex);
		admitted = repeat_admits(log, message, now_ms, &suppressed);
		pthread_mutex_unlock(&log->mutex);
	}
	if (!admitted)
		return;
	text_from_time_ms(now_ms, time);
	put_field(&line, "time", time);
	put_field(&line, "level", level_names[level]);
	put_field(&line, "msg", message);
	for (; fields != NULL && fields->key != NULL; fields++) {
		if (fields->text != NULL)
			put_field(&line, fields->key, fields->text);
		else
			put_number(&line, fields->key, fields->number);
	}
	if (suppressed > 0)
		put_number(&line, "suppressed", suppressed);
	line.bytes[line.length++] = '\n';
	if (write(log->fd, line.bytes, line.length) < 0)
		return; /* nobody left to tell */
}
